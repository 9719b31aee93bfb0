"""Limits by which an answer is given or not: exactly at one, and one step beside it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from bundle_builder import spec_dict
from export_material import analysis_of, bundle_of, film_file
from test_gate import DISTANCE, FILM, gate_changes, judged, judged_by, lungs_of, output

from cxr_dash.domain import (
    HeartMeasures,
    Quality,
    Reason,
    ReasonCode,
    Verdict,
)
from cxr_dash.errors import BundleMismatchError, RequestError
from cxr_dash.imaging import DEAD_BAND
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.services import gate as gates
from cxr_dash.services import shown as showns
from cxr_dash.services.exports import cut_of
from cxr_dash.services.gate import check_picture, combined, installed_gate, judge_for
from cxr_dash.services.prevalence import _along, at_prevalence, check_prevalences
from cxr_dash.services.report.measured import measure, point_in_force

LABELS = [(key, key.title(), key.title()) for key in ("effusion", "nodule")]
BUNDLE = bundle_of(LABELS, schema_version=3, prevalence={"effusion": 0.1, "nodule": 0.2})
CLASSES = bundle_of(
    LABELS, schema_version=3, prevalence={"effusion": 0.4, "nodule": 0.6}, activation="softmax"
)
OK = Quality(Verdict.OK)


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ((0.41, 0.3, 0.29), ReasonCode.DOUBTFUL),
        ((0.39, 0.31, 0.3), ReasonCode.LATERAL_VIEW),
        ((0.39, 0.3, 0.31), ReasonCode.NOT_FRONTAL_CHEST),
        ((0.79, 0.11, 0.1), ReasonCode.DOUBTFUL),
        ((0.81, 0.1, 0.09), None),
    ],
)
def test_the_gate_refuses_below_one_limit_and_doubts_below_another(
    shares: tuple[float, float, float], code: ReasonCode | None
) -> None:
    assert judged(output(shares)).codes == ([code] if code else [])


@pytest.mark.parametrize(
    ("share", "verdict"),
    [(0.5, Verdict.OK), (0.49, Verdict.WARN), (0.25, Verdict.WARN), (0.24, Verdict.REJECT)],
)
def test_a_share_at_a_limit_of_the_gate_is_still_within(
    monkeypatch: pytest.MonkeyPatch, share: float, verdict: Verdict
) -> None:
    table = gate_changes()
    for point, limit in zip(table["operating_points"], (0.25, 0.5), strict=True):
        point["thresholds"] = dict.fromkeys(point["thresholds"], limit)
    bundle = Bundle(Path("gate"), BundleSpec.model_validate(spec_dict("gate", **table)))
    monkeypatch.setattr(gates, "calibrated_probabilities", lambda *_: np.array([share, 1 - share, 0.0]))
    runtime = SimpleNamespace(run=lambda _: output())
    assert gates._taken_for(FILM, (bundle, cast("Any", runtime))).verdict is verdict


@pytest.mark.parametrize(
    ("boxes", "code"),
    [
        ([(4, 6, 9, 20), (19, 6, 9, 20)], None),
        ([(4, 0, 9, 20), (19, 6, 9, 20)], ReasonCode.LUNGS_CUT_OFF),
        ([(4, 6, 9, 20), (19, 6, 13, 20)], ReasonCode.LUNGS_CUT_OFF),
        ([(0, 6, 9, 20), (19, 6, 9, 20)], ReasonCode.LUNGS_CUT_OFF),
        ([(4, 6, 9, 26), (19, 6, 9, 20)], None),
    ],
    ids=["inside", "top", "right", "left", "bottom: a belly may hide it"],
)
def test_lungs_are_whole_where_they_touch_no_edge_but_the_lower(boxes: Any, code: ReasonCode | None) -> None:
    assert gates._lungs(lungs_of(*boxes)).codes == ([code] if code else [])


def test_a_heart_whose_side_is_no_number_never_passes() -> None:
    with pytest.raises(FloatingPointError, match="the heart's side must be a number"):
        gates._side(HeartMeasures(None, None, float("nan"), mirrored=False))
    heart = HeartMeasures(None, None, float("nan"), mirrored=False)
    assert judged(heart=heart).codes == [ReasonCode.GATE_FAILED]


@pytest.mark.parametrize("side", [None, 1.0])
def test_a_heart_whose_side_is_not_known_is_not_called_mirrored(side: float | None) -> None:
    heart = HeartMeasures(None, None, side, mirrored=True)
    assert (gates._side(heart) == OK) is (side is None)


def test_of_several_opinions_the_worst_counts_and_of_none_nothing_is_wrong() -> None:
    assert combined([]) == OK
    assert combined([OK, Quality(Verdict.WARN, (Reason(ReasonCode.DOUBTFUL),)), OK]).verdict is Verdict.WARN


def test_a_gate_that_was_refused_is_not_taken_for_none() -> None:
    def installed(tool: Any, broken: dict[str, str]) -> Any:
        catalog = SimpleNamespace(tool=lambda _: tool, broken=lambda: broken)
        return installed_gate(cast("Any", catalog), cast("Any", SimpleNamespace(get=lambda one: f"of {one}")))

    assert installed(None, {}) is None
    assert installed(None, {"other": "x"}) is None
    assert installed("gate", {"gate": "x"}) == ("gate", "of gate")
    with pytest.raises(BundleMismatchError, match="cannot be used: changed"):
        installed(None, {"gate": "changed"})


def test_a_film_whose_tone_cannot_be_measured_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise ValueError

    seen = showns.Shown(np.zeros((32, 32, 1), np.float32), lungs_of().preparation)
    model = Bundle(Path("tiny"), BundleSpec.model_validate(spec_dict(out_of_distribution=DISTANCE)))
    monkeypatch.setattr(gates, "measure_shown", fails)
    for shown, failed in ((seen, True), (None, False)):
        checks = check_picture(FILM, lambda: None, shown=shown)
        assert (checks.failed, checks.shown) == (failed, None)
        quality = judge_for(checks, output((0.5, 0.5)), model, facts=FILM.facts)
        assert (ReasonCode.GATE_FAILED in quality.codes) is failed
    assert judged_by(lambda: None).codes == [ReasonCode.GATE_MISSING]


@pytest.mark.parametrize(
    ("tilt", "said"),
    [(None, None), (DEAD_BAND, None), (-DEAD_BAND, None), (DEAD_BAND + 0.126, 0.13), (-DEAD_BAND - 0.5, 0.5)],
)
def test_a_lean_beyond_the_dead_band_is_said_to_a_hundredth_of_a_degree(
    monkeypatch: pytest.MonkeyPatch, tilt: float | None, said: float | None
) -> None:
    field = lungs_of((4, 6, 9, 20), (19, 6, 9, 20))
    monkeypatch.setattr(showns.imaging, "measure_tilt", lambda _: tilt)
    reasons = showns._tilt(field.preparation, field)
    assert [reason.code for reason in reasons] == ([ReasonCode.TILTED] if said else [])
    if said:
        assert reasons[0].values["degrees"] == pytest.approx(DEAD_BAND + said, abs=1e-9)
    assert showns._tilt(field.preparation, None) == ()
    monkeypatch.setattr(showns.imaging, "measure_tilt", lambda _: float("nan"))
    with pytest.raises(FloatingPointError, match="tilt of the lungs"):
        showns._tilt(field.preparation, field)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"effusion": 1e-4}, None),
        ({"effusion": 1 - 1e-4}, None),
        ({"effusion": 9.9e-5}, "must be between 0.0001 and 0.9999"),
        ({"effusion": 0.99991}, "must be between 0.0001 and 0.9999"),
        ({"effusion": 0.7, "nodule": 0.7}, None),
    ],
)
def test_a_prevalence_may_be_a_ten_thousandth_and_findings_need_not_add_up(
    wanted: dict[str, float], words: str | None
) -> None:
    if words is None:
        check_prevalences(wanted, BUNDLE.spec)
        return
    with pytest.raises(RequestError, match=words):
        check_prevalences(wanted, BUNDLE.spec)


def test_classes_may_add_up_to_all_films_and_one_whose_prevalence_is_not_known_cannot_move() -> None:
    check_prevalences({"effusion": 0.5, "nodule": 0.5}, CLASSES.spec)
    with pytest.raises(RequestError, match=r"add up to at most 1; received 1\.01"):
        check_prevalences({"effusion": 0.51, "nodule": 0.5}, CLASSES.spec)
    with pytest.raises(RequestError, match="does not say at which prevalence"):
        check_prevalences({"effusion": 0.5}, bundle_of(LABELS, held_out=[]).spec)


@pytest.mark.parametrize(
    ("cut", "before", "after", "moved"),
    [
        (0.5, 0.5, 0.2, 0.2),
        (0.3, 0.5, 0.5, 0.3),
        (0.0, 0.5, 0.2, 0.0),
        (1.0, 0.5, 0.2, 1.0),
        (0.3, 0.0, 0.2, 0.3),
        (0.3, 1.0, 0.2, 0.3),
        # odds of 1 became 1/4: those of the threshold, 3/7, become 3/28
        (0.3, 0.5, 0.2, 3 / 31),
        (0.3, 2e-12, 4e-12, 6 / 13),
    ],
)
def test_a_cut_moves_by_the_factor_of_the_odds_where_there_are_odds(
    cut: float, before: float, after: float, moved: float
) -> None:
    assert _along(cut, before, after) == pytest.approx(moved, rel=1e-6)


def test_without_a_wish_nothing_is_calculated() -> None:
    analysis = analysis_of(film_file(), BUNDLE, [0.6, 0.3])
    assert at_prevalence(analysis, BUNDLE.spec, {}) is analysis
    moved = at_prevalence(analysis, BUNDLE.spec, {"nodule": 0.5})
    assert [one.prevalence for one in moved.findings] == [0.1, 0.5]
    assert cut_of(moved.findings[0], {}) == 0.5


@pytest.mark.parametrize(("ill", "well", "external"), [(10, 10, True), (9, 10, False), (10, 9, False)])
def test_films_of_other_hospitals_count_from_ten_of_each_kind_on(ill: int, well: int, external: bool) -> None:
    own = BUNDLE.spec.held_out[0].model_dump()
    truths = {key: [1] * ill + [0] * well for key in ("effusion", "nodule")}
    shares = {key: [0.5] * (ill + well) for key in truths}
    other = own | {"split": "external", "truths": truths, "probabilities": shares}
    spec = bundle_of(LABELS, held_out=[own, other]).spec
    found = measure(spec, "nodule", 0.5, None)
    assert found is not None
    assert (found.held_out.split == "external") is external
    assert measure(spec, "nodule", 0.5, "external").held_out.split == "external"  # type: ignore[union-attr]
    assert measure(bundle_of(LABELS, held_out=[]).spec, "nodule", 0.5, None) is None


def test_a_film_at_the_threshold_is_found_and_none_gives_no_share() -> None:
    held = BUNDLE.spec.held_out[0].model_dump()
    held |= {"probabilities": {key: [0.5, 0.5, 0.2] for key in ("effusion", "nodule")}}
    held |= {"truths": {"effusion": [1, 0, -1], "nodule": [1, 1, 1]}}
    spec = bundle_of(LABELS, held_out=[held]).spec
    one, other = measure(spec, "effusion", 0.5, None), measure(spec, "nodule", 0.51, None)
    assert one is not None
    assert other is not None
    assert (one.sensitivity.value, one.sensitivity.films) == (1.0, 1)
    assert (one.specificity.value, one.specificity.films) == (0.0, 1)
    assert (other.sensitivity.value, other.specificity.films) == (0.0, 0)
    assert np.isnan(other.specificity.value)


@pytest.mark.parametrize(
    ("away", "named"), [(0.0, True), (9e-10, True), (-9e-10, True), (2e-9, False), (-2e-9, False)]
)
def test_a_threshold_is_a_points_own_within_what_json_rounds(away: float, named: bool) -> None:
    assert (point_in_force(BUNDLE.spec, "nodule", 0.5 + away) is not None) is named
