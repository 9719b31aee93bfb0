"""The report of a run or a bundle: one file, what was measured and nothing else, no film unless asked for."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bundle_builder import KEYS, write_bundle
from measured_model import subject_of
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.schema import Interval
from training.cli import app
from training.evaluation.evaluate import evaluate, write_evaluation
from training.evaluation.result import Evaluation
from training.fitting.epoch_log import COLUMNS, EpochLog
from training.fitting.logged import logged_phases
from training.fitting.runs import RunFolder, RunRecord
from training.recipe import Recipe
from training.report.build import make_report
from training.report.curves import (
    auroc_chart,
    learning_chart,
    precision_recall_chart,
    reliability_chart,
    roc_chart,
)
from training.report.held_out import evaluation_of_bundle
from training.report.html import chart, interval_cell, table
from training.report.pictures import PictureOptions
from training.report.tables import confusion_table, figures_table, subgroup_table, threshold_table

HEAD_LOSSES = (0.9, 0.5, 0.6)
TUNED_SCORES = (0.7, 0.9, 0.8, 0.85)


def write_log(path: Path, phase: str, losses: tuple[float, ...], scores: tuple[float, ...]) -> None:
    path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    for epoch, (loss, score) in enumerate(zip(losses, scores, strict=True)):
        row = {"epoch": epoch, "phase": phase, "loss": loss, "val_loss": loss, "val_macro_auroc": score}
        EpochLog(path).append({**row, "learning_rate": 10.0 ** -(3 + epoch)})


def record_of(recipe: Recipe, root: Path, **changes: object) -> RunRecord:
    entries: dict[str, object] = {
        "recipe": recipe,
        "labels": ["effusion", "finding"],
        "left_out": {"mass": (0, 0)},
        "train_films": 36,
        "data_root": str(root),
        "weights": "",
        "commit": "0123456789ab",
        "date": "2026-01-02",
        "versions": {"keras": "3.0"},
        "minutes": 1.5,
        "best_epoch": 2,
        "val_macro_auroc": 0.9,
    }
    return RunRecord(**(entries | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def run(films_root, tiny_recipe, tmp_path_factory) -> Path:
    """A finished, measured run whose model nobody opens."""
    folder = tmp_path_factory.mktemp("runs") / "drawn"
    folder.mkdir()
    paths = RunFolder(folder)
    paths.model.write_bytes(b"not opened")
    card = tiny_recipe.card.model_copy(update={"warnings": ["Drawn <b>films</b> & no patients."]})
    recipe = tiny_recipe.model_copy(update={"card": card})
    record_of(recipe, films_root).write(paths.record)
    write_log(paths.head_log, "head", HEAD_LOSSES, (0.5, 0.6, 0.55))
    write_log(paths.log, "fine_tune", (0.5, 0.4, 0.3, 0.2), TUNED_SCORES)
    subject = subject_of(model_sha256=hashlib.sha256(b"not opened").hexdigest())
    write_evaluation(*evaluate(subject, films_root / "films" / "manifest.csv", "test"), folder)
    return folder


@pytest.fixture(scope="module")
def evaluation(run) -> Evaluation:
    return Evaluation.read(run / "evaluation-test.json")


@pytest.fixture(scope="module")
def text(run) -> str:
    return make_report(run, "test")


class Elements(HTMLParser):
    """Every element of a page with its attributes, and whether all that must be closed is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        # plotly.js itself is no HTML
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_report_is_well_formed_and_loads_nothing_from_elsewhere(text):
    page = Elements(text)
    assert page.open == []
    addresses = [a for _, attributes in page.found for n, a in attributes.items() if n in ("src", "href")]
    assert addresses
    assert all(str(address).startswith("#") for address in addresses)
    assert "link" not in {tag for tag, _ in page.found}
    policy = next(a["content"] for tag, a in page.found if tag == "meta" and "http-equiv" in a)
    assert str(policy).startswith("default-src 'none'")


def test_plotly_is_in_a_report_once(text):
    assert text.count("plotly.js v") == 1
    assert len(text.encode()) < 8_000_000


def test_every_link_leads_to_a_section_and_no_name_is_there_twice(text):
    page = Elements(text)
    names = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    links = [str(attributes["href"])[1:] for tag, attributes in page.found if tag == "a"]
    assert len(names) == len(set(names))
    assert set(links) <= set(names)
    assert len(links) >= 9


def test_warnings_are_read_before_any_figure_and_texts_are_no_markup(text):
    body = text[text.index("<main>") :]
    assert body.index("Drawn &lt;b&gt;films&lt;/b&gt; &amp; no patients.") < body.index('id="figures"')
    assert "Drawn <b>" not in text
    assert "patients the model never saw" in body[: body.index('id="figures"')]
    assert "Measured on test: 16 films of 8 patients. films/manifest.csv" in body


