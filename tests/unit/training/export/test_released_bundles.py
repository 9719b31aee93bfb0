"""The bundles in ``models/``: they load, their cards are theirs, and their figures can be reproduced."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.domain import Float64Array
from cxr_dash.inference.bundle import SPEC_FILE, Bundle, SegmenterBundle, load_any, load_bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.schema import SplitMetrics
from cxr_dash.inference.schema_age import AGE_FILE
from cxr_dash.settings import ROOT
from training import metrics as m
from training.cli.app import app
from training.evaluation.subject import runtime_of
from training.export.card import render_card
from training.export.measure import HELD_OUT_SPLITS, films_of_bundle, score_split, targets_in
from training.segmentation.card import render_card as render_segmenter_card

pytestmark = pytest.mark.thorough

MODELS = ROOT / "models"
# schema version of bundles whose thresholds were chosen by film
FIRST_BY_FILM = 3
BUNDLES = sorted(path.parent.name for path in MODELS.glob(f"*/{SPEC_FILE}"))
KINDS = {name: json.loads((MODELS / name / SPEC_FILE).read_text()).get("kind") for name in BUNDLES}
CLASSIFIERS = [name for name in BUNDLES if KINDS[name] in (None, "classifier")]
OF_ONE_LABEL: dict[str, m.Metric] = {
    "auroc": m.auroc,
    "brier": m.brier,
    "ece": m.expected_calibration_error,
}


def test_there_are_bundles_to_look_at():
    assert CLASSIFIERS


@pytest.mark.parametrize("bundle_id", BUNDLES)
def test_a_released_bundle_loads_with_every_hash_verified(bundle_id):
    spec = load_any(MODELS / bundle_id).spec
    # a head on a trunk keeps its last layer beside the graph, a gate its question of age
    assert set(spec.files) - {"head.npz", AGE_FILE} == {"model.keras", "serving.tflite"}
    assert (AGE_FILE in spec.files) == (getattr(spec, "age_group", None) is not None)
    assert ("head.npz" in spec.files) == (getattr(spec, "trunk", None) is not None)
    assert spec.warnings
    assert spec.training.commit not in ("", "unknown")


@pytest.mark.parametrize("bundle_id", CLASSIFIERS)
def test_a_released_classifier_has_every_operating_point_and_knows_strange_films(bundle_id):
    spec = load_bundle(MODELS / bundle_id).spec
    points = [point.key for point in spec.operating_points]
    if spec.schema_version < FIRST_BY_FILM:
        assert points == ["balanced", "sensitivity_95", "specificity_95", "rule_out"]
        assert spec.default_operating_point == "balanced"
    elif spec.activation == "softmax":
        # one class a film: thresholds of each class are its own, and the card says which is in force
        assert {"balanced", "sensitivity_95"} <= set(points)
        assert spec.default_operating_point in points
    else:
        # one that held-out films contradict is not offered
        assert points[:3] == ["one_in_20", "one_in_10", "one_in_5"]
        assert {"balanced", "sensitivity_95"} <= set(points[3:])
        assert spec.default_operating_point in points[:3]
    # the bundle `gate` looks at every film; a distance of its own needs non-films beside the recipe's films
    assert (spec.out_of_distribution is not None) == bool(spec.training.recipe["data.gate_manifest"])
    assert {"lungs_removed", "border_only", "source_embedding", "within_source", "confounding"} <= {
        audit.key for audit in spec.audits
    }


@pytest.mark.parametrize("bundle_id", BUNDLES)
def test_a_released_card_is_what_bundle_json_says(bundle_id):
    bundle = load_any(MODELS / bundle_id)
    if isinstance(bundle, SegmenterBundle):
        card = (bundle.path / "CARD.md").read_text(encoding="utf-8")
        assert card == render_segmenter_card(bundle.spec)
    else:
        assert bundle.card == render_card(bundle.spec)


@pytest.mark.parametrize("bundle_id", [name for name in CLASSIFIERS if name.startswith("covid")] or ["covid"])
def test_the_covid_card_says_that_source_determines_class_and_shows_other_hospitals(bundle_id):
    bundle = load_bundle(MODELS / bundle_id)
    assert "SOURCE NEARLY DETERMINES CLASS" in bundle.card
    assert "none of its films is of a child" in bundle.card
    external = next(metrics for metrics in bundle.spec.metrics if metrics.split == "external")
    # one of the eighty is a child's film under another name, which version 3 leaves out
    left_out = bundle.spec.training.recipe.get("data.leave_out") or []
    assert external.films == 80 - any("COVID-00020" in str(entry) for entry in left_out)
    assert external.macro["balanced_recall"].low is not None


@pytest.fixture(scope="session")
def data_of(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Bundle], Path]:
    """The folder that a bundle's manifest path starts from; a benchmark in one file is unpacked first."""

    def find(bundle: Bundle) -> Path:
        recipe = bundle.spec.training.recipe
        manifest = Path(str(recipe["data.manifest"]))
        if recipe.get("data.layout") != "medmnist":
            return shared_dir / "data"
        root = tmp_path_factory.mktemp("data")
        source = shared_dir / "data" / f"{manifest.parent.name}.npz"
        done = CliRunner().invoke(
            app, ["import", "medmnist", str(source), "--out", str(root / manifest.parent)]
        )
        assert done.exit_code == 0, done.output
        return root

    return find


