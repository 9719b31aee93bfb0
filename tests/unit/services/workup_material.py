"""One film with what a model said of it, and a workup that holds nothing but its film."""

from __future__ import annotations

import numpy as np
from export_material import analysis_of, bundle_of

from cxr_dash import imaging
from cxr_dash.domain import PreparationSpec
from cxr_dash.services.workup import Workup

DATA = imaging.encode_png(imaging.chest_phantom(90, 66), {})
BUNDLE = bundle_of([("effusion", "Effusion", "Derrame")])
ANALYSIS = analysis_of(DATA, BUNDLE, [0.7])


def workup() -> Workup:
    return Workup(
        film_sha256=ANALYSIS.film_sha256,
        tools=("", ""),
        wanted=PreparationSpec(),
        preparation=ANALYSIS.preparation,
        model_input=np.zeros((4, 4, 1), np.float32),
        answers={},
        checks=None,
        lungs=None,
        heart=None,
    )
