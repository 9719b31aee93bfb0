"""``bundle.json``: the contract between ``training``, which writes it, and the app, which reads it.

A change that an older reader would misunderstand raises :data:`SCHEMA_VERSION`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from cxr_dash.domain import HeatScale, LocalisedText, PreparationSpec
from cxr_dash.inference.schema_age import AGE_FILE, AgeGroup
from cxr_dash.inference.schema_checks import (
    check_film_score,
    check_labels,
    check_operating_points,
    check_out_of_distribution,
    check_preparation,
    name_first_version,
)
from cxr_dash.inference.schema_epochs import TrainingLog
from cxr_dash.inference.schema_figures import (
    Audit,
    AuditFigure,
    AuditVerdict,
    Frozen,
    Interval,
    Key,
    LabelMetrics,
    NamedLabel,
    PointFigures,
    Probability,
    ReliabilityBin,
    Sha256,
    SplitMetrics,
    Worded,
)
from cxr_dash.inference.schema_films import (
    CalibratedAt,
    FilmFigures,
    FilmScore,
    FilmScorePoint,
    FreeResponse,
)
from cxr_dash.inference.schema_learning import LearningCurve
from cxr_dash.inference.schema_localisation import LocalisationFigures, MapSanity
from cxr_dash.inference.schema_population import Population
from cxr_dash.inference.schema_strength import LabelStrength
from cxr_dash.inference.schema_tone import Tone
from cxr_dash.inference.schema_trunk import Trunk

SCHEMA_VERSION: Final = 4
# what is read: of the first version, everything that came since is simply not there; before the fourth a text
# was two entries, `title_en` and `title_es`
READ_VERSIONS: Final = (1, 3, 4)

__all__ = [
    "READ_VERSIONS",
    "SCHEMA_VERSION",
    "Audit",
    "AuditFigure",
    "AuditVerdict",
    "BundleSpec",
    "CalibratedAt",
    "Calibration",
    "CalibrationSteps",
    "FilmFigures",
    "FilmScore",
    "FilmScorePoint",
    "FreeResponse",
    "HeldOut",
    "Interval",
    "LabelMetrics",
    "LocalisationFigures",
    "MapSanity",
    "OperatingPoint",
    "OutOfDistribution",
    "PointFigures",
    "Population",
    "ReliabilityBin",
    "Source",
    "SplitMetrics",
    "TrainingRecord",
]


class CalibrationSteps(Frozen):
    """An isotonic curve: probabilities at increasing logits, straight lines between, level beyond them."""

    logits: list[float]
    probabilities: list[Probability]


class Calibration(Frozen):
    """How logits become probabilities.

    ``temperature`` divides every logit by one number; ``platt`` gives each label its own slope and intercept
    (Platt 1999): ``probability = activation(slope * logit + intercept)``. Labels in ``steps`` then take the
    probability of their curve instead. Fitted on ``fitted_on`` alone; ``chosen`` says against what.
    """

    kind: Literal["temperature", "platt", "isotonic"]
    slopes: dict[Key, float]
    intercepts: dict[Key, float]
    fitted_on: str
    steps: dict[Key, CalibrationSteps] = Field(default_factory=dict)
    chosen: str = Field("", description="In words: the ways that were tried, and what each was worth.")


class OperatingPoint(Worded):
    """A named way to choose thresholds on calibrated probabilities, and the one it gives each label.

    Those of a ``joint`` point belong together: they were chosen by what they do to whole films. ``more``: a
    reader is shown it only among further presets.
    """

    key: Key
    name: LocalisedText
    explanation: LocalisedText
    thresholds: dict[Key, Probability]
    chosen_on: str
    joint: bool = False
    more: bool = False
    achieved: list[FilmFigures] = Field(default_factory=list)


class HeldOut(Worded):
    """Calibrated probabilities and truths of films the model never saw, for the live threshold panel.

    ``probabilities`` and ``truths`` are by label key, one entry a film, in the same film order;
    a truth is 1, 0, or -1 where it is not known.
    """

    split: str
    description: LocalisedText
    probabilities: dict[Key, list[Probability]]
    truths: dict[Key, list[Literal[-1, 0, 1]]]


class OutOfDistribution(Frozen):
    """How far an embedding lies from the training films: Mahalanobis distance in a principal subspace.

    ``distance = sqrt(mean(z ** 2 / variances) + residual / residual_variance)`` with
    ``z = (embedding - mean) @ components.T``, where ``residual`` is the mean square of what the components
    leave over. See ``inference.distribution``.
    """

    mean: list[float]
    components: list[list[float]]
    variances: list[float]
    residual_variance: float
    warn_above: float
    reject_above: float
    fitted_on: str
    measured: str = Field(description="In words: how many real films pass and how many non-films do not.")

    @cached_property
    def tables(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """``mean``, ``components`` and ``variances`` as arrays, made once: every film is measured by them."""
        return (
            np.asarray(self.mean, np.float64),
            np.asarray(self.components, np.float64),
            np.asarray(self.variances, np.float64),
        )


class Source(Frozen):
    """A collection of films the model learned from or was measured on."""

    name: str
    films: int
    splits: str
    population: str
    licence: str
    attribution: str = ""


class TrainingRecord(Frozen):
    """Enough to repeat the training."""

    recipe: dict[str, str | int | float | bool | list[str] | list[int] | list[float] | None]
    commit: str
    seed: int
    date: str
    versions: dict[str, str]
    minutes: float


class BundleSpec(Worded):
    """The whole of ``bundle.json`` of a classifier, or of the input gate, which is one too."""

    schema_version: Literal[1, 3, 4] = SCHEMA_VERSION
    kind: Literal["classifier", "gate"] = Field(
        "classifier", description="What a reader may choose, or the app's own input gate."
    )
    id: Key
    version: str
    title: LocalisedText
    trained_on: LocalisedText = Field(description="A few words for the header: on whom it was trained.")
    population: Population | None = Field(None, description="The same for programs, as far as it is known.")
    labels: list[NamedLabel]
    activation: Literal["sigmoid", "softmax"]
    preparation: PreparationSpec
    lungs_sha256: Sha256 | None = Field(
        None,
        description="The segmenter that cropped the training films, where they were cropped to the lungs.",
    )
    cam_layer: str
    cam_grid: tuple[PositiveInt, PositiveInt]
    embedding_size: PositiveInt
    heat_reference: dict[Key, NonNegativeFloat] = Field(
        description="By label: 95th percentile of the map's peak on val films; far below it a map is flat."
    )
    calibration: Calibration
    operating_points: list[OperatingPoint]
    default_operating_point: Key
    points_chosen: str = Field("", description="In words: the ways to share false alarms that were tried.")
    prevalence: dict[Key, Probability] = Field(
        default_factory=dict, description="By label, what the probabilities were calibrated at."
    )
    calibrated_at: CalibratedAt | None = Field(None, description="The films of that prevalence.")
    film_score: FilmScore | None = None
    free_response: list[FreeResponse] = Field(default_factory=list)
    held_out: list[HeldOut]
    metrics: list[SplitMetrics]
    out_of_distribution: OutOfDistribution | None
    tone: Tone | None = Field(None, description="Without it no tone is called unusual.")
    sources: list[Source]
    intended_use: list[str]
    not_for: list[str]
    warnings: list[str]
    audits: list[Audit] = Field(default_factory=list)
    localisation: list[LocalisationFigures] = Field(default_factory=list)
    map_sanity: MapSanity | None = None
    age_group: AgeGroup | None = Field(None, description="Only of a gate: a child or an adult.")
    trunk: Trunk | None = Field(None, description="Only of a head that reads another bundle's features.")
    strength: dict[Key, LabelStrength] = Field(
        default_factory=dict,
        description="By label; without an entry each map is drawn up to its own peak, and says so.",
    )
    learning_curve: LearningCurve | None = None
    # one that has none is written as it was before there were any
    training_log: TrainingLog | None = Field(
        None, description="Of a bundle that has been made of one run.", exclude_if=lambda log: log is None
    )
    not_looked_for: list[NamedLabel] = Field(
        default_factory=list, description="What a reader may expect of such a model and it does not look for."
    )
    training: TrainingRecord
    files: dict[str, Sha256]

    @model_validator(mode="before")
    @classmethod
    def _preparation_has_a_version(cls, raw: object) -> object:
        return name_first_version(raw)

    @field_validator("preparation")
    @classmethod
    def _preparation_makes_sense(cls, preparation: PreparationSpec) -> PreparationSpec:
        return check_preparation(preparation)

    @model_validator(mode="after")
    def _entries_agree(self) -> BundleSpec:
        if self.kind == "gate" and self.preparation.straighten:
            raise ValueError("a gate judges films as they were sent: its `straighten` must be false")
        if self.age_group is not None and (self.kind != "gate" or AGE_FILE not in self.files):
            raise ValueError(f"`age_group` belongs to a gate, with the file {AGE_FILE}")
        check_labels(self)
        check_operating_points(self)
        check_film_score(self)
        if self.out_of_distribution is not None:
            check_out_of_distribution(self.out_of_distribution, self.embedding_size)
        return self

    @property
    def label_keys(self) -> list[str]:
        """Label keys, in the order of the logits."""
        return [label.key for label in self.labels]

    def operating_point(self, key: str | None = None) -> OperatingPoint:
        """The operating point of that key, or the default one."""
        wanted = key or self.default_operating_point
        return next(point for point in self.operating_points if point.key == wanted)

    def heat_scale(self, label_key: str) -> HeatScale | None:
        """What counts as weak or strong heat of a label; None where nobody measured."""
        found = self.strength.get(label_key)
        return found.scale if found else None
