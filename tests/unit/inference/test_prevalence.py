"""Probabilities at another prevalence: held against films drawn at that prevalence."""

from __future__ import annotations

import numpy as np
import pytest
from bundle_builder import spec_dict

from cxr_dash.inference.prevalence import (
    LEAST_PREVALENCE,
    class_ratios,
    moved_prevalences,
    shift_to_prevalence,
    shift_to_prevalences,
    stated_prevalence,
)
from cxr_dash.inference.schema import BundleSpec


def _films(generator: np.random.Generator, count: int, prevalence: float) -> tuple[np.ndarray, np.ndarray]:
    """Truths, and scores whose densities with and without the finding differ by a known ratio."""
    truths = generator.random(count) < prevalence
    return truths, generator.normal(np.where(truths, 0.75, -0.75), 1.0)


def _calibrated(scores: np.ndarray, prevalence: float) -> np.ndarray:
    # of two normal densities 1.5 apart the log ratio is 1.5 times the score
    return np.asarray(1 / (1 + np.exp(-(1.5 * scores + np.log(prevalence / (1 - prevalence))))))


@pytest.mark.parametrize("prevalence", [0.02, 0.1, 0.6])
def test_shifted_probabilities_are_calibrated_on_films_resampled_to_that_prevalence(
    prevalence: float,
) -> None:
    generator = np.random.default_rng(7)
    truths, scores = _films(generator, 200_000, 0.3)
    stated = _calibrated(scores, 0.3)
    wanted = round(120_000 * prevalence)
    rows = np.concatenate(
        [
            generator.choice(np.flatnonzero(truths), wanted),
            generator.choice(np.flatnonzero(~truths), 120_000 - wanted),
        ]
    )
    moved = shift_to_prevalence(stated[rows], 0.3, prevalence)
    for low, high in zip(
        *np.quantile(moved, [np.linspace(0, 0.9, 10), np.linspace(0.1, 1, 10)]), strict=True
    ):
        inside = (moved >= low) & (moved <= high)
        assert moved[inside].mean() == pytest.approx(truths[rows][inside].mean(), abs=0.012)
    unmoved = stated[rows].mean()
    assert abs(unmoved - prevalence) > abs(moved.mean() - prevalence), "without the shift it would be wrong"


def test_a_shift_there_and_back_gives_the_probability_back_and_keeps_certainty() -> None:
    probability = np.array([0.0, 0.001, 0.4, 0.999, 1.0])
    moved = shift_to_prevalence(probability, 0.2, 0.03)
    assert moved[[0, -1]].tolist() == [0.0, 1.0]
    assert (np.diff(moved) > 0).all()
    np.testing.assert_allclose(shift_to_prevalence(moved, 0.03, 0.2), probability, atol=1e-12)


def test_only_the_labels_that_were_named_move() -> None:
    stated = {"effusion": 0.1, "nodule": 0.05}
    probabilities = np.array([[0.3, 0.2]])
    moved = shift_to_prevalences(probabilities, list(stated), stated, {"nodule": 0.5}, "sigmoid")
    assert moved[0, 0] == 0.3
    assert moved[0, 1] == pytest.approx(0.25 / (0.25 + 1 / 19))


def test_classes_that_exclude_each_other_still_add_up_and_the_others_keep_their_proportions() -> None:
    stated = {"normal": 0.5, "pneumonia": 0.3, "covid": 0.2}
    probabilities = np.array([[0.2, 0.5, 0.3]])
    moved = shift_to_prevalences(probabilities, list(stated), stated, {"covid": 0.01}, "softmax")[0]
    assert moved.sum() == pytest.approx(1.0)
    assert moved[0] / moved[1] == pytest.approx(0.2 / 0.5)
    assert moved[2] == pytest.approx(float(shift_to_prevalence(0.3, 0.2, 0.01)))