def test_the_report_says_how_the_model_was_made(text):
    for words in ("0123456789ab", "keras 3.0", "epoch 2 of fine-tuning", "mass (0 train, 0 val)"):
        assert words in text
    for entry in ("fit.fine_tune_learning_rate</td><td>0.005", "network.name</td><td>small_cnn"):
        assert entry in text


def test_no_film_is_in_a_report_unless_asked_for(text):
    assert "<img" not in text
    assert "data:image" not in text[text.index("<main>") :]


def test_curves_are_drawn_as_they_were_measured(evaluation):
    lines = {trace.name.split()[0]: trace for trace in roc_chart(evaluation).data[1:]}
    assert set(lines) == {"effusion", "finding"}
    for key, trace in lines.items():
        assert list(trace.x) == evaluation.curves[key].roc.x
        assert list(trace.y) == evaluation.curves[key].roc.y
        assert trace.customdata[0] == "none"
    for drawn, (_, curves) in zip(
        precision_recall_chart(evaluation).data, evaluation.curves.items(), strict=True
    ):
        assert list(drawn.y) == curves.precision_recall.y
    for drawn, (_, curves) in zip(
        reliability_chart(evaluation).data[1:], evaluation.curves.items(), strict=True
    ):
        assert list(drawn.x) == curves.reliability.probability
        assert list(drawn.customdata) == curves.reliability.films


def test_intervals_are_drawn_from_their_low_to_their_high_end():
    figure = auroc_chart(
        {"a": (Interval(value=0.7, low=0.6, high=0.9), "3 / 4"), "b": (Interval(value=0.5), "")}
    )
    (points,) = figure.data
    values, bars = list(points.x), points.error_x
    assert [v + up for v, up in zip(values, bars.array, strict=True)] == pytest.approx([0.9, 0.5])
    assert [v - down for v, down in zip(values, bars.arrayminus, strict=True)] == pytest.approx([0.6, 0.5])


def test_learning_curves_run_through_both_phases_and_mark_the_kept_epochs(run, tiny_recipe, films_root):
    phases = logged_phases(RunFolder(run), record_of(tiny_recipe, films_root))
    assert [(phase.epochs, phase.kept) for phase in phases] == [(3, 2), (4, 2)]
    figure = learning_chart(phases, {"val_macro_auroc": "val"}, "AUROC")
    assert [list(trace.x) for trace in figure.data] == [[1, 2, 3], [4, 5, 6, 7]]
    assert tuple(figure.data[1].y) == TUNED_SCORES
    kept = [shape.x0 for shape in figure.layout.shapes if shape.line.dash == "dash"]
    assert kept == [2, 5]


def test_a_phase_that_lost_against_the_head_marks_no_epoch(run, tiny_recipe, films_root):
    phases = logged_phases(RunFolder(run), record_of(tiny_recipe, films_root, best_epoch=0))
    figure = learning_chart(phases[1:], {"loss": "train"}, "loss")
    assert len(figure.layout.shapes) == 0


def test_logs_of_earlier_versions_have_fewer_curves(tmp_path, tiny_recipe, films_root):
    (tmp_path / "log.csv").write_text(
        "epoch,learning_rate,loss,val_loss,val_macro_auroc\n0,0.1,2.0,1.5,0.8\n"
    )
    (phase,) = logged_phases(RunFolder(tmp_path), record_of(tiny_recipe, films_root, best_epoch=1))
    assert phase.figures["loss"] == [2.0]
    assert "accuracy" not in phase.figures


def test_every_figure_stands_in_the_table_with_its_interval_and_its_films(evaluation):
    drawn = figures_table(evaluation)
    for key, row in evaluation.labels.items():
        line = re.search(rf"<td>{key}</td>(.*?)</tr>", drawn)
        assert line is not None
        assert f"{row.positives} / {row.negatives}" in line[1]
        for figure in (row.auroc, row.sensitivity, row.specificity, row.f1, row.ece):
            assert interval_cell(figure) in line[1]
    assert interval_cell(Interval(value=0.5, low=0.25, high=0.75)) == "0.500<small>0.250–0.750</small>"
    assert interval_cell(None) == "–"


