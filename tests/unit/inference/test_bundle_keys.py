"""What a bundle may say: its keys and limits are published, and the entries of one agree with each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bundle_builder import KEYS, spec_dict
from bundle_keys import KEPT, as_published
from pydantic import ValidationError
from segmenter_builder import segmenter_dict

from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_age import AgeGroup
from cxr_dash.inference.schema_epochs import TrainedPhase
from cxr_dash.inference.schema_figures import Interval
from cxr_dash.inference.schema_localisation import LabelPlace
from cxr_dash.inference.schema_segmenter import SegmenterSpec
from cxr_dash.inference.schema_strength import LabelStrength, StrengthCounts
from cxr_dash.inference.schema_tone import Tone

KEPT_KEYS: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
DIGEST = "ab" * 32
AGE = {
    "trunk": {"id": "findings", "sha256": DIGEST},
    "children_below_years": 6,
    "adults_from_years": 18,
    "adult_below": 0.2,
    "child_above": 0.8,
    "chosen_on": "val",
}
STRENGTH = {"moderate": 1.0, "strong": 2.0, "full": 3.0, "chosen_on": "val"}
TONE = {
    "mean": [0.0] * 27,
    "scale": [1.0] * 27,
    "directions": [{"key": "gamma", "weights": [1.0] * 27, "limit": 3.0}],
    "most_uneven_gaps": 1.0,
    "fitted_on": "train",
    "measured": "",
}


def test_keys_and_limits_are_those_that_were_published() -> None:
    now = as_published()
    assert sorted(now) == sorted(KEPT_KEYS)
    assert {key: entry for key, entry in now.items() if entry != KEPT_KEYS[key]} == {}


def test_no_number_of_a_bundle_is_nan_or_without_end_and_none_is_changed_afterwards() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValidationError, match="finite number"):
            Interval(value=value)
    with pytest.raises(ValidationError, match="frozen"):
        Interval(value=0.5).value = 0.6  # type: ignore[misc]


def test_what_is_left_out_is_not_claimed() -> None:
    spec = BundleSpec.model_validate(spec_dict())
    assert (spec.operating_points[0].joint, spec.operating_points[0].more) == (False, False)
    assert spec.kind == "classifier"
    empty = (spec.audits, spec.localisation, spec.free_response, spec.not_looked_for, spec.calibration.steps)
    assert empty == ([], [], [], [], {})
    assert SegmenterSpec.model_validate(segmenter_dict()).structures == ["lungs"]


@pytest.mark.parametrize("log", [None, {"phases": [{"name": "head", "epochs": 1, "kept": 1, "figures": {}}]}])
def test_a_training_log_is_written_only_where_there_is_one(log: dict[str, Any] | None) -> None:
    spec = BundleSpec.model_validate(spec_dict() | ({"training_log": log} if log else {}))
    assert ("training_log" in json.loads(spec.model_dump_json())) is (log is not None)


@pytest.mark.parametrize(
    ("structures", "good"),
    [
        (["lungs"], True),
        (["lungs", "heart"], True),
        (["heart", "lungs"], True),
        (["heart"], False),
        (["lungs", "lungs"], False),
        (["lungs", "heart", "lungs"], False),
        ([], False),
    ],
)
def test_a_segmenter_draws_lungs_and_nothing_twice(structures: list[str], good: bool) -> None:
    table = segmenter_dict(structures=structures)
    if good:
        assert SegmenterSpec.model_validate(table).structures == structures
        return
    with pytest.raises(ValidationError, match=r"lungs among them|at least 1 item"):
        SegmenterSpec.model_validate(table)


@pytest.mark.parametrize(("adult", "child", "good"), [(0.2, 0.8, True), (0.5, 0.5, True), (0.51, 0.5, False)])
def test_an_adult_is_told_below_a_child(adult: float, child: float, good: bool) -> None:
    table = AGE | {"adult_below": adult, "child_above": child}
    if good:
        assert AgeGroup.model_validate(table).child_above == child
        return
    with pytest.raises(ValidationError, match=r"adult_below <= child_above; received 0\.51, 0\.5"):
        AgeGroup.model_validate(table)


@pytest.mark.parametrize(
    ("kind", "file", "good"),
    [
        ("gate", "age_group.npz", True),
        ("gate", "other.npz", False),
        ("classifier", "age_group.npz", False),
        ("classifier", "other.npz", False),
    ],
)
def test_ages_are_told_by_a_gate_that_has_the_file(kind: str, file: str, good: bool) -> None:
    table = spec_dict(kind=kind, age_group=AGE, files={file: DIGEST})
    if good:
        assert BundleSpec.model_validate(table).age_group is not None
        return
    with pytest.raises(ValidationError, match="`age_group` belongs to a gate, with the file"):
        BundleSpec.model_validate(table)


@pytest.mark.parametrize(("kind", "straighten"), [("gate", False), ("classifier", True), ("gate", True)])
def test_a_gate_sees_films_as_they_were_sent(kind: str, straighten: bool) -> None:
    table = spec_dict(kind=kind, preparation={"height": 64, "width": 64, "straighten": straighten})
    if kind == "gate" and straighten:
        with pytest.raises(ValidationError, match="its `straighten` must be false"):
            BundleSpec.model_validate(table)
        return
    assert BundleSpec.model_validate(table).preparation.straighten is straighten


@pytest.mark.parametrize(
    ("peaks", "good"),
    [((1.0, 2.0, 3.0), True), ((2.0, 2.0, 2.0), True), ((2.1, 2.0, 3.0), False), ((1.0, 3.1, 3.0), False)],
)
def test_heat_grows_from_moderate_to_full(peaks: tuple[float, float, float], good: bool) -> None:
    table = STRENGTH | dict(zip(("moderate", "strong", "full"), peaks, strict=True))
    if not good:
        with pytest.raises(ValidationError, match="moderate <= strong <= full"):
            LabelStrength.model_validate(table)
        return
    scale = LabelStrength.model_validate(table).scale
    assert (scale.moderate, scale.strong, scale.full) == peaks


def test_a_label_that_was_not_measured_has_no_scale() -> None:
    spec = BundleSpec.model_validate(spec_dict(strength={KEYS[0]: STRENGTH}))
    scale = spec.heat_scale(KEYS[0])
    assert scale is not None
    assert scale.full == 3.0
    assert spec.heat_scale(KEYS[1]) is None


def test_films_of_every_strength_are_counted_once() -> None:
    counts = StrengthCounts(none=1, weak=20, moderate=300, strong=4000)
    assert counts.films == 4321
    assert [counts.of(word) for word in ("none", "weak", "moderate", "strong")] == [1, 20, 300, 4000]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale": [1.0] * 26 + [0.0]}, "`scale` of the tone must be above 0"),
        ({"scale": [1.0] * 26 + [-1.0]}, "`scale` of the tone must be above 0"),
        ({"directions": TONE["directions"] * 2}, "must differ; received gamma, gamma"),  # type: ignore[operator]
        ({"most_uneven_gaps": 1.001}, "less than or equal to 1"),
        ({"most_uneven_gaps": 0.0}, "greater than 0"),
    ],
)
def test_a_tone_that_cannot_be_measured_against_is_refused(changes: dict[str, Any], words: str) -> None:
    assert Tone.model_validate(TONE | {"scale": [1e-9] * 27}).most_uneven_gaps == 1.0
    with pytest.raises(ValidationError, match=words):
        Tone.model_validate(TONE | changes)


@pytest.mark.parametrize(
    ("kept", "values", "words"),
    [
        (0, 3, None),
        (3, 3, None),
        (4, 3, "must be one of 3 epochs; received 4"),
        (1, 2, "`loss` must have 3 values; received 2"),
        (1, 4, "`loss` must have 3 values; received 4"),
    ],
)
def test_a_phase_keeps_one_of_its_epochs_and_has_a_value_for_each(
    kept: int, values: int, words: str | None
) -> None:
    table = {"name": "head", "epochs": 3, "kept": kept, "figures": {"loss": [0.5] * values}}
    if words is None:
        assert TrainedPhase.model_validate(table).kept == kept
        return
    with pytest.raises(ValidationError, match=words):
        TrainedPhase.model_validate(table)


@pytest.mark.parametrize(
    ("films", "low", "better"),
    [(10, 0.01, True), (9, 0.01, False), (10, 0.0, False), (10, None, False), (10, -0.01, False)],
)
def test_a_label_knows_the_place_where_its_gain_over_a_template_is_certain(
    films: int, low: float | None, better: bool
) -> None:
    other = Interval(value=0.5)
    place = LabelPlace(
        films=films,
        splits="test",
        pointing=other,
        template=other,
        gain=Interval(value=0.2, low=low, high=0.4),
    )
    assert place.better is better


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prevalence": {}}, None),
        ({"prevalence": dict.fromkeys(KEYS, 0.2)}, None),
        ({"prevalence": {KEYS[0]: 0.2}}, "one entry per label"),
        ({"film_score": {"label": KEYS[1], "points": [], "chosen_on": "val"}}, None),
        (
            {"film_score": {"label": "x", "points": [], "chosen_on": "val"}},
            "must be a label",
        ),
        ({"strength": {KEYS[0]: STRENGTH}}, None),
        ({"strength": dict.fromkeys(KEYS, STRENGTH)}, None),
        ({"strength": {"x": STRENGTH}}, "`strength` must be of labels"),
        ({"not_looked_for": [{"key": "x", "name": {"en": "X"}}]}, None),
        ({"not_looked_for": [{"key": KEYS[1], "name": {"en": "X"}}]}, r"received \['nodule'\]"),
        ({"labels": [{"key": KEYS[0], "name": {"en": "X"}}] * 2}, "unique keys"),
        ({"held_out": []}, None),
    ],
)
def test_tables_by_label_name_the_labels_there_are(changes: dict[str, Any], words: str | None) -> None:
    if words is None:
        assert BundleSpec.model_validate(spec_dict() | changes).label_keys == list(KEYS)
        return
    with pytest.raises(ValidationError, match=words):
        BundleSpec.model_validate(spec_dict() | changes)


@pytest.mark.parametrize(
    ("probabilities", "truths", "good"), [(4, 4, True), (3, 3, False), (4, 3, False), (3, 4, False)]
)
def test_films_held_out_are_as_many_for_every_label(probabilities: int, truths: int, good: bool) -> None:
    (held,) = spec_dict()["held_out"]
    held["probabilities"]["nodule"] = [0.5] * probabilities
    held["truths"]["nodule"] = [1] * truths
    if good:
        assert BundleSpec.model_validate(spec_dict(held_out=[held])).held_out[0].split == "test"
        return
    with pytest.raises(ValidationError, match="as many probabilities as truths"):
        BundleSpec.model_validate(spec_dict(held_out=[held]))
