"""The input gate: may a model be asked about this picture? All checks in one verdict; what fails, refuses.

What is asked, in this order: what the file says of view, body part and patient, and, where it does not say
the age, whether a child or an adult is seen (``population``); what was noticed while the file was read; what
the bundle ``gate`` takes the picture for; how the film was shown to the model: straightened, or leaning, in a
tone it knows (``shown``); plain checks of grey levels and shape (``imaging.quality``); whether lungs were
found in it, and both, and whole; whether they lie the other way round; how far it lies from what the model
itself learned from. Each check answers by itself, the worst verdict counts, its reasons come first.
Reasons are codes; ``language.reasons`` has their sentences.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import (
    FilmFacts,
    HeartMeasures,
    LungField,
    Quality,
    Radiograph,
    RawOutput,
    Reason,
    ReasonCode,
    Verdict,
)
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.distribution import embedding_distance
from cxr_dash.inference.runtime import Runtime, RuntimePool
from cxr_dash.services.age_group import AgeGuess
from cxr_dash.services.population import check_population
from cxr_dash.services.shown import Shown, ShownMeasures, judge_shown, measure_shown

logger = logging.getLogger(__name__)

FRONTAL, LATERAL = "frontal_chest", "lateral_chest"

# What other checks only suggest: a film in a wide black frame is mostly black too, lungs may be white with
# disease, and a model may know few films like this one. A gate that is sure of a frontal film is believed
# instead, and the rest becomes a warning; colour, missing tones and failures are facts, and stay.
_OVERRULED = {
    *(ReasonCode.NO_LUNGS, ReasonCode.UNLIKE_TRAINING),
    *(ReasonCode.ONE_FLAT_TONE, ReasonCode.MOSTLY_BLACK, ReasonCode.MOSTLY_WHITE, ReasonCode.NOT_UPRIGHT),
    *(ReasonCode.HARDLY_UPRIGHT, ReasonCode.INVERTED),
}
# What was noticed while the file was read and makes an answer meaningless; anything else is said beside it.
_NOTES_THAT_REFUSE = {
    *(ReasonCode.DAMAGED, ReasonCode.LEVELS_WRAPPED, ReasonCode.TWO_FILMS),
}
_SAID_BY_THE_GATE = {ReasonCode.NOT_UPRIGHT, ReasonCode.HARDLY_UPRIGHT}
_OK = Quality(Verdict.OK)
_FAILED = Quality(Verdict.REJECT, (Reason(ReasonCode.GATE_FAILED),))
_SEVERITY = {Verdict.REJECT: 0, Verdict.WARN: 1, Verdict.OK: 2}


@dataclass(frozen=True, slots=True, eq=False)
class PictureChecks:
    """The opinions on a picture that are the same whichever model is asked.

    Attributes
    ----------
    said, plain, taken, lungs, side : Quality
        The file as it was read; grey levels and shape; what the gate's network takes it for; the lungs.
    shown : ShownMeasures or None
        None where the film's tilt and tone were not looked at, or could not be measured: ``failed``.
    """

    said: Quality
    plain: Quality
    taken: Quality
    lungs: Quality
    side: Quality
    shown: ShownMeasures | None = None
    failed: bool = False


def check_picture(
    radiograph: Radiograph,
    gate: Callable[[], tuple[Bundle, Runtime] | None],
    lungs: LungField | None = None,
    *,
    shown: Shown | None = None,
    heart: HeartMeasures | None = None,
) -> PictureChecks:
    """Ask all that needs the film's pixels.

    Parameters
    ----------
    radiograph : Radiograph
    gate : callable
        Gives the bundle ``gate`` and its runtime, or None where the models folder has none. It is called
        here, so that a gate that cannot be loaded refuses like one that cannot answer.
    lungs : LungField, optional
        None where no segmenter is installed: the lungs are then not looked at.
    shown : Shown, optional
        What the model was shown; without it tilt and tone are not looked at.
    heart : HeartMeasures, optional
        None where no segmenter draws the heart: its side is then not looked at.

    Returns
    -------
    PictureChecks
        Never raises: a check that does, or that gives no number, refuses the film.
    """
    measured, failed = None, False
    if shown is not None:
        try:
            measured = measure_shown(radiograph, shown, lungs)
        except Exception as error:
            # as in `_closed`: what could not be measured refuses the film
            logger.error("a check of the input gate failed: %r", error)
            failed = True
    return PictureChecks(
        said=_closed(lambda: _noted(radiograph)),
        plain=_closed(lambda: imaging.check_film(radiograph)),
        taken=_closed(lambda: _taken_for(radiograph, gate())),
        lungs=_closed(lambda: _lungs(lungs)),
        side=_closed(lambda: _side(heart)),
        shown=measured,
        failed=failed,
    )


def judge_for(
    checks: PictureChecks,
    raw: RawOutput,
    bundle: Bundle,
    *,
    facts: FilmFacts,
    guess: Callable[[], AgeGuess | None] = lambda: None,
    tell_tone: Callable[[dict[str, float]], None] = lambda _shifts: None,
) -> Quality:
    """Judge one film for one model.

    Parameters
    ----------
    checks : PictureChecks
        Of the film.
    raw : RawOutput
        What the model said; only its embedding is looked at.
    bundle : Bundle
        The model's own.
    facts : FilmFacts
        What the file says.
    guess : callable
        Gives what age group the film looks like, or None; called here for the same reason as ``gate`` of
        :func:`check_picture`.
    tell_tone : callable
        Is told where the film lies along each of the model's directions of tone, where that was measured.

    Returns
    -------
    Quality
        Never raises: a check that does, or that gives no number, refuses the film.
    """
    plain, rest = checks.plain, [checks.lungs, checks.side, _closed(lambda: _distance(raw, bundle))]
    if checks.taken == _OK:
        plain, rest = _overruled(plain), [_overruled(opinion) for opinion in rest]
    whom = _closed(lambda: check_population(bundle.spec.population, facts, guess()))
    how = _FAILED if checks.failed else _OK
    if (measured := checks.shown) is not None:
        how = _closed(lambda: judge_shown(measured, bundle.spec, tell_tone))
    # what is wrong with the file before what a network takes the picture for
    return combined([whom, checks.said, plain, checks.taken, how, *rest])


def combined(opinions: Iterable[Quality]) -> Quality:
    """One verdict out of several: the worst; its reasons first, each once."""
    ordered = sorted(opinions, key=lambda opinion: _SEVERITY[opinion.verdict])
    reasons = dict.fromkeys(reason for opinion in ordered for reason in opinion.reasons)
    if any(reason.code is ReasonCode.NOT_FRONTAL_CHEST for reason in reasons):
        # the gate's words hold those of the plain check, which would say the same again
        reasons = {reason: None for reason in reasons if reason.code not in _SAID_BY_THE_GATE}
    return Quality(ordered[0].verdict if ordered else Verdict.OK, tuple(reasons))


def _overruled(opinion: Quality) -> Quality:
    """A refusal for reasons that a sure gate outweighs becomes a warning."""
    if opinion.verdict is Verdict.REJECT and _OVERRULED.issuperset(reason.code for reason in opinion.reasons):
        return Quality(Verdict.WARN, opinion.reasons)
    return opinion


def _closed(check: Callable[[], Quality]) -> Quality:
    """The check's answer; a refusal when it has none."""
    try:
        return check()
    except Exception as error:
        # whatever is wrong: an unchecked film must not pass as a checked one
        logger.error("a check of the input gate failed: %r", error)
        return _FAILED


