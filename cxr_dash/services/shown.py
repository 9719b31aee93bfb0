"""How a film was shown to the model, as far as readers should know: straightened, leaning, in what tone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import (
    Float32Array,
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
from cxr_dash.inference.tone import is_unusual


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


def check_shown(
    radiograph: Radiograph, shown: Shown | None, lungs: LungField | None, spec: BundleSpec
) -> Quality:
    """Say what was done to the film's tilt, or what was left of it, and whether the model knows such a tone.

    Facts that are measured: no network outweighs them.

    Parameters
    ----------
    radiograph : Radiograph
    shown : Shown or None
        None: nothing is said.
    lungs : LungField or None
        None where no segmenter is installed: the tilt is then not known, and of the tone only what the stored
        levels show.
    spec : BundleSpec
        Of the model; without ``tone`` no tone is unusual.

    Raises
    ------
    FloatingPointError
        When a measure is no number.
    """
    if shown is None:
        return Quality(Verdict.OK)
    reasons = (*_tone(radiograph, shown, lungs, spec.tone), *_tilt(shown.preparation, lungs))
    return Quality(Verdict.WARN if reasons else Verdict.OK, reasons)


def _tone(
    radiograph: Radiograph, shown: Shown, lungs: LungField | None, fitted: Tone | None
) -> tuple[Reason, ...]:
    if fitted is None:
        return ()
    measures = None
    if lungs is not None:
        inside = imaging.lungs_on_input(lungs, shown.preparation)
        measures = imaging.measure_tone(shown.model_input, inside, shown.preparation)
    gaps = imaging.uneven_gaps(radiograph, shown.preparation)
    return (Reason(ReasonCode.TONE_UNUSUAL),) if is_unusual(measures, gaps, fitted) else ()


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
