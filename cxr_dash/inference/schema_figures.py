"""Figures of a bundle: what was measured of it, on which films, and what its audits found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cxr_dash.domain import Label, LocalisedText
from cxr_dash.inference.schema_texts import texts_in_one_form

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
AuditVerdict = Literal["bad", "caution", "ok"]


class Frozen(BaseModel):
    """An entry of ``bundle.json``: unknown names and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Worded(Frozen):
    """An entry with texts for people, which may be written as older versions did."""

    @model_validator(mode="before")
    @classmethod
    def _texts_in_one_form(cls, table: object) -> object:
        texts = [name for name, field in cls.model_fields.items() if field.annotation is LocalisedText]
        return texts_in_one_form(table, texts)


NamedLabel = Annotated[Label, BeforeValidator(lambda table: texts_in_one_form(table, ("name",)))]
"""A label; its name may be written as older versions did."""


class Interval(Frozen):
    """A figure with its 95 % interval; the bounds are ``None`` where it could not be estimated."""

    value: float
    low: float | None = None
    high: float | None = None


class ReliabilityBin(Frozen):
    """Films whose stated probability lies in one tenth of 0-1: what was stated, and what was so.

    ``observed`` has Wilson's interval; a tenth without films has no bin.
    """

    stated: Probability
    observed: Interval
    films: int


class PointFigures(Frozen):
    """What one operating point does to the films of a split; a figure that does not exist is ``None``.

    ``ppv`` and ``npv`` are those of these films, with their own share of positives; ``ppv_at_prevalence`` and
    ``npv_at_prevalence`` are carried over to ``prevalence`` by Bayes' rule.
    """

    threshold: Probability
    sensitivity: Interval
    specificity: Interval
    ppv: Interval | None
    npv: Interval | None
    prevalence: Probability
    ppv_at_prevalence: Interval | None
    npv_at_prevalence: Interval | None


class LabelMetrics(Frozen):
    """How well one label does on one split; sensitivity and specificity at the default operating point.

    ``auroc_within_source`` counts pairs of films of one source only. ``points`` is by operating point.
    """

    positives: int
    negatives: int
    auroc: Interval
    auprc: Interval
    sensitivity: Interval
    specificity: Interval
    ece: Interval
    brier: Interval
    auroc_within_source: Interval | None = None
    reliability: list[ReliabilityBin] = Field(default_factory=list)
    points: dict[Key, PointFigures] = Field(default_factory=dict)


class SplitMetrics(Worded):
    """Figures on one split: ``macro`` holds named averages over labels, such as ``auroc``."""

    split: str
    films: int
    patients: int | None
    description: LocalisedText
    macro: dict[str, Interval]
    labels: dict[Key, LabelMetrics]
    subgroups: dict[str, dict[str, Interval]] = Field(default_factory=dict)


class AuditFigure(Frozen):
    """One figure of an audit: what it is, and on which films."""

    name: str
    split: str
    value: Interval


class Audit(Frozen):
    """A question of a sceptic, answered: ``verdict`` follows from ``limit``, stated before measuring."""

    key: Key
    name: str
    verdict: AuditVerdict
    headline: str
    limit: str
    details: list[str] = Field(default_factory=list)
    figures: list[AuditFigure] = Field(default_factory=list)
