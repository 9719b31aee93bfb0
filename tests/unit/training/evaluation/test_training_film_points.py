"""Thresholds chosen jointly by film: the budget is kept, on films left out too; presets say what is so."""

from __future__ import annotations

import numpy as np
import pytest
from bundle_builder import spec_dict

from cxr_dash.domain import LocalisedText
from cxr_dash.inference.schema import BundleSpec, FilmFigures, Interval, OperatingPoint
from training.evaluation.film_figures import film_figures, free_response, score_figures
from training.evaluation.film_points import choose_jointly, left_out, set_thresholds, tightened
from training.evaluation.film_table import FilmTable
from training.evaluation.film_ways import Way, fit_scale, ways
from training.evaluation.point_choice import choose_points, merged
from training.export.borne_out import offered
from training.export.prevalence import calibrated_at, prevalence_in

KEYS = ["effusion", "mass", "nodule", "finding"]
PREVALENCE = [0.12, 0.05, 0.03]


def drawn(count: int, seed: int = 0, *, strength: float = 1.6) -> FilmTable:
    """Films with findings of three kinds, and probabilities that are calibrated and know a little."""
    generator = np.random.default_rng(seed)
    truths = (generator.random((count, 3)) < PREVALENCE).astype(float)
    base = np.log(np.array(PREVALENCE) / (1 - np.array(PREVALENCE)))
    scores = strength * generator.normal(truths * strength, 1.0) - strength**2 / 2
    three = 1 / (1 + np.exp(-(scores + base)))
    any_of = 1 - (1 - three).prod(axis=1, keepdims=True)
    targets = np.concatenate([truths, truths.max(axis=1, keepdims=True)], axis=1)
    groups = [str(patient) for patient in generator.integers(0, count // 2, count)]
    return FilmTable(np.concatenate([three, any_of], axis=1), targets, KEYS, groups)


def flagged(films: FilmTable, thresholds: dict[str, float]) -> float:
    return float(films.called(thresholds)[films.clear].any(axis=1).mean())


@pytest.fixture(scope="module")
def val() -> FilmTable:
    return drawn(700)


def test_a_film_is_clear_without_any_finding_and_good_news_is_no_flag() -> None:
    table = FilmTable(
        np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[1, 0], [0, 1]]), ["normal", "covid"], ["a", "b"]
    )
    assert table.clear.tolist() == [True, False]
    assert table.called({"normal": 0.5, "covid": 0.5}).tolist() == [[False, False], [False, True]]


@pytest.mark.parametrize("budget", [0.05, 0.1, 0.2])
def test_no_more_films_without_a_finding_are_flagged_than_the_budget_holds(
    val: FilmTable, budget: float
) -> None:
    for way in ways(val):
        share = flagged(val, set_thresholds(way, val, budget))
        assert share <= budget
        assert share > budget - 2 / val.clear.sum() - 1e-9 or way.summary_share == 0.0


def test_equal_scores_never_break_the_budget() -> None:
    films = drawn(300)
    coarse = FilmTable(np.round(films.probabilities, 1), films.targets, KEYS, films.groups)
    for way in ways(coarse):
        assert flagged(coarse, set_thresholds(way, coarse, 0.1)) <= 0.1


def test_the_budget_is_kept_on_films_left_out_of_the_choice_and_near_it_on_fresh_ones(val: FilmTable) -> None:
    choice = choose_jointly(val, [0.05, 0.1, 0.2])
    for budget, thresholds in choice.thresholds.items():
        tight = tightened(choice.way, val, budget)
        assert left_out(choice.way, val, tight).flagged.mean() <= budget
        assert flagged(drawn(20_000, seed=9), thresholds) < 1.4 * budget
    assert "Tried: " in choice.tried


def test_the_way_that_is_kept_finds_as_much_on_fresh_films_as_any_other(val: FilmTable) -> None:
    fresh = drawn(20_000, seed=11)

    def worth(way: Way) -> float:
        called = fresh.called(set_thresholds(way, val, 0.1))
        shown = (called * fresh.targets)[:, :3].sum(axis=0) / fresh.targets[:, :3].sum(axis=0)
        return float(shown.mean() + called[~fresh.clear].any(axis=1).mean()) / 2

    chosen = choose_jointly(val, [0.1]).way
    every = [worth(way) for way in ways(val)]
    assert worth(chosen) > max(every) - 0.06
    assert worth(chosen) > min(every)