def test_a_bundle_states_its_own_prevalence_and_an_old_one_that_of_its_held_out_films() -> None:
    old = BundleSpec.model_validate(spec_dict())
    assert old.schema_version == 1
    assert stated_prevalence(old) == {"effusion": 0.5, "nodule": pytest.approx(2 / 3)}
    new = BundleSpec.model_validate(
        spec_dict(schema_version=3, prevalence={"effusion": 0.07, "nodule": 0.04})
    )
    assert stated_prevalence(new) == {"effusion": 0.07, "nodule": 0.04}
    assert moved_prevalences(new, {"nodule": 0.2}) == {"effusion": 0.07, "nodule": 0.2}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prevalence": {"effusion": 0.1}}, "one entry per label"),
        ({"film_score": {"label": "mass", "points": [], "chosen_on": "val"}}, "must be a label"),
        ({"prevalence": {"effusion": 1.1, "nodule": 0.1}}, "less than or equal to 1"),
    ],
)
def test_a_bundle_whose_film_entries_do_not_fit_its_labels_is_refused(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        BundleSpec.model_validate(spec_dict(schema_version=3, **changes))


@pytest.mark.parametrize("share", [0.0, 1e-9, 1e-4])
def test_a_prevalence_is_kept_a_ten_thousandth_away_from_none_and_all(share: float) -> None:
    assert LEAST_PREVALENCE == 1e-4
    for stated, wanted in ((0.2, share), (share, 0.2)):
        near = [max(stated, 1e-4), max(wanted, 1e-4)]
        log_odds = np.log(0.4 / 0.6) + np.subtract(*[np.log(p / (1 - p)) for p in reversed(near)])
        expected = 1 / (1 + np.exp(-log_odds))
        assert float(shift_to_prevalence(0.4, stated, wanted)) == pytest.approx(expected, rel=1e-9)
        mirrored = float(shift_to_prevalence(0.6, 1 - stated, 1 - wanted))
        assert mirrored == pytest.approx(1 - expected, rel=1e-9)


STATED = {"a": 0.5, "b": 0.3, "c": 0.2}


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        ({}, [0.5, 0.3, 0.2]),
        ({"c": 0.6}, [0.25, 0.15, 0.6]),
        ({"a": 0.1, "b": 0.2}, [0.1, 0.2, 0.7]),
        ({"a": 0.2, "b": 0.3, "c": 0.5}, [0.2, 0.3, 0.5]),
        ({"a": 1.0}, [1 - 1e-4, 1e-4, 1e-4]),
        ({"a": 0.0}, [1e-4, 0.6, 0.4]),
    ],
)
def test_what_is_left_is_shared_in_the_old_proportions(wanted: dict[str, float], after: list[float]) -> None:
    ratios = class_ratios(list(STATED), STATED, wanted)
    np.testing.assert_allclose(ratios * list(STATED.values()), after, rtol=1e-6)


def test_a_class_that_was_never_there_has_a_finite_ratio() -> None:
    stated = {"a": 1.0, "b": 0.0}
    np.testing.assert_allclose(class_ratios(["a", "b"], stated, {"a": 0.5}), [0.5 / (1 - 1e-4), 0.5 / 1e-4])


def _softmax(**changes: object) -> BundleSpec:
    return BundleSpec.model_validate(spec_dict(schema_version=3, activation="softmax", **changes))


def test_of_classes_all_move_and_of_findings_the_named_one() -> None:
    stated = {"effusion": 0.8, "nodule": 0.2}
    classes = _softmax(prevalence=stated)
    assert moved_prevalences(classes, {"nodule": 0.5}) == pytest.approx({"effusion": 0.5, "nodule": 0.5})
    assert moved_prevalences(classes, {}) == pytest.approx(stated)
    # of one label nothing is known: what is left cannot be shared
    table = spec_dict()["held_out"]
    table[0]["truths"]["nodule"] = [-1] * 4
    partly = _softmax(held_out=table)
    assert stated_prevalence(partly) == {"effusion": 0.5}
    assert moved_prevalences(partly, {"nodule": 0.3}) == {"effusion": 0.5, "nodule": 0.3}


def test_prevalences_are_counted_on_the_first_split_and_without_films_there_are_none() -> None:
    table = spec_dict()["held_out"]
    table.append({**table[0], "split": "external", "truths": {"effusion": [1] * 4, "nodule": [1] * 4}})
    table[0]["truths"]["effusion"] = [0, 1, 1, -1]
    spec = BundleSpec.model_validate(spec_dict(held_out=table))
    assert stated_prevalence(spec)["effusion"] == pytest.approx(2 / 3)
    assert stated_prevalence(BundleSpec.model_validate(spec_dict(held_out=[]))) == {}
    unmoved = shift_to_prevalences(np.array([[0.3, 0.2]]), ["a"], {"a": 0.1}, {}, "sigmoid")
    np.testing.assert_array_equal(unmoved, [[0.3, 0.2]])
