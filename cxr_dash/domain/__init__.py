"""The frozen dataclasses that rooms pass to one another.

Conventions: pictures are row-major ``(H, W)``; a point is ``(x, y)``; a size is named ``width`` and
``height``; grey levels of a model input run from 0 (air, black) to 255 (bone, white).
"""

from __future__ import annotations

from cxr_dash.domain.answer import (
    Analysis,
    Finding,
    Heatmap,
    HeatTrust,
    Label,
    Quality,
    RawOutput,
    TrustRegion,
    TrustVerdict,
    Verdict,
)
from cxr_dash.domain.body_part import names_chest
from cxr_dash.domain.facts import FilmFacts, PatientIdentity
from cxr_dash.domain.film import (
    DecodeLimits,
    Float32Array,
    Float64Array,
    GreyArray,
    Radiograph,
)
from cxr_dash.domain.heat import MODERATE_FROM, STRONG_FROM, HeatScale, HeatStrength, NoPlace
from cxr_dash.domain.labels import (
    HEART_LABELS,
    REASSURING_LABELS,
    SUMMARY_LABELS,
)
from cxr_dash.domain.levels import CODES, FilmLevels, LevelWindow, WindowCurve
from cxr_dash.domain.lungs import (
    HeartMeasures,
    LungField,
    LungMeasures,
    RatioObstacle,
    SideRule,
)
from cxr_dash.domain.preparation import (
    Box,
    Preparation,
    PreparationSpec,
)
from cxr_dash.domain.reasons import Reason, ReasonCode
from cxr_dash.domain.texts import LocalisedText, is_language, joined, nearest
from cxr_dash.words import (
    N_,
    Counted,
    Words,
)

__all__ = [
    "CODES",
    "HEART_LABELS",
    "MODERATE_FROM",
    "N_",
    "REASSURING_LABELS",
    "STRONG_FROM",
    "SUMMARY_LABELS",
    "Analysis",
    "Box",
    "Counted",
    "DecodeLimits",
    "FilmFacts",
    "FilmLevels",
    "Finding",
    "Float32Array",
    "Float64Array",
    "GreyArray",
    "HeartMeasures",
    "HeatScale",
    "HeatStrength",
    "HeatTrust",
    "Heatmap",
    "Label",
    "LevelWindow",
    "LocalisedText",
    "LungField",
    "LungMeasures",
    "NoPlace",
    "PatientIdentity",
    "Preparation",
    "PreparationSpec",
    "Quality",
    "Radiograph",
    "RatioObstacle",
    "RawOutput",
    "Reason",
    "ReasonCode",
    "SideRule",
    "TrustRegion",
    "TrustVerdict",
    "Verdict",
    "WindowCurve",
    "Words",
    "is_language",
    "joined",
    "names_chest",
    "nearest",
]