def test_one_budget_for_the_film_finds_more_than_a_threshold_for_each_label_that_costs_as_much(
    val: FilmTable,
) -> None:
    """Thresholds of 95 % specificity flag far more films than 1 in 20 together."""
    points = {p.key: p for p in choose_points(val, "val", activation="sigmoid").points}
    each, joint = points["specificity_95"].thresholds, points["one_in_20"].thresholds
    assert flagged(val, each) > 2 * 0.05
    assert flagged(val, joint) <= 0.05


def test_the_points_of_a_model_with_several_findings(val: FilmTable) -> None:
    choice = choose_points(val, "natural_val: 700 films", activation="sigmoid")
    keys = [point.key for point in choice.points]
    assert keys[:3] == ["one_in_20", "one_in_10", "one_in_5"]
    assert choice.default == "one_in_10"
    by_key = {point.key: point for point in choice.points}
    assert [by_key[key].more for key in ("one_in_10", "balanced", "sensitivity_95")] == [False, True, True]
    assert by_key["one_in_10"].name.en == "1 in 10 films without a finding flagged"
    assert by_key["one_in_10"].name.said_in("es") == "1 de cada 10 placas sin hallazgos señalada"
    for label in KEYS:
        strict, middle, loose = (by_key[key].thresholds[label] for key in keys[:3])
        assert strict >= middle >= loose
    assert choice.film_score is not None
    assert choice.film_score.label == "finding"
    for point, budget in zip(choice.film_score.points, (0.1, 0.2), strict=True):
        share = (val.probabilities[val.clear, 3] >= point.threshold).mean()
        assert budget - 0.01 < share <= budget
    assert choose_points(val, "val", activation="sigmoid", default="balanced").default == "balanced"


def test_one_label_and_classes_that_exclude_each_other_keep_youden_as_the_default() -> None:
    films = drawn(400)
    alone = FilmTable(films.probabilities[:, :1], films.targets[:, :1], ["tuberculosis"], films.groups)
    choice = choose_points(alone, "val", activation="sigmoid")
    assert choice.default == "balanced"
    assert choice.film_score is not None
    assert choice.tried == ""
    one = films.probabilities[:, :1]
    classes = FilmTable(
        np.concatenate([1 - one, one * 0.7, one * 0.3], axis=1),
        np.concatenate([1 - films.targets[:, :1], films.targets[:, :1], 0 * one], axis=1),
        ["normal", "pneumonia", "covid"],
        films.groups,
    )
    choice = choose_points(classes, "val", activation="softmax")
    assert choice.default == "balanced"
    assert choice.film_score is None
    (joint,) = (point for point in choice.points if point.key == "one_in_10")
    assert flagged(classes, joint.thresholds) <= 0.1
    assert set(joint.thresholds) == {"normal", "pneumonia", "covid"}


def test_too_few_films_without_a_finding_for_a_share_offer_no_such_point() -> None:
    films = drawn(40)
    few = films.films(~films.clear | (np.cumsum(films.clear) <= 12))
    keys = [point.key for point in choose_points(few, "val", activation="sigmoid").points]
    assert "one_in_20" not in keys
    assert {"one_in_10", "one_in_5", "balanced"} <= set(keys)


def test_presets_with_the_same_thresholds_are_one() -> None:
    def point(key: str, threshold: float) -> OperatingPoint:
        return OperatingPoint(
            key=key,
            name=LocalisedText(en=key, es=key),
            explanation=LocalisedText(en="–", es="–"),
            thresholds={"a": threshold},
            chosen_on="val",
        )

    found = merged([point("x", 0.2), point("y", 0.2), point("z", 0.3)], keep="y")
    assert [one.key for one in found] == ["y", "z"]


def test_film_figures_are_counts_with_intervals(val: FilmTable) -> None:
    thresholds = dict.fromkeys(KEYS, 0.3)
    found = film_figures(val, thresholds, "test")
    called = val.called(thresholds)
    assert found.without_finding + found.with_finding == 700
    assert found.flagged is not None
    assert found.found is not None
    assert found.shown is not None
    assert found.flagged.value == pytest.approx(flagged(val, thresholds), abs=1e-5)
    assert found.found.value == pytest.approx(called[~val.clear].any(axis=1).mean(), abs=1e-5)
    assert found.shown.value == pytest.approx(called[val.clear][:, :3].sum(axis=1).mean(), abs=1e-5)
    for key, share in found.sensitivity.items():
        column = KEYS.index(key)
        assert share.value == pytest.approx(called[val.targets[:, column] > 0, column].mean(), abs=1e-5)
    assert found.flagged.low is not None
    assert found.flagged.high is not None
    assert found.flagged.low < found.flagged.value < found.flagged.high
    own = score_figures(val, "finding", 0.3, "test")
    assert own.found is not None
    assert own.found.value == pytest.approx((val.probabilities[~val.clear, 3] >= 0.3).mean(), abs=1e-5)


