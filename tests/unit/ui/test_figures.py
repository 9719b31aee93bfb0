"""Curves and graphs of the model page: what they draw is what direct counting gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import BundleSpec, HeldOut, SplitMetrics
from cxr_dash.language import Translator
from cxr_dash.ui.figures.curves import counts_at, precision_curve, reliability, roc_curve
from cxr_dash.ui.figures.frame import Drawn
from cxr_dash.ui.figures.of_a_label import LabelView, precision_figure, reliability_figure, roc_figure
from cxr_dash.ui.figures.subgroups import subgroup_figure

T, ES = Translator(), Translator("es")


def held_out(probabilities: list[float], truths: list[int]) -> HeldOut:
    return HeldOut.model_validate(
        {
            "split": "test",
            "description": {"en": "–", "es": "–"},
            "probabilities": {"effusion": probabilities, "nodule": probabilities},
            "truths": {"effusion": truths, "nodule": [0] * len(truths)},
        }
    )


@pytest.fixture
def drawn_films() -> tuple[list[float], list[int]]:
    """Eighty films with many equal probabilities."""
    generator = np.random.default_rng(7)
    truths = generator.integers(0, 2, 80)
    probabilities = np.round(np.clip(generator.normal(0.4 + 0.2 * truths, 0.2), 0, 1), 1)
    return probabilities.tolist(), truths.tolist()


def view(spec: BundleSpec, held: HeldOut, key: str = "effusion", cut: float = 0.4) -> LabelView:
    return LabelView(spec, held, key, cut)


def area(probabilities: list[float], truths: list[int]) -> float:
    curve = roc_curve(held_out(probabilities, truths), "effusion")
    assert curve is not None
    assert (curve.false_positive_rate[0], curve.sensitivity[0]) == (0.0, 0.0)
    assert (curve.false_positive_rate[-1], curve.sensitivity[-1]) == (1.0, 1.0)
    return curve.area


def test_what_a_graph_writes_by_itself_has_the_languages_decimal_sign(spec: BundleSpec) -> None:
    for t, signs in ((T, ".\u00a0"), (ES, ",\u00a0")):
        drawn = roc_figure(view(spec, held_out([0.2, 0.8], [0, 1])), t)
        assert drawn is not None
        assert drawn.figure.layout.separators == signs


def test_the_area_below_the_roc_is_what_others_compute(drawn_films: tuple[list[float], list[int]]) -> None:
    probabilities, truths = drawn_films
    assert area(probabilities, truths) == pytest.approx(reference.roc_auc_score(truths, probabilities))


def test_precision_and_recall_are_what_others_compute(drawn_films: tuple[list[float], list[int]]) -> None:
    probabilities, truths = drawn_films
    curve = precision_curve(held_out(probabilities, truths), "effusion")
    assert curve is not None
    precision, recall, _ = reference.precision_recall_curve(truths, probabilities)
    # theirs runs the other way and ends in a point without films
    np.testing.assert_allclose(curve.precision, precision[:-1][::-1])
    np.testing.assert_allclose(curve.recall, recall[:-1][::-1])
    assert curve.area == pytest.approx(reference.average_precision_score(truths, probabilities))
    assert curve.prevalence == np.mean(truths)


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.35, 1.0])
def test_a_film_at_the_cut_is_called(drawn_films: tuple[list[float], list[int]], cut: float) -> None:
    probabilities, truths = drawn_films
    counts = counts_at(held_out(probabilities, truths), "effusion", cut)
    called = [value >= cut for value in probabilities]
    ((cleared, alarms), (missed, found)) = reference.confusion_matrix(truths, called, labels=[0, 1])
    assert (counts.found, counts.missed, counts.alarms, counts.cleared) == (found, missed, alarms, cleared)


def test_the_bins_hold_every_film_once_with_wilsons_interval(
    drawn_films: tuple[list[float], list[int]],
) -> None:
    probabilities, truths = drawn_films
    bins = reliability(held_out(probabilities, truths), "effusion")
    order = np.argsort(probabilities, kind="stable")
    for number, one in enumerate(bins):
        rows = order[10 * number : 10 * (number + 1)]
        low, high = wilson_interval([np.asarray(truths)[rows].sum()], 10)
        assert one.films == 10
        assert one.stated == pytest.approx(np.asarray(probabilities)[rows].mean())
        assert one.observed == pytest.approx(np.asarray(truths)[rows].mean())
        assert (one.low, one.high) == (low[0], high[0])
    assert len(bins) == 8


def test_the_curve_does_not_depend_on_the_order_of_equal_probabilities() -> None:
    assert area([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0]) == area([0.5, 0.5, 0.5, 0.5], [0, 0, 1, 1]) == 0.5


def test_films_of_unknown_truth_are_left_out() -> None:
    held = held_out([0.1, 0.9, 0.95], [0, 1, -1])
    assert area([0.1, 0.9, 0.95], [0, 1, -1]) == 1.0
    counts = counts_at(held, "effusion", 0.5)
    assert (counts.found, counts.missed, counts.alarms, counts.cleared) == (1, 0, 0, 1)


def test_there_is_no_curve_without_a_film_of_each_kind(spec: BundleSpec) -> None:
    held = held_out([0.1, 0.9], [0, 1])
    assert roc_curve(held, "nodule") is None
    assert precision_curve(held, "nodule") is None
    for draw in (roc_figure, precision_figure, reliability_figure):
        assert draw(view(spec, held, "nodule"), T) is None


def traces(drawn: Drawn | None, kind: str) -> list[Any]:
    assert drawn is not None
    return [trace for trace in drawn.figure.data if trace.meta == kind]


def test_operating_points_and_the_readers_cut_lie_where_their_thresholds_put_them(spec: BundleSpec) -> None:
    drawn = roc_figure(view(spec, held_out([0.1, 0.5, 0.3, 0.9], [0, 0, 1, 1]), cut=0.2), T)
    (points,), (cut,) = traces(drawn, "points"), traces(drawn, "cut")
    assert list(points.text) == ["Balanced"]
    assert (points.x[0], points.y[0]) == (0.5, 0.5)
    assert (cut.x[0], cut.y[0]) == (0.5, 1.0)


def test_a_cut_above_every_film_has_no_precision(spec: BundleSpec) -> None:
    drawn = precision_figure(view(spec, held_out([0.1, 0.5, 0.3, 0.9], [0, 0, 1, 1]), cut=0.95), T)
    (cut,) = traces(drawn, "cut")
    assert (cut.x[0], cut.y[0]) == (0.0, None)


def test_an_operating_point_that_was_not_attainable_has_no_mark(spec: BundleSpec) -> None:
    point = spec.operating_points[0].model_copy(update={"thresholds": {"effusion": 0.0, "nodule": 0.4}})
    changed = spec.model_copy(update={"operating_points": [point]})
    (points,) = traces(roc_figure(view(changed, spec.held_out[0]), T), "points")
    assert not points.text


def test_the_chosen_label_is_drawn_last_and_named_in_the_sentence(spec: BundleSpec) -> None:
    drawn = roc_figure(view(spec, spec.held_out[0]), T)
    assert drawn is not None
    assert [trace.name for trace in drawn.figure.data if trace.name][-1] == "Effusion"
    assert drawn.sentence.startswith("Effusion: AUROC 1.00.")


def test_the_coin_of_precision_is_the_share_of_films_with_the_label(spec: BundleSpec) -> None:
    drawn = precision_figure(view(spec, held_out([0.1, 0.2, 0.3, 0.9], [0, 0, 0, 1])), T)
    assert drawn is not None
    assert list(drawn.figure.data[0].y) == [0.25, 0.25]
    assert "A coin has 0.25, the share of films with it" in drawn.sentence


def test_reliability_has_a_bar_for_every_point_and_says_how_many_films_it_is_of(spec: BundleSpec) -> None:
    probabilities = [0.1] * 40 + [0.9] * 40
    truths = [1] * 4 + [0] * 36 + [1] * 36 + [0] * 4
    drawn = reliability_figure(view(spec, held_out(probabilities, truths)), T)
    assert drawn is not None
    trace = drawn.figure.data[1]
    assert list(trace.customdata) == ["10 films"] * 8
    assert np.mean(trace.y) == pytest.approx(0.5)
    assert all(trace.error_y.array >= 0)
    assert all(trace.error_y.arrayminus >= 0)
    assert "8 points of 10 films each" in drawn.sentence


def test_axes_are_marked_as_the_reader_writes_figures(spec: BundleSpec) -> None:
    held = held_out([0.001, 0.002, 0.003, 0.02] * 10, [0, 0, 0, 1] * 10)
    drawn = reliability_figure(view(spec, held), ES)
    assert drawn is not None
    assert drawn.figure.layout.xaxis.ticktext[-1] == "100\u00a0%"
    assert "0,25" in precision_figure(view(spec, held), ES).sentence  # type: ignore[union-attr]


def split_of(groups: dict[str, tuple[int, float, int]]) -> SplitMetrics:
    row: dict[str, Any] = {"films": 200, "patients": 200, "split": "test", "description": {"en": "–"}}
    subgroups: dict[str, Any] = {
        name: {
            "films": {"value": films},
            "auroc": {"value": auroc, "low": auroc - 0.1, "high": auroc + 0.05},
            "labels": {"value": labels},
        }
        for name, (films, auroc, labels) in groups.items()
    }
    macro = {"auroc": {"value": 0.8, "low": 0.7, "high": 0.9}}
    return SplitMetrics.model_validate(row | {"macro": macro, "labels": {}, "subgroups": subgroups})


def test_subgroups_have_their_interval_the_overall_line_and_small_ones_are_set_apart() -> None:
    drawn = subgroup_figure(split_of({"sex=F": (120, 0.75, 2), "sex=M": (20, 0.55, 2)}), T)
    assert drawn is not None
    small, large = (next(one for one in drawn.figure.data if one.name == name) for name in ("small", "large"))
    assert (list(small.y), list(small.x)) == (["Sex: men · 20"], [0.55])
    assert (list(large.y), list(large.x)) == (["Sex: women · 120"], [0.75])
    assert large.error_x.arrayminus[0] == pytest.approx(0.1)
    assert drawn.figure.layout.shapes[0].x0 == 0.8
    # the smaller one is lower, and nothing is concluded from it
    assert "with at least 50 films: Sex: women, AUROC 0.75 (0.65–0.80) on 120 films" in drawn.sentence
    assert drawn.figure.layout.xaxis.range[0] < 0.45


def test_a_subgroup_measured_on_fewer_labels_says_so(spec: BundleSpec) -> None:
    split = split_of({"view=AP": (120, 0.75, 1)})
    row: dict[str, Any] = {"positives": 3, "negatives": 5}
    row |= {key: {"value": 0.5} for key in ("auroc", "auprc", "sensitivity", "specificity", "ece", "brier")}
    table = split.model_dump() | {"labels": dict.fromkeys(spec.label_keys, row)}
    drawn = subgroup_figure(SplitMetrics.model_validate(table), T)
    assert drawn is not None
    assert list(next(one for one in drawn.figure.data if one.name == "large").y) == [
        "Projection: AP · 120 · 1/2"
    ]


def test_without_a_measured_subgroup_there_is_no_graph() -> None:
    split = SplitMetrics.model_validate(
        split_of({}).model_dump() | {"subgroups": {"view=AP": {"films": {"value": 3}}}}
    )
    assert subgroup_figure(split, T) is None
