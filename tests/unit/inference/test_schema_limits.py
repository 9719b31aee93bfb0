"""Entries of ``bundle.json`` on their limits: the last good value is taken, the next one is refused."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bundle_builder import write_bundle
from pydantic import TypeAdapter, ValidationError

from cxr_dash.domain import PreparationSpec
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.distribution import embedding_distance
from cxr_dash.inference.schema import OutOfDistribution
from cxr_dash.inference.schema_checks import (
    _check_steps,
    check_out_of_distribution,
    check_preparation,
    name_first_version,
)
from cxr_dash.inference.schema_figures import Probability
from cxr_dash.inference.schema_localisation import FEWEST_BOXES, Frame
from cxr_dash.inference.schema_population import Population
from cxr_dash.inference.schema_segmenter import SideSpec

SPEC = PreparationSpec()
FITTED = OutOfDistribution(
    mean=[1.0, 2.0, 3.0],
    components=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    variances=[4.0, 9.0],
    residual_variance=0.5,
    warn_above=1.0,
    reject_above=1.0,
    fitted_on="train",
    measured="nothing",
)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 1},
        {"version": 2},
        {"height": 1},
        {"height": 4096},
        {"width": 1},
        {"width": 4096},
        {"window_low_percentile": 0.0},
        {"window_high_percentile": 100.0},
        {"polarity": "auto"},
        {"polarity": "keep"},
        {"pad_value": 0.0},
        {"pad_value": 255.0},
        {"region": "lungs", "region_margin": 0.0},
        {"region_margin": 1.0},
        {"fit": "centre_crop"},
        {"window_region": "crop"},
    ],
)
def test_a_preparation_on_its_limits_is_taken(changes: dict[str, Any]) -> None:
    spec = replace(SPEC, **changes)
    assert check_preparation(spec) is spec


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 0}, "`version` of the preparation must be 1 or 2; received 0"),
        ({"version": 3}, "received 3"),
        ({"height": 0}, "must be 1 to 4096; received 0"),
        ({"height": 4097}, "received 4097"),
        ({"width": 0}, "must be 1 to 4096"),
        ({"width": 4097}, "must be 1 to 4096"),
        ({"window_low_percentile": -0.1}, "percentiles must be"),
        ({"window_high_percentile": 100.1}, "percentiles must be"),
        ({"window_low_percentile": 50.0, "window_high_percentile": 50.0}, "percentiles must be"),
        ({"window_low_percentile": float("nan")}, "percentiles must be"),
        ({"polarity": "none"}, "auto or keep"),
        ({"pad_value": -0.1}, "0 to 255"),
        ({"pad_value": 255.1}, "0 to 255"),
        ({"pad_value": float("nan")}, "0 to 255"),
        ({"region": "heart"}, "`region` must be film or lungs"),
        ({"fit": "stretch"}, "`fit` must be letterbox or centre_crop"),
        ({"window_region": "lungs"}, "`window_region` must be film or crop"),
        ({"region_margin": -0.01}, "0 to 1"),
        ({"region_margin": 1.01}, "0 to 1"),
    ],
)
def test_a_preparation_beyond_them_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_preparation(replace(SPEC, **changes))


def test_a_preparation_without_a_version_is_of_the_first_and_anything_else_is_left_alone() -> None:
    assert name_first_version({"preparation": {"height": 3}}) == {"preparation": {"version": 1, "height": 3}}
    assert name_first_version({"preparation": {"version": 2}}) == {"preparation": {"version": 2}}
    for other in ([1], {"preparation": 7}, {"id": "x"}, None):
        assert name_first_version(other) is other


def test_the_gates_statistics_may_warn_and_reject_at_one_distance() -> None:
    check_out_of_distribution(FITTED, 3)
    for changes, words in (
        ({"warn_above": 0.0}, "0 < warn_above"),
        ({"warn_above": 1.01}, "0 < warn_above"),
        ({"variances": [4.0, 0.0]}, "above 0"),
        ({"residual_variance": -0.1}, "above 0"),
        ({"variances": [4.0]}, "one per component, 2; received 1"),
        ({"components": []}, "0 components"),
        ({"mean": [1.0]}, "received lengths"),
    ):
        with pytest.raises(ValueError, match=words):
            check_out_of_distribution(FITTED.model_copy(update=changes), 3)
    with pytest.raises(ValueError, match="`embedding_size` 4"):
        check_out_of_distribution(FITTED, 4)


def test_the_distance_is_that_of_the_formula() -> None:
    films = np.array([[[3.0, 2.0, 3.0], [1.0, 5.0, 4.0]], [[1.0, 2.0, 3.0], [-1.0, -1.0, 0.0]]])
    inside = [[(1.0 + 0.0) / 2, (0.0 + 1.0) / 2], [0.0, (1.0 + 1.0) / 2]]
    outside = [[0.0, 1 / 3 / 0.5], [0.0, 9 / 3 / 0.5]]
    expected = np.sqrt(np.array(inside) + np.array(outside))
    np.testing.assert_allclose(embedding_distance(films, FITTED), expected, atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_probability_may_be_0_or_1_and_nothing_beyond(value: float) -> None:
    probability = TypeAdapter(Probability)
    assert probability.validate_python(value) == value
    with pytest.raises(ValidationError):
        probability.validate_python(value + (0.001 if value else -0.001))


@pytest.mark.parametrize(
    ("ages", "grown_ups", "children"),
    [
        ((12, 130), True, False),
        ((11, 130), False, False),
        ((0, 17), False, True),
        ((0, 18), False, False),
        ((12, 17), True, True),
        ((5, 5), False, True),
    ],
)
def test_whom_a_model_is_made_for(ages: tuple[int, int], grown_ups: bool, children: bool) -> None:
    made_for = Population(age_years=ages, projections=["PA"])
    assert (made_for.grown_ups_only, made_for.children_only) == (grown_ups, children)


@pytest.mark.parametrize(
    "changes",
    [
        {"age_years": (6, 5)},
        {"age_years": (-1, 5)},
        {"age_years": (0, 131)},
        {"projections": []},
        {"projections": ["PA", "PA"]},
        {"projections": ["LL"]},
    ],
)
def test_a_population_that_nobody_is_of_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Population(**{"age_years": (0, 130), "projections": ["PA", "AP"], **changes})


@pytest.mark.parametrize(
    "sides", [(0.2, 0.1, 0.2, 0.3), (0.1, 0.2, 0.3, 0.2), (0.3, 0.1, 0.2, 0.3), (0.1, 0.4, 0.2, 0.3)]
)
def test_a_frame_has_an_area(sides: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = sides
    with pytest.raises(ValidationError, match="left < right and top < bottom"):
        Frame(left=left, top=top, right=right, bottom=bottom)
    assert Frame(left=-0.1, top=0.0, right=0.001, bottom=1.2).right == 0.001


@pytest.mark.parametrize(
    ("rows", "columns", "good"), [(16, 8, True), (15, 8, False), (16, 7, False), (16, 9, False)]
)
def test_a_rule_of_sides_has_half_a_grid_of_weights(rows: int, columns: int, good: bool) -> None:
    weights = [[0.5] * columns for _ in range(rows)]
    if not good:
        with pytest.raises(ValidationError, match="must have 16 rows of 8 weights"):
            SideSpec(lungs=weights, heart=[[0.5] * 8] * 16, said_below=-1.0)
        return
    rule = SideSpec(lungs=weights, heart=weights, film=weights, said_below=-1.0).rule
    assert rule.weights.shape == (3, 16, 8)
    assert SideSpec(lungs=weights, heart=weights, said_below=-1.0).rule.weights.shape == (2, 16, 8)


def test_ten_boxes_are_the_fewest_that_are_resampled() -> None:
    assert FEWEST_BOXES == 10


def test_a_file_that_was_changed_is_named_with_the_beginning_of_both_digests(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path)
    expected = hashlib.sha256((folder / "serving.tflite").read_bytes()).hexdigest()
    (folder / "serving.tflite").write_bytes(b"tampered")
    received = hashlib.sha256(b"tampered").hexdigest()
    words = f"tiny/serving.tflite must have sha256 {expected[:12]}…; received {received[:12]}…."
    with pytest.raises(BundleMismatchError, match=re.escape(words)):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("key", "activation", "logits", "probabilities", "good"),
    [
        ("a", "sigmoid", [-1.0, 0.0, 2.0], [0.1, 0.1, 0.9], True),
        ("b", "sigmoid", [-1.0, 0.0], [0.1, 0.9], False),
        ("a", "softmax", [-1.0, 0.0], [0.1, 0.9], False),
        ("a", "sigmoid", [], [], False),
        ("a", "sigmoid", [-1.0, 0.0, 1.0], [0.1, 0.9], False),
        ("a", "sigmoid", [-1.0, 0.0], [0.1, 0.5, 0.9], False),
        ("a", "sigmoid", [0.0, 0.0], [0.1, 0.9], False),
        ("a", "sigmoid", [-1.0, 0.0], [0.9, 0.8], False),
    ],
)
def test_steps_are_of_a_sigmoid_label_and_rise(
    key: str, activation: str, logits: list[float], probabilities: list[float], good: bool
) -> None:
    steps = SimpleNamespace(logits=logits, probabilities=probabilities)
    spec = SimpleNamespace(activation=activation, calibration=SimpleNamespace(steps={key: steps}))
    if good:
        _check_steps(spec, ["a"])  # type: ignore[arg-type]
    else:
        with pytest.raises(ValueError, match="must give a sigmoid label increasing logits"):
            _check_steps(spec, ["a"])  # type: ignore[arg-type]
