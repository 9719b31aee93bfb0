"""How a film was shown to the model, as far as readers should know: straightened, leaning, in what tone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import (
    Float32Array,
    Float64Array,
    LungField,
    Preparation,
    Quality,
    Radiograph,
    Reason,
    ReasonCode,
    Verdict,
)
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_tone import Tone
from cxr_dash.inference.tone import is_unusual, tone_shifts


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What the model was shown.

    Attributes
    ----------
    model_input : ndarray of float32, shape (H, W, 1)
        Grey levels 0-255.
    preparation : Preparation
        How it was made of the film.
    """

    model_input: Float32Array
    preparation: Preparation


@dataclass(frozen=True, slots=True, eq=False)
class ShownMeasures:
    """What was measured of the film as it was shown: the same for every model that was shown it so.

    Attributes
    ----------
    tone : ndarray of float64, shape (TONE_MEASURES,), or None
        None where there are no lungs to measure.
    gaps : float
        From ``imaging.uneven_gaps``.
    tilt : tuple of Reason
        Straightened, or leaning still; empty where neither.
    """

    tone: Float64Array | None
    gaps: float
    tilt: tuple[Reason, ...]


def measure_shown(radiograph: Radiograph, shown: Shown, lungs: LungField | None) -> ShownMeasures:
    """Measure what was done to the film's tilt, or what was left of it, and its tone.

    Facts that are measured: no network outweighs them.

    Parameters
    ----------
    radiograph : Radiograph
    shown : Shown
    lungs : LungField or None
        None where no segmenter is installed: the tilt is then not known, and of the tone only what the stored
        levels show.

    Returns
    -------
    ShownMeasures
        For :func:`judge_shown` of one model or several.

    Raises
    ------
    FloatingPointError
        When the tilt is no number.
    """
    tone = None
    if lungs is not None:
        inside = imaging.lungs_on_input(lungs, shown.preparation)
        tone = imaging.measure_tone(shown.model_input, inside, shown.preparation)
    gaps = imaging.uneven_gaps(radiograph, shown.preparation)
    return ShownMeasures(tone, float(gaps), _tilt(shown.preparation, lungs))


def judge_shown(
    measured: ShownMeasures, spec: BundleSpec, tell_tone: Callable[[dict[str, float]], None]
) -> Quality:
    """Say what was measured of the tilt, and whether one model knows such a tone.

    Parameters
    ----------
    measured : ShownMeasures
    spec : BundleSpec
        Of the model; without ``tone`` no tone is unusual.
    tell_tone : callable
        Is told where the film lies along each of the model's directions of tone, where that was measured.

    Raises
    ------
    FloatingPointError
        When a measure is no number.
    """
    reasons = (*_tone(measured, spec.tone, tell_tone), *measured.tilt)
    return Quality(Verdict.WARN if reasons else Verdict.OK, reasons)


def _tone(
    measured: ShownMeasures, fitted: Tone | None, tell_tone: Callable[[dict[str, float]], None]
) -> tuple[Reason, ...]:
    if fitted is None:
        return ()
    if measured.tone is not None:
        tell_tone(tone_shifts(measured.tone, fitted))
    unusual = is_unusual(measured.tone, measured.gaps, fitted)
    return (Reason(ReasonCode.TONE_UNUSUAL),) if unusual else ()


def _tilt(preparation: Preparation, lungs: LungField | None) -> tuple[Reason, ...]:
    if preparation.tilt_degrees:
        return (Reason(ReasonCode.STRAIGHTENED, {"degrees": abs(preparation.tilt_degrees)}),)
    tilt = imaging.measure_tilt(lungs) if lungs is not None else None
    if tilt is None:
        return ()
    if not np.isfinite(tilt):
        raise FloatingPointError("the tilt of the lungs must be a number")
    if abs(tilt) <= imaging.DEAD_BAND:
        return ()
    return (Reason(ReasonCode.TILTED, {"degrees": round(abs(tilt), 2)}),)