def test_tables_hold_what_was_counted(evaluation):
    drawn = threshold_table(evaluation)
    row = next(r for r in evaluation.thresholds if r.name == "sensitivity_95")
    assert f"<td>sensitivity_95</td><td>{row.threshold:.3f}</td>" in drawn
    assert f"<td>{row.false_negatives} of {row.positives}</td>" in drawn
    counts = evaluation.confusion[0].counts
    cells = re.findall(r">(\d+)<small>", confusion_table(evaluation.confusion[0]))
    assert [int(cell) for cell in cells] == [counts[0][0], counts[0][1], counts[1][0], counts[1][1]]
    groups = {"sex=F": {"films": Interval(value=21), "auroc": Interval(value=0.75, low=0.5, high=0.9)}}
    grouped = subgroup_table(evaluation.model_copy(update={"subgroups": groups}))
    assert "<td>sex: F</td><td>21</td><td>–</td><td>0.750<small>0.500–0.900</small></td>" in grouped


def test_a_table_escapes_its_heading_and_its_caption():
    assert "&lt;script&gt;" in table(["<script>"], [["1"]], caption="<i>")
    assert "<i>" not in table(["a"], [["1"]], caption="<i>")


def test_a_chart_can_be_told_from_every_other(evaluation):
    assert 'id="chart-roc"' in chart(roc_chart(evaluation), "roc")


def measured_bundle(folder: Path) -> Path:
    interval = {"value": 0.75, "low": 0.5, "high": 1.0}
    names = ("auroc", "auprc", "sensitivity", "specificity", "ece", "brier")
    row = {"positives": 2, "negatives": 2, **dict.fromkeys(names, interval)}
    metrics = {
        "split": "test",
        "films": 4,
        "patients": None,
        "description": {"en": "Four films."},
        "macro": {"auroc": interval},
        "labels": dict.fromkeys(KEYS, row),
    }
    return write_bundle(folder, metrics=[metrics])


def test_a_bundle_is_reported_from_what_it_says_about_itself(tmp_path):
    page = make_report(measured_bundle(tmp_path), "test")
    assert "patients not fully known. Four films." in page
    assert "the bundle is older than logs in bundles" in page
    assert "0.750<small>0.500–1.000</small>" in page


def test_films_whose_truth_is_not_known_are_left_out_of_a_bundles_tables(tmp_path):
    found = evaluation_of_bundle(load_bundle(measured_bundle(tmp_path)).spec, "test")
    # threshold 0.4: of 0.1, 0.4, 0.9 with the truths 0, 0, 1; the film of 0.6 is unknown for the nodule
    assert [entry.counts for entry in found.confusion] == [[[1, 1], [0, 1]], [[1, 0], [0, 2]]]


def test_a_split_that_a_bundle_knows_nothing_of_is_refused_by_name(tmp_path):
    with pytest.raises(TrainingError, match="figures and scores of: test"):
        make_report(measured_bundle(tmp_path), "external")


def test_films_can_only_be_shown_where_they_are(tmp_path):
    with pytest.raises(TrainingError, match="neither --data nor --manifest"):
        make_report(measured_bundle(tmp_path), "test", pictures=PictureOptions(films=1))


def test_figures_of_another_model_are_not_reported(run, tmp_path, tiny_recipe):
    copy = tmp_path / "changed"
    copy.mkdir()
    for name in ("evaluation-test.json", "scores-test.npz", "decisions.json"):
        if (run / name).is_file():
            (copy / name).write_bytes((run / name).read_bytes())
    (copy / "model.keras").write_bytes(b"another model")
    record_of(tiny_recipe, tmp_path / "nowhere").write(copy / "run.json")
    with pytest.raises(TrainingError, match="no figures of its model as it is now"):
        make_report(copy, "test")


def test_figures_are_reported_after_the_films_are_gone(run, tmp_path, tiny_recipe):
    copy = tmp_path / "kept"
    copy.mkdir()
    for name in ("evaluation-test.json", "model.keras"):
        (copy / name).write_bytes((run / name).read_bytes())
    record_of(tiny_recipe, tmp_path / "nowhere").write(copy / "run.json")
    assert "Measured on test: 16 films" in make_report(copy, "test")


def test_the_command_writes_one_file_into_the_runs_folder(run):
    done = CliRunner().invoke(app, ["report", str(run)])
    assert done.exit_code == 0, done.output
    assert (run / "report-test.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_card_of_a_bundle_is_printed_or_replaced(tmp_path):
    bundle = measured_bundle(tmp_path)
    printed = CliRunner().invoke(app, ["card", str(bundle)])
    assert printed.exit_code == 0
    assert "# Model facts: Tiny" in printed.stdout
    assert not (bundle / "CARD.md").exists()
    assert CliRunner().invoke(app, ["card", str(bundle), "--write"]).exit_code == 0
    assert (bundle / "CARD.md").read_text(encoding="utf-8") == printed.stdout