def test_the_free_response_curve_rises_from_nothing_to_everything(val: FilmTable) -> None:
    (way, *_) = ways(val)
    curve = free_response(val, fit_scale(way, val), "natural")
    assert curve is not None
    assert (curve.shown[0], curve.found[0]) == (0.0, 0.0)
    assert curve.shown[-1] == pytest.approx(3.0)
    assert curve.found[-1] == pytest.approx(1.0, abs=0.01)
    assert all(a <= b for a, b in zip(curve.found, curve.found[1:], strict=False))
    assert all(
        low <= value <= high
        for low, value, high in zip(curve.found_low, curve.found, curve.found_high, strict=True)
    )
    assert 10 <= len(curve.shown) <= 60
    below_one = sum(shown <= 1.0 for shown in curve.shown)
    assert below_one >= len(curve.shown) / 2, "the curve is closest where a reader's threshold lies"


def test_prevalence_in_is_the_share_of_the_films_and_half_a_film_where_there_is_none() -> None:
    targets = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert prevalence_in(targets, ["mass", "hernia"]) == {
        "mass": pytest.approx(1 / 3, abs=1e-6),
        "hernia": 0.125,
    }
    told = calibrated_at("natural_val", targets, ["mass", "hernia"], 2)
    assert told.natural
    assert told.description.en == "3 films of 2 patients at natural prevalence"
    assert told.intervals["hernia"].value == 0.0


# ---- what held-out films bear out


def _measured(
    key: str, *, flagged_low: float = 0.0, high: float = 1.0, default: str = "balanced"
) -> BundleSpec:
    """A bundle whose preset ``key`` was counted on test films."""
    table = dict.fromkeys(("effusion", "nodule"), 0.4)
    spec = spec_dict(schema_version=3)
    balanced = spec["operating_points"][0]
    rate = {"value": min(high, 0.9), "low": 0.1, "high": high}
    figures = {
        "threshold": 0.4,
        "sensitivity": rate,
        "specificity": rate,
        "ppv": None,
        "npv": None,
        "prevalence": 0.05,
        "ppv_at_prevalence": None,
        "npv_at_prevalence": None,
    }
    half = {"value": 0.5}
    label = {
        "positives": 40,
        "negatives": 40,
        "auroc": half,
        "auprc": half,
        "sensitivity": half,
        "specificity": half,
        "ece": half,
        "brier": half,
        "points": {key: figures},
    }
    preset = {
        **balanced,
        "key": key,
        "name": {"en": key},
        "thresholds": table,
        "joint": key.startswith("one_in"),
    }
    preset["achieved"] = [
        FilmFigures(
            split="test",
            without_finding=80,
            with_finding=80,
            flagged=Interval(value=max(flagged_low, 0.1), low=flagged_low, high=1.0),
        ).model_dump()
    ]
    spec |= {
        "operating_points": [balanced, preset],
        "default_operating_point": default,
        "metrics": [
            {"split": "test", "films": 80, "patients": 40, "description": {"en": "–"}, "macro": {},
             "labels": {"effusion": label, "nodule": label}}
        ],
    }  # fmt: skip
    return BundleSpec.model_validate(spec)


def test_rule_out_that_misses_too_many_is_not_offered() -> None:
    assert [p.key for p in offered(_measured("rule_out", high=0.94)).operating_points] == ["balanced"]
    assert len(offered(_measured("rule_out", high=0.97)).operating_points) == 2


def test_a_share_of_flagged_films_that_test_films_contradict_is_not_offered_and_no_default() -> None:
    spec = offered(_measured("one_in_10", flagged_low=0.11, default="one_in_10"))
    assert [point.key for point in spec.operating_points] == ["balanced"]
    assert spec.default_operating_point == "balanced"
    kept = offered(_measured("one_in_10", flagged_low=0.09, default="one_in_10"))
    assert kept.default_operating_point == "one_in_10"


def test_a_preset_of_95_percent_is_called_by_what_it_achieved() -> None:
    spec = offered(_measured("sensitivity_95", high=0.9))
    assert spec.operating_points[1].name.en == "Sensitivity 90 %, meant as 95 %"
    assert offered(_measured("sensitivity_95", high=0.96)).operating_points[1].name.en == "sensitivity_95"
