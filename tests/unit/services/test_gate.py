"""The input gate: each reason can be reached, the worst verdict counts, and what fails refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from bundle_builder import spec_dict, write_bundle

from cxr_dash.domain import (
    Box,
    FilmFacts,
    HeartMeasures,
    LungField,
    Preparation,
    Quality,
    Radiograph,
    RawOutput,
    Reason,
    ReasonCode,
    Verdict,
)
from cxr_dash.errors import BundleError, BundleNotFoundError
from cxr_dash.imaging import TONE_MEASURES, chest_phantom, quality
from cxr_dash.imaging.turn import turned
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.services.gate import check_picture, combined, installed_gate, judge_for
from cxr_dash.services.shown import Shown, judge_shown, measure_shown

KEYS = ("frontal_chest", "lateral_chest", "not_chest")
FILM = Radiograph(chest_phantom(320, 320), 8, "png", "0" * 64)
DISTANCE = {
    "mean": [0.0, 0.0, 0.0],
    "components": [[1.0, 0.0, 0.0]],
    "variances": [1.0],
    "residual_variance": 1.0,
    "warn_above": 2.0,
    "reject_above": 4.0,
    "fitted_on": "tests",
    "measured": "nothing",
}


def gate_changes() -> dict[str, Any]:
    """What makes a gate of a bundle of the tests."""
    point = spec_dict()["operating_points"][0]
    limits = {"reject": 0.4, "warn": 0.8}
    return {
        "kind": "gate",
        "labels": [{"key": key, "name": {"en": key, "es": key}} for key in KEYS],
        "activation": "softmax",
        "heat_reference": dict.fromkeys(KEYS, 1.0),
        "calibration": {
            "kind": "temperature",
            "slopes": dict.fromkeys(KEYS, 1.0),
            "intercepts": dict.fromkeys(KEYS, 0.0),
            "fitted_on": "val",
        },
        "operating_points": [
            {**point, "key": key, "thresholds": dict.fromkeys(KEYS, limit)} for key, limit in limits.items()
        ],
        "default_operating_point": "reject",
        "held_out": [],
        "out_of_distribution": DISTANCE,
    }


def output(shares: tuple[float, ...] = (0.98, 0.01, 0.01), distance: float = 0.0) -> RawOutput:
    """An answer with these probabilities, as far as that from the training films."""
    return RawOutput(
        logits=np.log(np.array(shares, np.float32)),
        cams=np.zeros((len(shares), 2, 2), np.float32),
        embedding=np.array([distance, 0.0, 0.0], np.float32),
    )


class Answering:
    """A runtime that always says the same, or fails."""

    name = "test"

    def __init__(self, answer: RawOutput | Exception) -> None:
        self.answer = answer

    def run(self, model_input: np.ndarray) -> RawOutput:
        assert model_input.shape == (64, 64, 1)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def model() -> Bundle:
    """The model that is asked, with a distance of its own."""
    return Bundle(Path("tiny"), BundleSpec.model_validate(spec_dict(out_of_distribution=DISTANCE)))


def judged(
    answer: RawOutput | Exception | None = None,
    *,
    film: Radiograph = FILM,
    model_distance: float = 0.0,
    lungs: LungField | None = None,
    shown: Preparation | None = None,
    heart: HeartMeasures | None = None,
) -> Quality:
    """The verdict with a gate that answers so."""
    bundle = Bundle(Path("gate"), BundleSpec.model_validate(spec_dict("gate", **gate_changes())))
    runtime = Answering(output() if answer is None else answer)
    said = output((0.5, 0.5), model_distance)
    seen = Shown(np.zeros((32, 32, 1), np.float32), shown) if shown else None
    checks = check_picture(film, lambda: (bundle, runtime), lungs, shown=seen, heart=heart)
    return judge_for(checks, said, model(), facts=film.facts)


def judged_by(gate: Callable[[], None], film: Radiograph = FILM, distance: float = 0.0) -> Quality:
    """The verdict with a gate that is missing, or cannot be loaded."""
    return judge_for(check_picture(film, gate), output((0.5, 0.5), distance), model(), facts=film.facts)


def judged_shown(film: Radiograph, seen: Shown, lungs: LungField | None, spec: BundleSpec) -> Quality:
    """The verdict on tilt and tone alone."""
    return judge_shown(measure_shown(film, seen, lungs), spec, lambda _shifts: None)


def lungs_of(*boxes: tuple[int, int, int, int]) -> LungField:
    """A field with lungs in these boxes: x, y, width, height on a grid of 32."""
    field = np.zeros((32, 32), np.float32)
    for x, y, width, height in boxes:
        field[y : y + height, x : x + width] = 1.0
    whole = Box(0, 0, 320, 320)
    plan = Preparation(320, 320, 0.0, 255.0, False, whole, Box(0, 0, 32, 32), 32, 32, 0.0)
    return LungField(field, plan)


def test_a_frontal_film_that_the_gate_is_sure_of_passes_without_a_word() -> None:
    lungs = lungs_of((4, 6, 9, 20), (19, 6, 9, 20))
    assert judged(lungs=lungs) == Quality(Verdict.OK)


CASES: dict[ReasonCode, tuple[Callable[[], Quality], Verdict]] = {
    ReasonCode.LATERAL_VIEW: (lambda: judged(output((0.1, 0.8, 0.1))), Verdict.REJECT),
    ReasonCode.NOT_FRONTAL_CHEST: (lambda: judged(output((0.1, 0.1, 0.8))), Verdict.REJECT),
    ReasonCode.UNKNOWN_PICTURE: (lambda: judged(output(distance=9.0)), Verdict.REJECT),
    ReasonCode.DOUBTFUL: (lambda: judged(output((0.6, 0.2, 0.2))), Verdict.WARN),
    ReasonCode.UNLIKE_TRAINING: (lambda: judged(model_distance=9.0), Verdict.WARN),
    ReasonCode.UNUSUAL_FOR_MODEL: (lambda: judged(model_distance=3.0), Verdict.WARN),
    ReasonCode.NO_LUNGS: (lambda: judged(lungs=lungs_of()), Verdict.WARN),
    ReasonCode.ONE_LUNG: (lambda: judged(lungs=lungs_of((4, 6, 9, 20))), Verdict.WARN),
    ReasonCode.LUNGS_CUT_OFF: (lambda: judged(lungs=lungs_of((0, 6, 13, 20), (19, 6, 9, 20))), Verdict.WARN),
    ReasonCode.SEEMS_MIRRORED: (
        lambda: judged(heart=HeartMeasures(0.5, None, -2.1, mirrored=True)),
        Verdict.WARN,
    ),
    ReasonCode.GATE_FAILED: (lambda: judged(RuntimeError("no memory")), Verdict.REJECT),
    ReasonCode.GATE_MISSING: (
        lambda: judged_by(lambda: None),
        Verdict.WARN,
    ),
}


@pytest.mark.parametrize("side", [3.1, -0.4, None])
def test_a_heart_on_its_usual_side_or_not_found_is_not_spoken_of(side: float | None) -> None:
    assert judged(heart=HeartMeasures(None, None, side)) == Quality(Verdict.OK)


@pytest.mark.parametrize("code", CASES)
def test_every_reason_is_given_alone_and_with_its_verdict(code: ReasonCode) -> None:
    case, verdict = CASES[code]
    assert case() == Quality(verdict, (Reason(code),))


@pytest.mark.parametrize(
    ("note", "verdict"),
    [
        (Reason(ReasonCode.DAMAGED), Verdict.REJECT),
        (Reason(ReasonCode.LEVELS_WRAPPED), Verdict.REJECT),
        (Reason(ReasonCode.FOR_PROCESSING), Verdict.WARN),
        (Reason(ReasonCode.ALPHA_IGNORED), Verdict.WARN),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_what_was_noticed_in_the_file_refuses_or_warns_whatever_the_gate_thinks(
    note: Reason, verdict: Verdict
) -> None:
    assert judged(film=replace(FILM, notes=(note,))) == Quality(verdict, (note,))


def test_a_film_that_leans_is_warned_of_or_said_to_be_straightened() -> None:
    leaning, upright = lungs_of((4, 6, 9, 20), (19, 6, 9, 20)), lungs_of((4, 6, 9, 20), (19, 6, 9, 20))
    leaning = replace(leaning, probability=turned(leaning.probability, -10.0, 0.0))
    (tilted,) = judged(lungs=leaning, shown=leaning.preparation).reasons
    assert tilted.code is ReasonCode.TILTED
    assert tilted.values["degrees"] == pytest.approx(9.0, abs=1.5)
    plan = replace(leaning.preparation, tilt_degrees=-8.25)
    straightened = Reason(ReasonCode.STRAIGHTENED, {"degrees": 8.25})
    assert judged(lungs=leaning, shown=plan) == Quality(Verdict.WARN, (straightened,))
    assert judged(lungs=upright, shown=upright.preparation) == Quality(Verdict.OK)


def toned(most_uneven_gaps: float = 0.15, limit: float = 1e6) -> dict[str, Any]:
    """The entry of a bundle with one direction: the median inside the lungs."""
    weights = [0.0] * TONE_MEASURES
    weights[2] = 1.0
    return {
        "mean": [0.0] * TONE_MEASURES,
        "scale": [1.0] * TONE_MEASURES,
        "directions": [{"key": "brightened", "weights": weights, "limit": limit}],
        "most_uneven_gaps": most_uneven_gaps,
        "fitted_on": "",
        "measured": "",
    }


@pytest.mark.parametrize(
    ("entry", "film", "level", "said"),
    [
        (None, "equalised", 200.0, False),
        (toned(), "as it is", 200.0, False),
        (toned(limit=0.5), "as it is", 200.0, True),
        (toned(limit=0.5), "as it is", 90.0, False),
        (toned(), "equalised", 90.0, True),
    ],
    ids=["nothing is known", "all alike", "brighter lungs", "dark lungs", "uneven gaps"],
)
def test_a_tone_unlike_the_training_films_is_said(
    entry: dict[str, Any] | None, film: str, level: float, said: bool
) -> None:
    lungs = lungs_of((4, 6, 9, 20), (19, 6, 9, 20))
    pixels = FILM.pixels if film == "as it is" else cv2.equalizeHist(FILM.pixels)
    bundle = Bundle(Path("tiny"), BundleSpec.model_validate(spec_dict(tone=entry)))
    seen = Shown(np.full((32, 32, 1), level, np.float32), lungs.preparation)
    quality = judged_shown(replace(FILM, pixels=pixels), seen, lungs, bundle.spec)
    expected = (Reason(ReasonCode.TONE_UNUSUAL),) if said else ()
    assert quality == Quality(Verdict.WARN if said else Verdict.OK, expected)


def test_without_a_segmenter_the_stored_levels_alone_speak_of_the_tone() -> None:
    plan = lungs_of().preparation
    seen = Shown(np.full((32, 32, 1), 200.0, np.float32), plan)
    bundle = Bundle(Path("tiny"), BundleSpec.model_validate(spec_dict(tone=toned(limit=0.5))))
    equalised = replace(FILM, pixels=cv2.equalizeHist(FILM.pixels))
    assert judged_shown(FILM, seen, None, bundle.spec) == Quality(Verdict.OK)
    assert judged_shown(equalised, seen, None, bundle.spec).codes == [ReasonCode.TONE_UNUSUAL]


def test_a_lean_too_large_to_undo_is_warned_of() -> None:
    field = lungs_of((4, 6, 9, 20), (19, 6, 9, 20))
    field = replace(field, probability=turned(field.probability, 22.0, 0.0))
    reasons = {reason.code: reason for reason in judged(lungs=field, shown=field.preparation).reasons}
    assert reasons[ReasonCode.TILTED].values["degrees"] == pytest.approx(20.0, abs=3)


@pytest.mark.parametrize(
    ("facts", "reason", "verdict"),
    [
        (FilmFacts(projection="LATERAL"), Reason(ReasonCode.LATERAL_BY_TAG), Verdict.REJECT),
        (
            FilmFacts(body_part="HAND"),
            Reason(ReasonCode.OTHER_BODY_PART, {"body_part": "HAND"}),
            Verdict.REJECT,
        ),
        (FilmFacts(mirrored=True), Reason(ReasonCode.MIRRORED), Verdict.WARN),
    ],
)
def test_what_the_file_says_of_the_film_refuses_or_warns_whatever_the_gate_thinks(
    facts: FilmFacts, reason: Reason, verdict: Verdict
) -> None:
    assert judged(film=replace(FILM, facts=facts)) == Quality(verdict, (reason,))


def test_the_distance_of_the_gate_itself_raises_doubt_before_it_refuses() -> None:
    assert judged(output(distance=3.0)) == Quality(Verdict.WARN, (Reason(ReasonCode.DOUBTFUL),))


@pytest.mark.parametrize(
    ("distance", "code"),
    [(2.0, None), (2.01, ReasonCode.UNUSUAL_FOR_MODEL), (4.0, ReasonCode.UNUSUAL_FOR_MODEL)],
)
def test_a_film_at_a_limit_of_distance_is_still_within(distance: float, code: ReasonCode | None) -> None:
    assert judged(model_distance=distance).codes == ([code] if code else [])


@pytest.mark.parametrize(
    "broken",
    [
        output((float("nan"), 0.5, 0.5)),
        output(distance=float("nan")),
        RawOutput(np.zeros(2, np.float32), np.zeros((2, 2, 2), np.float32), np.zeros(3, np.float32)),
        MemoryError("none left"),
    ],
    ids=["probability is NaN", "distance is NaN", "a label is missing", "it raises"],
)
def test_a_gate_that_cannot_answer_refuses(broken: RawOutput | Exception) -> None:
    assert judged(broken) == Quality(Verdict.REJECT, (Reason(ReasonCode.GATE_FAILED),))


def test_a_model_whose_distance_is_no_number_refuses() -> None:
    assert judged(model_distance=float("nan")) == Quality(Verdict.REJECT, (Reason(ReasonCode.GATE_FAILED),))


def test_a_gate_that_cannot_be_loaded_refuses() -> None:
    def failing() -> None:
        raise BundleNotFoundError("gone")

    quality = judged_by(failing)
    assert quality == Quality(Verdict.REJECT, (Reason(ReasonCode.GATE_FAILED),))


def test_reasons_of_a_refusal_stand_before_warnings_and_each_once() -> None:
    quality = judged(output((0.1, 0.8, 0.1)), model_distance=3.0, lungs=lungs_of((4, 6, 9, 20)))
    assert quality.verdict is Verdict.REJECT
    assert quality.codes == ["lateral_view", "one_lung", "unusual_for_model"]
    small, tilted = Reason(ReasonCode.LOW_RESOLUTION), Reason(ReasonCode.TILTED, {"degrees": 8.0})
    twice = combined([Quality(Verdict.WARN, (small,)), Quality(Verdict.WARN, (small, tilted))])
    assert twice == Quality(Verdict.WARN, (small, tilted))


@pytest.mark.parametrize("code", [ReasonCode.NOT_UPRIGHT, ReasonCode.HARDLY_UPRIGHT])
def test_what_the_gate_says_in_its_own_words_is_not_said_twice_and_otherwise_stays(code: ReasonCode) -> None:
    lying, blurred = Reason(code), Reason(ReasonCode.LOW_RESOLUTION)
    plain = Quality(Verdict.WARN, (lying, blurred))
    assert combined([plain]) == plain
    other = Reason(ReasonCode.NOT_FRONTAL_CHEST)
    both = combined([plain, Quality(Verdict.REJECT, (other,))])
    assert both == Quality(Verdict.REJECT, (other, blurred))


def test_a_gate_that_is_sure_overrules_what_grey_levels_only_suggest() -> None:
    # a small film on a dark, uneven ground, which is no margin
    framed = np.random.default_rng(1).integers(0, 50, (900, 900), np.uint8)
    framed[290:610, 290:610] = FILM.pixels
    film = Radiograph(framed, 8, "png", "0" * 64)
    assert quality.check_film(film).verdict is Verdict.REJECT
    assert judged(film=film).verdict is Verdict.WARN
    assert judged(output((0.6, 0.2, 0.2)), film=film).verdict is Verdict.REJECT
    assert judged_by(lambda: None, film).verdict is Verdict.REJECT


def test_lungs_that_are_missing_and_films_far_from_training_refuse_only_where_the_gate_is_in_doubt() -> None:
    doubt = output((0.6, 0.2, 0.2))
    without = judged(doubt, lungs=lungs_of())
    assert without == Quality(Verdict.REJECT, (Reason(ReasonCode.NO_LUNGS), Reason(ReasonCode.DOUBTFUL)))
    far = judged(doubt, model_distance=9.0)
    assert far == Quality(Verdict.REJECT, (Reason(ReasonCode.UNLIKE_TRAINING), Reason(ReasonCode.DOUBTFUL)))
    ungated = judged_by(lambda: None, distance=9.0)
    assert ungated == Quality(
        Verdict.REJECT, (Reason(ReasonCode.UNLIKE_TRAINING), Reason(ReasonCode.GATE_MISSING))
    )


def test_plain_checks_still_refuse_what_the_gate_would_let_pass() -> None:
    flat = Radiograph(np.full((300, 300), 128, np.uint8), 8, "png", "0" * 64)
    assert judged(film=flat).verdict is Verdict.REJECT


def test_a_folder_without_a_gate_has_none_and_one_with_a_damaged_gate_says_so(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    assert installed_gate(Catalog(tmp_path), RuntimePool()) is None
    write_bundle(tmp_path, "gate", **gate_changes(), files={"serving.tflite": "0" * 64})
    with pytest.raises(BundleError, match="gate"):
        installed_gate(Catalog(tmp_path), RuntimePool())