def _noted(radiograph: Radiograph) -> Quality:
    """What was noticed while the file was read: facts, which no network outweighs."""
    if not radiograph.notes:
        return _OK
    refused = any(note.code in _NOTES_THAT_REFUSE for note in radiograph.notes)
    return Quality(Verdict.REJECT if refused else Verdict.WARN, radiograph.notes)


def _taken_for(radiograph: Radiograph, gate: tuple[Bundle, Runtime] | None) -> Quality:
    """What the gate's own network takes the picture for."""
    if gate is None:
        return Quality(Verdict.WARN, (Reason(ReasonCode.GATE_MISSING),))
    bundle, runtime = gate
    raw = runtime.run(imaging.prepare(radiograph, bundle.spec.preparation))
    shares = calibrated_probabilities(raw.logits, bundle.spec)
    if not np.isfinite(shares).all():
        raise FloatingPointError("the gate's probabilities must be numbers")
    of = dict(zip(bundle.spec.label_keys, (float(share) for share in shares), strict=True))
    if of[FRONTAL] < bundle.spec.operating_point("reject").thresholds[FRONTAL]:
        rest = {key: share for key, share in of.items() if key != FRONTAL}
        lateral = max(rest, key=lambda key: rest[key]) == LATERAL
        return Quality(
            Verdict.REJECT, (Reason(ReasonCode.LATERAL_VIEW if lateral else ReasonCode.NOT_FRONTAL_CHEST),)
        )
    beyond = _beyond(raw, bundle)
    if beyond is Verdict.REJECT:
        return Quality(Verdict.REJECT, (Reason(ReasonCode.UNKNOWN_PICTURE),))
    if beyond is Verdict.WARN or of[FRONTAL] < bundle.spec.operating_point("warn").thresholds[FRONTAL]:
        return Quality(Verdict.WARN, (Reason(ReasonCode.DOUBTFUL),))
    return _OK


