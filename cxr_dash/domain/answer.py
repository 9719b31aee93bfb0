"""What a model says about a film, from its raw output to the whole analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from cxr_dash.domain.facts import FilmFacts
from cxr_dash.domain.film import Float32Array
from cxr_dash.domain.heat import HeatScale, HeatStrength, NoPlace
from cxr_dash.domain.lungs import HeartMeasures, LungField
from cxr_dash.domain.preparation import Preparation
from cxr_dash.domain.reasons import Reason, ReasonCode
from cxr_dash.domain.texts import LocalisedText
from cxr_dash.words import Words


@dataclass(frozen=True, slots=True)
class Label:
    """One class or finding of a model: its stable key and its name for people."""

    key: str
    name: LocalisedText


@dataclass(frozen=True, slots=True, eq=False)
class RawOutput:
    """What a model says about one film, before calibration.

    Attributes
    ----------
    logits : ndarray of float32, shape (C,)
        One per label, unbounded.
    cams : ndarray of float32, shape (C, h, w)
        Grad-CAM's weighted sum of the last feature map for every label's logit, before ReLU;
        unit: logits per cell.
    embedding : ndarray of float32, shape (D,)
        The pooled features.
    """

    logits: Float32Array
    cams: Float32Array
    embedding: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Where in the film the evidence for one label lies.

    Attributes
    ----------
    values : ndarray of float32, shape (h, w)
        ReLU of the class activation map on the model's own grid, >= 0, un-normalised, unit: logits per cell.
    peak : float
        Largest value over the film, letterbox bars left out; kept so that films can be compared and a weak
        map is never stretched to look strong.
    flat : bool
        True when there is no localised evidence to show.
    preparation : Preparation
        How to bring the grid back into the film's own frame.
    scale : HeatScale or None
        What counts as weak or strong for this label; None where the model's bundle does not say.
    no_place : {"no_better_than_template", "not_measured"} or None
        Why its place may not be put into words; None where it may.
    """

    values: Float32Array
    peak: float
    flat: bool
    preparation: Preparation
    scale: HeatScale | None = None
    no_place: NoPlace | None = None

    @property
    def strength(self) -> HeatStrength | None:
        """In a word; ``none`` when the map is flat, None where there is no scale to say it by."""
        if self.flat:
            return "none"
        return self.scale.strength(self.peak) if self.scale else None


TrustRegion = Literal["lungs", "heart", "chest"]
TrustVerdict = Literal["good", "caution", "poor", "none"]


@dataclass(frozen=True, slots=True)
class HeatTrust:
    """How far one label's heat on one film may be trusted.

    Attributes
    ----------
    region : {"lungs", "heart", "chest"}
        Where this label's heat is expected; ``heart`` is heart and mediastinum.
    flat : bool
        Whether there is no localised evidence: then nothing else is judged.
    inside : float or None
        Share of the heat inside the region, 0-1; None where the lungs are not known.
    correlation : float or None
        Least correlation, -1 to 1, of the map with those of the film shifted a little.
    drift : float
        Largest change of the probability under the same shifts, 0-1.
    verdict : {"good", "caution", "poor", "none"}
        ``poor``: most of the heat lies outside; ``caution``: unstable, or the region is not known;
        ``none``: nothing to judge.
    words : Words
        The same in a sentence, not yet in anybody's language.
    """

    region: TrustRegion
    flat: bool
    inside: float | None
    correlation: float | None
    drift: float
    verdict: TrustVerdict
    words: Words

    @property
    def doubtful(self) -> bool:
        """Whether a reader is warned: what the screen says in amber."""
        return self.verdict in {"poor", "caution"}

    @property
    def sentence(self) -> str:
        """The words in English."""
        return str(self.words)


class Verdict(StrEnum):
    """Whether a film is one the model may be asked about."""

    OK = "ok"
    WARN = "warn"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Quality:
    """What the input gate says.

    Attributes
    ----------
    verdict : Verdict
        ``reject`` means the probabilities must not be read.
    reasons : tuple of Reason
        Worst first; empty when ``ok``. ``language.say_reasons`` puts them into words.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()

    @property
    def codes(self) -> list[str]:
        """The stable codes of the reasons, in their order."""
        return [reason.code.value for reason in self.reasons]

    @property
    def withheld(self) -> bool:
        """Whether the figures are kept even from a reader who asks: they are of no such patient."""
        return any(reason.code is ReasonCode.AGE_OUTSIDE for reason in self.reasons)

    @property
    def first_of_all(self) -> tuple[Reason, ...]:
        """Reasons without which an answer must not be seen: they stand by themselves, before it."""
        return tuple(one for one in self.reasons if one.code is ReasonCode.AGE_UNKNOWN_CHILDREN)


@dataclass(frozen=True, slots=True)
class Finding:
    """One label's answer for one film.

    Attributes
    ----------
    label : Label
    logit : float
        As the model gave it.
    probability : float
        Calibrated, 0-1.
    threshold : float
        The bundle's default operating point for this label, 0-1.
    prevalence : float or None
        Share of films with the label at which probability and threshold are stated, 0-1; None where that is
        not known.
    """

    label: Label
    logit: float
    probability: float
    threshold: float
    prevalence: float | None = None

    @property
    def above(self) -> bool:
        """Whether the probability reaches the default threshold."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything one model says about one film; immutable.

    Attributes
    ----------
    model_id, model_version, model_sha256 : str
        Which model, and the digest of the file that answered.
    film_sha256 : str
        Digest of the uploaded bytes.
    preparation : Preparation
    quality : Quality
    findings : tuple of Finding
        In the bundle's label order.
    heatmaps : dict of str to Heatmap
        By label key.
    milliseconds : dict of str to float
        Time spent per stage: ``decode``, ``lungs`` where they were looked for, ``prepare``, ``model``,
        ``gate`` where it was asked, ``total``; ``trust`` for the trust report, which is made later and is no
        part of ``total``. A model that was answered in another's run has ``total`` alone.
    analysed_at : str
        UTC, ISO 8601.
    lungs : LungField or None
        None where no segmenter is installed.
    heart : HeartMeasures or None
        None where no segmenter is installed that draws the heart.
    trust : dict of str to HeatTrust
        By label key; empty where the trust report is switched off, or nobody asked for it yet.
    embedding : ndarray of float32, shape (D,), or None
        The pooled features, 4 kB: films are alike to the model where these point the same way. None where
        nobody kept them.
    facts : FilmFacts
        What the file says, as far as it may be shared: no identifiers, the age in whole years.
    """

    model_id: str
    model_version: str
    model_sha256: str
    film_sha256: str
    preparation: Preparation
    quality: Quality
    findings: tuple[Finding, ...]
    heatmaps: dict[str, Heatmap]
    milliseconds: dict[str, float]
    analysed_at: str
    lungs: LungField | None = None
    heart: HeartMeasures | None = None
    trust: dict[str, HeatTrust] = field(default_factory=dict)
    embedding: Float32Array | None = None
    facts: FilmFacts = field(default_factory=FilmFacts)
