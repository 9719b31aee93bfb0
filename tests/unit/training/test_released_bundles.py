"""The bundles in ``models/``: they load, their cards are theirs, and their figures can be reproduced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundle_figures import evaluate_bundle

from cxr_dash.inference.bundle import load_bundle
from training.export.card import render_card

MODELS = Path(__file__).resolve().parents[3] / "models"
MANIFESTS = {"findings-mobilenetv2": "findings/manifest.csv", "covid-mobilenetv2": "covid/manifest.csv"}


@pytest.mark.parametrize("bundle_id", MANIFESTS)
def test_a_released_bundle_loads_with_every_hash_verified(bundle_id):
    spec = load_bundle(MODELS / bundle_id).spec
    assert set(spec.files) == {"model.keras", "serving.tflite"}
    assert [point.key for point in spec.operating_points] == [
        "balanced",
        "sensitivity_95",
        "specificity_95",
        "rule_out",
    ]
    assert spec.default_operating_point == "balanced"
    assert spec.out_of_distribution is not None
    assert spec.warnings
    assert spec.training.commit not in ("", "unknown")


@pytest.mark.parametrize("bundle_id", MANIFESTS)
def test_a_released_card_is_what_bundle_json_says(bundle_id):
    bundle = load_bundle(MODELS / bundle_id)
    assert bundle.card == render_card(bundle.spec)


def test_the_covid_card_says_that_source_determines_class_and_shows_other_hospitals():
    bundle = load_bundle(MODELS / "covid-mobilenetv2")
    assert "SOURCE NEARLY DETERMINES CLASS" in bundle.card
    assert "children of 1 to 5" in bundle.card
    assert "border_only" in {audit.key for audit in bundle.spec.audits}
    external = next(metrics for metrics in bundle.spec.metrics if metrics.split == "external")
    assert external.films == 80
    assert external.macro["balanced_recall"].low is not None


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("bundle_id", "split"), [("findings-mobilenetv2", "test"), ("covid-mobilenetv2", "external")]
)
def test_the_figures_on_the_card_are_what_the_committed_graph_gives_on_the_films(
    bundle_id, split, shared_dir
):
    measured = evaluate_bundle(MODELS / bundle_id, shared_dir / "data" / MANIFESTS[bundle_id], split)
    spec = load_bundle(MODELS / bundle_id).spec
    on_card = next(metrics for metrics in spec.metrics if metrics.split == split)
    for name, value in on_card.macro.items():
        assert measured.macro[name].value == pytest.approx(value.value, abs=2e-3), name
        # the interval on the card is of the same films and the same resampling
        np.testing.assert_allclose(
            [measured.macro[name].low, measured.macro[name].high], [value.low, value.high], atol=5e-3
        )
    assert f"{on_card.macro['auroc'].value:.3f}" in load_bundle(MODELS / bundle_id).card