def _lungs(field: LungField | None) -> Quality:
    """Whether there are two lungs, whole."""
    if field is None:
        return _OK
    measures = imaging.measure_lungs(field)
    if not np.isfinite((measures.area_share, measures.balance)).all():
        raise FloatingPointError("the measures of the lungs must be numbers")
    if measures.parts == 0:
        return Quality(Verdict.REJECT, (Reason(ReasonCode.NO_LUNGS),))
    checks = (
        (measures.parts == 1, ReasonCode.ONE_LUNG),
        (bool({"top", "left", "right"} & set(measures.touches)), ReasonCode.LUNGS_CUT_OFF),
    )
    reasons = tuple(Reason(code) for raised, code in checks if raised)
    return Quality(Verdict.WARN if reasons else Verdict.OK, reasons)


def _side(heart: HeartMeasures | None) -> Quality:
    """Whether the heart lies where it does on a film that was not turned over."""
    if heart is None or heart.side is None:
        return _OK
    if not np.isfinite(heart.side):
        raise FloatingPointError("the heart's side must be a number")
    if not heart.mirrored:
        return _OK
    return Quality(Verdict.WARN, (Reason(ReasonCode.SEEMS_MIRRORED),))


def installed_gate(catalog: Catalog, runtimes: RuntimePool) -> tuple[Bundle, Runtime] | None:
    """The gate of the models folder, loaded; None where there is none.

    Raises
    ------
    BundleError, BackendMissingError
        When there is one that cannot be used: that is not the same as none.
    """
    bundle = catalog.tool("gate")
    if bundle is not None:
        return bundle, runtimes.get(bundle)
    if message := catalog.broken().get("gate"):
        raise BundleMismatchError(
            f"The input gate cannot be used: {message}", remedy="Export it again, or remove its folder."
        )
    return None


def _distance(raw: RawOutput, bundle: Bundle) -> Quality:
    """How far the film lies from what the model itself learned from."""
    verdict = _beyond(raw, bundle)
    if verdict is Verdict.REJECT:
        return Quality(verdict, (Reason(ReasonCode.UNLIKE_TRAINING),))
    return Quality(verdict, (Reason(ReasonCode.UNUSUAL_FOR_MODEL),)) if verdict is Verdict.WARN else _OK


def _beyond(raw: RawOutput, bundle: Bundle) -> Verdict:
    fitted = bundle.spec.out_of_distribution
    if fitted is None:
        return Verdict.OK
    distance = float(embedding_distance(raw.embedding, fitted))
    if not np.isfinite(distance):
        raise FloatingPointError("the embedding's distance must be a number")
    if distance > fitted.reject_above:
        return Verdict.REJECT
    return Verdict.WARN if distance > fitted.warn_above else Verdict.OK