def _on_card(bundle: Bundle, split: str) -> SplitMetrics | None:
    return next((found for found in bundle.spec.metrics if found.split == split), None)


@pytest.mark.shared_data
@pytest.mark.parametrize("bundle_id", CLASSIFIERS)
def test_the_figures_on_the_card_are_what_the_committed_graph_gives_on_the_films(bundle_id, data_of):
    bundle = load_bundle(MODELS / bundle_id)
    films = films_of_bundle(bundle.spec, data_of(bundle))
    runtime, measured = runtime_of(bundle), 0
    for split in HELD_OUT_SPLITS:
        on_card = _on_card(bundle, split)
        assert (on_card is None) is (not films.of(split))
        if on_card is None:
            continue
        scores = score_split(films, split, bundle.spec, runtime)
        probabilities = calibrated_probabilities(scores.logits, bundle.spec)
        _compare(bundle, on_card, probabilities, targets_in(films, split, bundle.spec.label_keys))
        measured += len(probabilities)
    assert measured > 0


def _compare(
    bundle: Bundle, on_card: SplitMetrics, probabilities: Float64Array, truths: Float64Array
) -> None:
    spec, once = bundle.spec, np.ones((1, len(truths)))
    assert on_card.films == len(truths)
    assert f"{on_card.macro['auroc'].value:.3f}" in bundle.card
    for name, metric in OF_ONE_LABEL.items():
        mean = m.label_mean(metric, probabilities, truths, once)[0]
        assert mean == pytest.approx(on_card.macro[name].value, abs=2e-3), name
    if spec.activation == "softmax":
        right = (probabilities.argmax(axis=1) == truths.argmax(axis=1)).mean()
        assert right == pytest.approx(on_card.macro["accuracy"].value, abs=2e-3)
    point = spec.operating_point()
    for k, key in enumerate(spec.label_keys):
        row = on_card.labels.get(key)
        if row is None:
            assert truths[:, k].sum() in (0, len(truths))
            continue
        scores, truth = probabilities[:, k], truths[:, k]
        assert (row.positives, row.negatives) == (truth.sum(), (1 - truth).sum())
        rates = {"sensitivity": m.sensitivity_at, "specificity": m.specificity_at}
        for name, rate in rates.items():
            found = rate(point.thresholds[key])(scores, truth, once)[0]
            # a film that lies on the threshold may fall to either side on another machine
            assert found == pytest.approx(
                getattr(row, name).value, abs=1.5 / min(row.positives, row.negatives)
            )
        for name, metric in OF_ONE_LABEL.items():
            found = metric(scores, truth, once)[0]
            assert found == pytest.approx(getattr(row, name).value, abs=2e-3), (key, name)


@pytest.mark.parametrize("bundle_id", ["findings", "covid", "pneumonia-paediatric"])
def test_the_population_of_a_released_bundle_is_that_of_its_recipe_and_can_be_written_again(
    bundle_id, tmp_path
):
    copy = tmp_path / bundle_id
    shutil.copytree(MODELS / bundle_id, copy)
    without = json.loads((copy / SPEC_FILE).read_text(encoding="utf-8"))
    assert without.pop("population")
    (copy / SPEC_FILE).write_text(json.dumps(without), encoding="utf-8")
    done = CliRunner().invoke(app, ["card", str(copy), "--recipe", bundle_id, "--write"])
    assert done.exit_code == 0, done.output
    for name in (SPEC_FILE, "CARD.md"):
        assert (copy / name).read_bytes() == (MODELS / bundle_id / name).read_bytes()


def test_a_recipe_that_does_not_say_for_whom_is_refused():
    done = CliRunner().invoke(app, ["card", str(MODELS / "findings"), "--recipe", "gate", "--write"])
    assert done.exit_code != 0
    assert "card.population" in done.output
