"""Runs measured, compared and applied from their folders."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from bundle_builder import spec_dict
from ensemble_runs import small_network, write_run
from measured_model import subject_of
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema import Calibration, Interval, OperatingPoint
from training.cli import app
from training.evaluation.compare import compare
from training.evaluation.evaluate import evaluate
from training.evaluation.paired import paired_lines, paired_rows
from training.evaluation.predict import find_films, predict_csv
from training.evaluation.result import Evaluation
from training.evaluation.run_table import csv_table, run_row, sorted_rows
from training.evaluation.saved import evaluate_folder, saved_evaluation
from training.evaluation.subject import open_subject
from training.films.prepared import prepare_film
from training.fitting.runs import RunRecord
from training.report.compare import comparison_figure, write_comparison


@pytest.fixture(scope="module")
def root(films_root, tmp_path_factory) -> Path:
    """A copy of the drawn films, for manifests to be changed in."""
    folder = tmp_path_factory.mktemp("collection")
    shutil.copytree(films_root / "films", folder / "films")
    return folder


@pytest.fixture(scope="module")
def runs(root, tiny_recipe, tmp_path_factory) -> Path:
    """Two finished runs, ``first`` and ``second``; nothing is measured yet."""
    folder = tmp_path_factory.mktemp("compared")
    for seed, name in enumerate(("first", "second")):
        write_run(folder / name, small_network(seed), tiny_recipe, root)
    return folder


@pytest.fixture
def fresh(runs, tmp_path) -> Path:
    """A copy of the two runs that a test may change."""
    return Path(shutil.copytree(runs, tmp_path / "runs"))


def changed_manifest(root: Path, name: str, split: str) -> Path:
    """The manifest with the truths of one split turned round."""
    lines = (root / "films" / "manifest.csv").read_text().splitlines()
    swap = {"Effusion": "No Finding", "No Finding": "Effusion"}
    for row, line in enumerate(lines):
        cells = line.split(",")
        if cells[3] == split:
            lines[row] = ",".join([cells[0], swap[cells[1]], *cells[2:]])
    path = root / "films" / name
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_run_is_measured_on_its_own_films_and_keeps_the_figures(fresh, root):
    evaluation, scores, written = evaluate_folder(fresh / "first", None, "test")
    assert written == fresh / "first" / "evaluation-test.json"
    assert Evaluation.read(written) == evaluation
    assert (fresh / "first" / "scores-test.npz").is_file()
    assert evaluation.calibrated_on == "val: 16 films, 8 patients"
    assert (evaluation.films, evaluation.patients, len(scores.paths)) == (16, 8, 16)
    assert scores.paths[0].endswith(".png")
    assert saved_evaluation(fresh / "first", "test") == evaluation
    # another manifest's figures do not take their place
    other = changed_manifest(root, "other.csv", "test")
    assert evaluate_folder(fresh / "first", other, "test")[2] is None
    assert saved_evaluation(fresh / "first", "test", other) is None


def test_test_films_never_decide_calibration_or_thresholds(fresh, root, tiny_recipe):
    def decided(manifest: str) -> tuple[Calibration, list[OperatingPoint]]:
        shutil.rmtree(fresh / "other", ignore_errors=True)
        shutil.copytree(fresh / "first", fresh / "other")
        record = RunRecord.read(fresh / "first" / "run.json")
        data = tiny_recipe.data.model_copy(update={"manifest": f"films/{manifest}"})
        recipe = tiny_recipe.model_copy(update={"data": data})
        replace(record, recipe=recipe).write(fresh / "other" / "run.json")
        subject = open_subject(fresh / "other")
        return subject.calibration, subject.operating_points

    changed_manifest(root, "turned-test.csv", "test")
    changed_manifest(root, "turned-val.csv", "val")
    plain = decided("manifest.csv")
    assert decided("turned-test.csv") == plain
    assert decided("turned-val.csv") != plain


def test_decisions_are_kept_until_the_model_changes(fresh):
    open_subject(fresh / "first")
    kept = fresh / "first" / "decisions.json"
    before = kept.stat().st_mtime_ns
    moved = open_subject(fresh / "first", fresh / "no-films-here")
    assert kept.stat().st_mtime_ns == before
    shutil.copyfile(fresh / "second" / "model.keras", fresh / "first" / "model.keras")
    with pytest.raises(TrainingError, match=r"must be at .*no-films-here"):
        open_subject(fresh / "first", fresh / "no-films-here")
    assert open_subject(fresh / "first").calibration != moved.calibration


def test_figures_of_another_model_are_not_taken_for_those_of_the_run(fresh):
    evaluate_folder(fresh / "first", None, "test")
    shutil.copyfile(fresh / "second" / "model.keras", fresh / "first" / "model.keras")
    assert saved_evaluation(fresh / "first", "test") is None


def test_a_run_scores_films_as_keras_does_alone_whatever_the_batch(runs, root):
    import keras

    subject = open_subject(runs / "first")
    paths = sorted((root / "films").glob("*.png"))[:19]
    logits = subject.score(paths).logits
    model = keras.saving.load_model(runs / "first" / "model.keras", compile=False)
    for path, row in zip(paths[::6], logits[::6], strict=True):
        film = prepare_film(path, subject.preparation)[None]
        np.testing.assert_allclose(model.predict_on_batch(film)[0], 1 / (1 + np.exp(-row)), atol=1e-5)


def test_compare_measures_on_request_and_tests_against_the_first(fresh, root):
    without = compare([fresh])
    assert [(row.name, row.auroc) for row in without.rows] == [("first", None), ("second", None)]
    assert without.paired == []
    found = compare([fresh], data_root=root)
    assert found.rows[0].auroc.value >= found.rows[1].auroc.value
    assert [row.model for row in found.paired] == ["first", "second"] * 3
    assert [row.test is None for row in found.paired] == [True, True, True, False, True, False]
    best = found.rows[0]
    assert next(r.auroc for r in found.paired if (r.label, r.model) == ("macro", best.name)) == best.auroc
    gap = found.paired[3]
    assert gap.test.difference == pytest.approx(gap.auroc.value - found.paired[2].auroc.value, abs=1e-4)
    assert gap.difference.value == pytest.approx(gap.test.difference, abs=1e-5)
    # now kept: no films are needed to compare again
    again = compare([fresh / "first", fresh / "second"])
    assert again == found


def test_paired_lines_say_what_delong_leaves_out(root):
    manifest = root / "films" / "manifest.csv"
    first = evaluate(subject_of(), manifest, "test")[1]
    *lines, note = paired_lines(paired_rows([("one", first), ("two", first)]))
    assert "DeLong (+0.000 to +0.000) z 0.00 p 1.0000" in lines[3]
    assert "DeLong takes films as independent" in note


def test_the_table_of_runs_shows_a_dash_for_what_an_old_run_did_not_keep(fresh, root, tmp_path):
    record = json.loads((fresh / "first" / "run.json").read_text())
    record |= {"parameters": 12345, "epochs": 7, "seconds": 61.5, "best_val_loss": 0.25, "minutes": 3.0}
    (fresh / "first" / "run.json").write_text(json.dumps(record))
    old = json.loads((fresh / "second" / "run.json").read_text()) | {"minutes": 2.0}
    for name in ("parameters", "epochs", "head_epochs", "seconds", "best_val_loss", "best_val_accuracy"):
        old.pop(name, None)
    (fresh / "second" / "run.json").write_text(json.dumps(old))
    evaluate_folder(fresh / "first", None, "test", data_root=root)
    found = compare([fresh])
    write_comparison(found, tmp_path / "table.md")
    first, second = (tmp_path / "table.md").read_text().splitlines()[2:]
    assert "| first | small_cnn | 12,345 | 7 | 62 | 0.250 |" in first
    assert "| second | small_cnn | – | – | 120 | – | – |" in second
    write_comparison(found, tmp_path / "table.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert float(rows[0]["auroc_low"]) <= float(rows[0]["auroc"]) <= float(rows[0]["auroc_high"])
    assert (rows[1]["parameters"], rows[1]["auroc"], rows[1]["seconds"]) == ("", "", "120.0")


def test_a_bundle_stands_in_the_table_with_the_figures_of_its_card(tmp_path):
    spec = spec_dict(metrics=[])
    split = {"split": "test", "films": 40, "patients": 20, "description": {"en": "–"}, "labels": {}}
    split["macro"] = {"auroc": {"value": 0.9, "low": 0.8, "high": 0.95}}
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "bundle.json").write_text(json.dumps(spec | {"metrics": [split]}))
    row = run_row("tiny", tmp_path / "tiny", "test", None)
    assert (row.films, row.auroc.low, row.loss) == (40, 0.8, None)


def test_rows_are_sorted_by_test_then_val_then_name(fresh):
    base = run_row("x", fresh / "first", "test", None)
    best = interval_of(0.9)
    rows = [
        replace(base, name="c", auroc=None, val_auroc=0.99),
        replace(base, name="b", auroc=best, val_auroc=0.6),
        replace(base, name="a", auroc=best, val_auroc=0.6),
        replace(base, name="d", auroc=interval_of(0.95), val_auroc=None),
    ]
    assert [row.name for row in sorted_rows(rows)] == ["d", "a", "b", "c"]
    assert csv_table(rows).count("\n") == 5


def interval_of(value: float) -> Interval:
    return Interval(value=value, low=value - 0.1, high=value + 0.02)


def test_the_plot_draws_every_interval_with_the_best_run_on_top(fresh, tmp_path):
    base = run_row("x", fresh / "first", "test", None)
    rows = sorted_rows(
        [
            replace(base, name="a", auroc=interval_of(0.7)),
            replace(base, name="b", auroc=interval_of(0.8)),
        ]
    )
    figure = comparison_figure(rows)
    dots = next(trace for trace in figure.data if trace.name == "test")
    assert list(dots.y) == ["b", "a"]
    np.testing.assert_allclose(dots.error_x.array, [0.02, 0.02])
    np.testing.assert_allclose(dots.error_x.arrayminus, [0.1, 0.1])
    assert list(figure.layout.yaxis.categoryarray) == ["a", "b"]
    write_comparison(compare([fresh]), tmp_path / "table.html")
    text = (tmp_path / "table.html").read_text()
    assert "<td>first</td>" in text
    assert "http-equiv" in text


def test_what_cannot_be_compared_is_named(fresh, tmp_path):
    with pytest.raises(TrainingError, match="must be a finished run"):
        compare([tmp_path / "nothing"])
    with pytest.raises(TrainingError, match="must be given once; received first twice"):
        compare([fresh, fresh / "first"])
    result = CliRunner().invoke(app, ["compare", str(fresh), "--out", str(tmp_path / "table.xlsx")])
    assert result.exit_code == 2
    assert "must end in .csv, .md, .html" in result.stderr


def test_evaluate_and_compare_print_what_they_found(fresh):
    result = CliRunner().invoke(app, ["--quiet", "evaluate", str(fresh / "first"), "--split", "val"])
    assert result.exit_code == 0, result.output
    assert "val: 16 films" in result.stdout
    assert "evaluation-val.json" in result.stderr
    result = CliRunner().invoke(app, ["--quiet", "compare", str(fresh), "--split", "val"])
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["run", "first", "second"]


def test_predict_reads_folders_and_reports_files_it_cannot_read(runs, root, tmp_path):
    films = tmp_path / "films" / "deep"
    films.mkdir(parents=True)
    for name in ("0.png", "1.png"):
        shutil.copyfile(root / "films" / name, films / name)
    (films / "broken.png").write_bytes(b"not a picture")
    (films / "notes.txt").write_text("not a film")
    cv2.imwrite(str(tmp_path / "films" / "z.jpg"), np.zeros((4, 4), np.uint8))
    rows = list(
        csv.DictReader(io.StringIO(predict_csv(runs / "first", [tmp_path / "films", films / "0.png"])))
    )
    names = ["deep/0.png", "deep/1.png", "deep/broken.png", "z.jpg", "deep/0.png"]
    assert [row["path"] for row in rows] == [str(tmp_path / "films" / name) for name in names]
    assert [row["status"] for row in rows] == ["ok", "ok", "error", "error", "ok"]
    assert list(rows[0])[:5] == ["path", "effusion", "finding", "logit_effusion", "logit_finding"]
    assert rows[2]["effusion"] == ""
    assert "PNG" in rows[2]["reason"]
    assert rows[0] == rows[4]
    subject = open_subject(runs / "first")
    logits = subject.score([films / "1.png"]).logits
    np.testing.assert_allclose(float(rows[1]["logit_effusion"]), logits[0, 0], atol=1e-5)
    np.testing.assert_allclose(float(rows[1]["finding"]), subject.probabilities(logits)[0, 1], atol=1e-5)


def test_predict_refuses_a_path_that_is_not_there(tmp_path):
    with pytest.raises(TrainingError, match="there is none at"):
        find_films([tmp_path / "gone.png"])
    with pytest.raises(TrainingError, match="has none"):
        find_films([tmp_path])


def test_a_run_without_its_record_is_not_measured(fresh):
    (fresh / "first" / "run.json").unlink()
    with pytest.raises(TrainingError, match=r"a model but no run\.json"):
        open_subject(fresh / "first")


def test_what_a_study_says_of_the_same_network_stands_beside_a_run_everywhere(fresh, tmp_path):
    record = RunRecord.read(fresh / "first" / "run.json")
    recipe = record.recipe.model_copy(update={"reproduces": ["concepcion/final"]})
    replace(record, recipe=recipe).write(fresh / "first" / "run.json")
    line = (
        "first: concepcion/final: F1 0.888, accuracy on val 0.945, loss on val 0.149, epochs 17 "
        "(figures 8 and 9, text behind figure 10)"
    )
    found = compare([fresh])
    assert found.study_lines()[1:] == [line]
    shown = CliRunner().invoke(app, ["compare", str(fresh)])
    assert shown.output.splitlines()[-1] == line
    for ending in (".md", ".html"):
        write_comparison(found, tmp_path / f"table{ending}")
        assert "F1 0.888" in (tmp_path / f"table{ending}").read_text(encoding="utf-8")
    assert compare([fresh / "second"]).study_lines() == []
