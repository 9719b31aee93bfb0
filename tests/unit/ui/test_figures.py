"""Curves of the model card."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.inference.schema import BundleSpec, HeldOut
from cxr_dash.ui.figures import reliability_figure, roc_curve, roc_figure


def held_out(probabilities: list[float], truths: list[int]) -> HeldOut:
    return HeldOut.model_validate(
        {
            "split": "test",
            "description_en": "",
            "description_es": "",
            "probabilities": {"effusion": probabilities, "nodule": probabilities},
            "truths": {"effusion": truths, "nodule": [0] * len(truths)},
        }
    )


def area(probabilities: list[float], truths: list[int]) -> float:
    curve = roc_curve(held_out(probabilities, truths), "effusion")
    assert curve is not None
    assert (curve.false_positive_rate[0], curve.sensitivity[0]) == (0.0, 0.0)
    assert (curve.false_positive_rate[-1], curve.sensitivity[-1]) == (1.0, 1.0)
    return float(np.trapezoid(curve.sensitivity, curve.false_positive_rate))


def test_the_area_equals_the_share_of_pairs_in_the_right_order() -> None:
    generator = np.random.default_rng(7)
    truths = generator.integers(0, 2, 80)
    probabilities = np.round(np.clip(generator.normal(0.4 + 0.2 * truths, 0.2), 0, 1), 1)
    pairs = probabilities[truths == 1][:, np.newaxis] - probabilities[truths == 0]
    expected = float((pairs > 0).mean() + (pairs == 0).mean() / 2)
    assert area(probabilities.tolist(), truths.tolist()) == pytest.approx(expected)


def test_the_curve_does_not_depend_on_the_order_of_equal_probabilities() -> None:
    assert area([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0]) == area([0.5, 0.5, 0.5, 0.5], [0, 0, 1, 1]) == 0.5


def test_films_of_unknown_truth_are_left_out() -> None:
    assert area([0.1, 0.9, 0.95], [0, 1, -1]) == 1.0


def test_there_is_no_curve_without_a_film_of_each_kind() -> None:
    assert roc_curve(held_out([0.1, 0.9], [0, 1]), "nodule") is None


def test_operating_points_lie_where_their_thresholds_put_them(spec: BundleSpec) -> None:
    figure = roc_figure(spec, held_out([0.1, 0.5, 0.3, 0.9], [0, 0, 1, 1]), "effusion")
    markers = next(trace for trace in figure.data if trace.mode == "markers")
    assert list(markers.text) == ["Balanced"]
    assert (markers.x[0], markers.y[0]) == (0.5, 0.5)


def test_an_operating_point_that_was_not_attainable_has_no_mark(spec: BundleSpec) -> None:
    point = spec.operating_points[0].model_copy(update={"thresholds": {"effusion": 0.0, "nodule": 0.4}})
    figure = roc_figure(spec.model_copy(update={"operating_points": [point]}), spec.held_out[0], "effusion")
    assert not [name for trace in figure.data if trace.mode == "markers" for name in trace.text]


def test_the_chosen_label_is_drawn_last_and_named_in_the_title(spec: BundleSpec) -> None:
    figure = roc_figure(spec, spec.held_out[0], "effusion")
    curves = [trace.name for trace in figure.data if trace.name]
    assert curves[-1] == "Effusion"
    assert "Effusion" in figure.layout.title.text


def test_reliability_compares_stated_with_observed_in_bins(spec: BundleSpec) -> None:
    probabilities = [0.1] * 40 + [0.9] * 40
    truths = [1] * 4 + [0] * 36 + [1] * 36 + [0] * 4
    figure = reliability_figure(spec, held_out(probabilities, truths), "effusion")
    trace = figure.data[1]
    assert sum(trace.customdata) == 80
    assert np.average(trace.y, weights=trace.customdata) == pytest.approx(0.5)
    assert all(trace.error_y.array >= 0)
    assert all(trace.error_y.arrayminus >= 0)
