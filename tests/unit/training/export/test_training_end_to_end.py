"""Fit, export, load, run: the whole path on drawn films, and what must hold of the bundle it makes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bundle_figures import evaluate_bundle
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.imaging import decode, prepare
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.cli.app import app
from training.evaluation.compare import compare
from training.evaluation.predict import predict_csv
from training.evaluation.subject import open_subject
from training.export.bundle import export_bundle
from training.export.card import render_card
from training.export.measure import films_of_bundle, measure_bundle
from training.export.prepare_anew import check_no_worse, moved_entries, prepare_anew
from training.films.manifest import of_split, read_manifest
from training.fitting.epoch_log import SCORE, EpochLog
from training.fitting.fit import fit
from training.fitting.runs import RunRecord
from training.metrics import macro_auroc
from training.recipe import Recipe
from training.report.build import make_report

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="session")
def run_folder(films_root, tiny_recipe, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    fit(tiny_recipe, films_root, folder)
    return folder


@pytest.fixture(scope="session")
def bundle_folder(run_folder, tmp_path_factory) -> Path:
    return export_bundle(run_folder, tmp_path_factory.mktemp("models")).path


def test_training_learns_what_is_drawn_and_records_how(run_folder):
    record = RunRecord.read(run_folder / "run.json")
    assert record.val_macro_auroc > 0.9
    assert record.labels == ["effusion", "finding"]
    assert record.left_out == {"mass": (0, 0)}
    log = (run_folder / "log.csv").read_text().splitlines()
    assert "val_macro_auroc" in log[0]
    assert len(log) == 9


def test_a_run_folder_is_not_trained_over(run_folder, films_root, tiny_recipe):
    with pytest.raises(TrainingError, match="holds a run"):
        fit(tiny_recipe, films_root, run_folder)


def _with_fit(recipe: Recipe, **changes: float) -> Recipe:
    return recipe.model_copy(update={"fit": recipe.fit.model_copy(update=changes)})


def test_an_interrupted_run_goes_on_at_its_next_epoch_and_keeps_its_best(films_root, tiny_recipe, tmp_path):
    folder = tmp_path / "tiny"
    first = fit(_with_fit(tiny_recipe, fine_tune_epochs=3), films_root, folder)
    (folder / "run.json").unlink()
    (folder / "model.keras").unlink()
    second = fit(_with_fit(tiny_recipe, fine_tune_epochs=5), films_root, folder, resume=True)
    rows = (folder / "log.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3", "4"]
    assert second.val_macro_auroc >= first.val_macro_auroc


def test_the_head_alone_is_kept_when_fine_tuning_makes_nothing_better(films_root, tiny_recipe, tmp_path):
    still = _with_fit(tiny_recipe, fine_tune_learning_rate=1e-20, fine_tune_epochs=2, weight_decay=0.0)
    record = fit(still, films_root, tmp_path / "still")
    assert record.best_epoch == 0
    # batch normalisation moved even so: had the last epoch been kept, its score would be the record's
    assert record.val_macro_auroc > max(EpochLog(tmp_path / "still" / "log.csv").values(SCORE).values())


def test_averaged_weights_are_what_is_measured_and_saved(films_root, tiny_recipe, tmp_path):
    record = fit(_with_fit(tiny_recipe, ema_momentum=0.5), films_root, tmp_path / "ema")
    scores = EpochLog(tmp_path / "ema" / "log.csv").values(SCORE)
    assert record.val_macro_auroc == pytest.approx(max(scores.values()), abs=1e-3)
    assert record.best_epoch == max(scores, key=lambda epoch: scores[epoch])


def test_a_loss_that_is_not_finite_stops_training(films_root, tiny_recipe, tmp_path):
    wild = tiny_recipe.model_copy(
        update={"fit": tiny_recipe.fit.model_copy(update={"fine_tune_learning_rate": 1e30, "head_epochs": 0})}
    )
    with pytest.raises(TrainingError, match="loss must stay finite"):
        fit(wild, films_root, tmp_path / "wild")


def test_the_bundle_loads_and_describes_itself(bundle_folder):
    spec = load_bundle(bundle_folder).spec
    assert spec.label_keys == ["effusion", "finding"]
    assert [metrics.split for metrics in spec.metrics] == ["val", "test"]
    assert {held.split for held in spec.held_out} == {"test"}
    assert spec.cam_grid == (12, 12)
    assert spec.out_of_distribution is not None
    assert "squares" in spec.out_of_distribution.measured
    assert "sex=F" not in spec.metrics[1].subgroups  # fewer than 20 films
    audits = {audit.key: audit for audit in spec.audits}
    assert {"border_only", "lungs_removed", "lungs_only", "within_source", "serving"} <= set(audits)
    assert {"robustness", "embedding"} <= set(audits)
    assert "No segmenter" in audits["lungs_removed"].details[0]
    assert audits["other_hospitals"].verdict == "caution"  # not measured is not passed
    order = ["bad", "caution", "ok"]
    assert [a.verdict for a in spec.audits] == sorted((a.verdict for a in spec.audits), key=order.index)
    assert any("mass (0 train, 0 val)" in warning for warning in spec.warnings)
    assert (bundle_folder / "bundle.json").stat().st_size < 1_000_000


def test_the_bundle_carries_the_log_of_its_run_and_its_report_draws_it(run_folder, bundle_folder):
    log = load_bundle(bundle_folder).spec.training_log
    assert log is not None
    assert [(phase.name, phase.epochs) for phase in log.phases] == [("head", 2), ("fine_tune", 8)]
    assert log.phases[1].kept == RunRecord.read(run_folder / "run.json").best_epoch
    scores = EpochLog(run_folder / "log.csv").values(SCORE)
    assert log.phases[1].figures[SCORE] == pytest.approx(list(scores.values()), rel=1e-4)
    page = make_report(bundle_folder, "test")
    assert 'id="chart-learning-loss"' in page
    assert "fine-tuning: 8 epochs" in page


def test_both_files_of_the_bundle_give_the_same_answer(bundle_folder, films_root):
    bundle = load_bundle(bundle_folder)
    fast, slow = LiteRtRuntime(bundle.serving_path), KerasRuntime(bundle.model_path, bundle.spec.cam_layer)
    for film in of_split(read_manifest(films_root / "films" / "manifest.csv"), "test")[:4]:
        model_input = prepare(decode(film.path.read_bytes()), bundle.spec.preparation)
        one, other = fast.run(model_input), slow.run(model_input)
        np.testing.assert_allclose(one.logits, other.logits, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(one.cams, other.cams, rtol=1e-3, atol=1e-3 * np.abs(other.cams).max())


def test_the_figures_on_the_card_are_what_the_held_out_films_give(bundle_folder):
    spec = load_bundle(bundle_folder).spec
    held, measured = spec.held_out[0], spec.metrics[1]
    probabilities = np.array([held.probabilities[key] for key in spec.label_keys]).T
    truths = np.array([held.truths[key] for key in spec.label_keys]).T
    assert macro_auroc(probabilities, truths) == pytest.approx(measured.macro["auroc"].value, abs=1e-5)


def test_evaluate_repeats_the_figures_of_the_export(bundle_folder, films_root):
    again = evaluate_bundle(bundle_folder, films_root / "films" / "manifest.csv", "test")
    exported = load_bundle(bundle_folder).spec.metrics[1]
    assert again.macro == exported.macro
    assert again.labels == exported.labels


def test_measuring_a_bundle_again_changes_nothing(bundle_folder, films_root):
    bundle = load_bundle(bundle_folder)
    again = measure_bundle(bundle, films_root, None)
    assert again.metrics == bundle.spec.metrics
    assert again.held_out == bundle.spec.held_out
    assert again.audits == bundle.spec.audits
    assert again == bundle.spec


def test_a_bundle_is_prepared_anew_with_the_figures_of_its_own_test_films(bundle_folder, films_root):
    bundle = load_bundle(bundle_folder)
    card = next(part for part in bundle.spec.metrics if part.split == "test").macro["auroc"].value
    same = prepare_anew(bundle, 1, films_root, None)
    assert (same.before, same.after) == (pytest.approx(card, abs=1e-4),) * 2
    assert same.spec.version == bundle.spec.version
    moved = moved_entries(bundle.spec, 2)
    assert moved["preparation"] == replace(bundle.spec.preparation, version=2)
    assert moved["version"] != bundle.spec.version


def test_a_bundle_that_would_answer_worse_is_not_moved():
    check_no_worse("findings", 0.8, 0.799)
    with pytest.raises(TrainingError, match=r"0\.7900 instead of 0\.8000"):
        check_no_worse("findings", 0.8, 0.79)


def test_a_bundle_that_does_not_say_its_films_cannot_be_measured(bundle_folder, films_root):
    spec = load_bundle(bundle_folder).spec
    record = spec.training.model_copy(update={"recipe": {"network.name": "other"}})
    with pytest.raises(TrainingError, match="must say which films it was made with"):
        films_of_bundle(spec.model_copy(update={"training": record}), films_root)


def test_the_commands_audit_and_measure_answer_and_write_only_when_asked(bundle_folder, films_root, tmp_path):
    copy = tmp_path / "tiny"
    shutil.copytree(bundle_folder, copy)
    (copy / "CARD.md").write_text("old")
    arguments = [str(copy), "--data", str(films_root)]
    done = CliRunner().invoke(app, ["audit", *arguments, "--out", str(tmp_path / "audits.json")])
    answers = json.loads((tmp_path / "audits.json").read_text())
    assert done.exit_code == int(any(answer["verdict"] == "bad" for answer in answers))
    assert (copy / "CARD.md").read_text() == "old"
    done = CliRunner().invoke(app, ["measure", *arguments, "--write"])
    assert done.exit_code == 0, done.output
    assert (copy / "CARD.md").read_text() == (bundle_folder / "CARD.md").read_text()
    assert (copy / "bundle.json").read_text() == (bundle_folder / "bundle.json").read_text()


def test_a_run_and_its_bundle_say_the_same_of_a_film(run_folder, bundle_folder, films_root):
    run, bundle = open_subject(run_folder), open_subject(bundle_folder)
    assert (run.labels, run.kind, bundle.kind) == (bundle.labels, "run", "bundle")
    paths = [films_root / "films" / f"{index}.png" for index in range(6)]
    pair = [subject.probabilities(subject.score(paths).logits) for subject in (run, bundle)]
    np.testing.assert_allclose(*pair, atol=1e-3)


def test_predict_writes_the_calibrated_probabilities(bundle_folder, films_root):
    film = films_root / "films" / "0.png"
    header, row = predict_csv(bundle_folder, [film]).splitlines()
    assert header == "path,effusion,finding,logit_effusion,logit_finding,status,reason"
    assert row.endswith(",ok,")
    values = [float(value) for value in row.split(",")[1:-2]]
    expected = calibrated_probabilities(np.array(values[2:]), load_bundle(bundle_folder).spec)
    np.testing.assert_allclose(values[:2], expected, atol=1e-5)


def test_compare_puts_bundles_side_by_side(bundle_folder, films_root, tmp_path):
    other = tmp_path / "tiny-two"
    shutil.copytree(bundle_folder, other)
    table = json.loads((other / "bundle.json").read_text())
    (other / "bundle.json").write_text(json.dumps(table | {"id": "tiny-two"}))
    found = compare([bundle_folder, other], manifest=films_root / "films" / "manifest.csv")
    assert [row.name for row in found.rows] == ["tiny", "tiny-two"]
    assert [row.label for row in found.paired] == ["macro"] * 2 + ["effusion"] * 2 + ["finding"] * 2
    again = found.paired[3]
    assert (again.difference.value, again.difference.low, again.difference.high) == (0, 0, 0)
    assert again.test.p == 1.0


def test_an_existing_bundle_is_replaced_only_on_request(run_folder, bundle_folder):
    with pytest.raises(TrainingError, match="must have no bundle 'tiny' yet"):
        export_bundle(run_folder, bundle_folder.parent)


def test_an_unfinished_run_is_not_exported(tmp_path):
    with pytest.raises(TrainingError, match=r"must hold run\.json"):
        export_bundle(tmp_path, tmp_path / "models")


def test_the_card_is_made_from_the_bundle_alone_and_names_every_figure(bundle_folder):
    spec = load_bundle(bundle_folder).spec
    card = (bundle_folder / "CARD.md").read_text(encoding="utf-8")
    assert card == render_card(spec)
    test = spec.metrics[1]
    for text in (
        "# Model facts: Drawn films",
        *spec.warnings,
        *spec.not_for,
        *(audit.headline for audit in spec.audits),
        "Drawings",
        "MIT",
        f"{test.macro['auroc'].value:.3f}",
        spec.out_of_distribution.measured,
        spec.operating_points[-1].explanation.en,
    ):
        assert text in card
