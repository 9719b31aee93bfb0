"""How a film was shown to the model, as far as readers should know: straightened, or leaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import Float32Array, LungField, Preparation, Quality, Reason, ReasonCode, Verdict
from cxr_dash.inference.schema import BundleSpec


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


def check_shown(shown: Shown | None, lungs: LungField | None, spec: BundleSpec) -> Quality:
    """Say what was done to the film's tilt, or what was left of it.

    Facts that are measured: no network outweighs them.

    Parameters
    ----------
    shown : Shown or None
        None: nothing is said.
    lungs : LungField or None
        None where no segmenter is installed: tilt is then not known.
    spec : BundleSpec
        Of the model.

    Raises
    ------
    FloatingPointError
        When a measure is no number.
    """
    if shown is None or lungs is None:
        return Quality(Verdict.OK)
    reasons = (*_tilt(shown.preparation, lungs),)
    return Quality(Verdict.WARN if reasons else Verdict.OK, reasons)


def _tilt(preparation: Preparation, lungs: LungField) -> tuple[Reason, ...]:
    if preparation.tilt_degrees:
        return (Reason(ReasonCode.STRAIGHTENED, {"degrees": abs(preparation.tilt_degrees)}),)
    tilt = imaging.measure_tilt(lungs)
    if tilt is None:
        return ()
    if not np.isfinite(tilt):
        raise FloatingPointError("the tilt of the lungs must be a number")
    if abs(tilt) <= imaging.DEAD_BAND:
        return ()
    return (Reason(ReasonCode.TILTED, {"degrees": round(abs(tilt), 2)}),)
