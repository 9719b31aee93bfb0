"""What was found of a film once: enough for the answer of every model on the same trunk, without its pixels.

Decoding, drawing lungs, checking the picture and running a trunk are the work of a film; a model's own answer
is a few figures more. Whoever asks a second model, or how far the heat may be relied on, starts from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cxr_dash.domain import (
    Analysis,
    FilmFacts,
    Finding,
    Float32Array,
    HeartMeasures,
    LungField,
    Preparation,
    PreparationSpec,
    RawOutput,
)
from cxr_dash.explain import SHIFTS, shifted_input
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.prevalence import stated_prevalence
from cxr_dash.services.age_group import AgeGuess
from cxr_dash.services.gate import PictureChecks, judge_for
from cxr_dash.services.heat import label_heatmap
from cxr_dash.services.population import check_age
from cxr_dash.services.trust import judge_trust
from cxr_dash.stages import stage


@dataclass(frozen=True, slots=True, eq=False)
class Workup:
    """Of one film, for the models that were shown it alike.

    Attributes
    ----------
    film_sha256 : str
        Digest of the uploaded bytes.
    tools : tuple of str
        Digests of gate and segmenter, empty where there was none: others would have found other things.
    wanted : PreparationSpec
        How those models want films prepared; a model with the same graph may want another thing.
    preparation : Preparation
        What that came to on this film.
    model_input : ndarray of float32, shape (H, W, 1)
        Grey levels 0-255.
    answers : dict of str to RawOutput
        By the digest of the file that answers (``serving_sha256``).
    checks : PictureChecks or None
        None where the input gate was not asked.
    lungs : LungField or None
    heart : HeartMeasures or None
    shifted : tuple of dict of str to RawOutput
        The same answers about the film moved by each of ``SHIFTS``; empty until somebody asks.
    """

    film_sha256: str
    tools: tuple[str, ...]
    wanted: PreparationSpec
    preparation: Preparation
    model_input: Float32Array
    answers: dict[str, RawOutput]
    checks: PictureChecks | None
    lungs: LungField | None
    heart: HeartMeasures | None
    shifted: tuple[dict[str, RawOutput], ...] = ()


def answer_of(
    workup: Workup,
    bundle: Bundle,
    facts: FilmFacts,
    milliseconds: Mapping[str, float],
    *,
    guess: Callable[[], AgeGuess | None],
    tell_tone: Callable[[dict[str, float]], None],
) -> Analysis:
    """What one model says, of a film that was worked up for it.

    Parameters
    ----------
    workup : Workup
        With an answer of ``bundle``.
    bundle : Bundle
    facts : FilmFacts
        What the file says.
    milliseconds : mapping of str to float
        What the stages took.
    guess, tell_tone : callable
        As of ``gate.judge_for``.

    Returns
    -------
    Analysis
        Without a trust report.
    """
    raw, quality = workup.answers[bundle.serving_sha256], check_age(bundle.spec.population, facts)
    if workup.checks is not None:
        quality = judge_for(workup.checks, raw, bundle, facts=facts, guess=guess, tell_tone=tell_tone)
    with stage("heat", model=bundle.id):
        heatmaps = {
            label.key: label_heatmap(bundle.spec, label.key, cam, workup.preparation)
            for label, cam in zip(bundle.spec.labels, raw.cams, strict=True)
        }
    return Analysis(
        model_id=bundle.id,
        model_version=bundle.spec.version,
        model_sha256=bundle.serving_sha256,
        film_sha256=workup.film_sha256,
        preparation=workup.preparation,
        quality=quality,
        findings=_findings(raw, bundle),
        heatmaps=heatmaps,
        milliseconds=dict(milliseconds),
        analysed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        lungs=workup.lungs,
        heart=workup.heart,
        embedding=raw.embedding,
        facts=facts.shareable,
    )


def shifted_workup(workup: Workup, run: Callable[[Float32Array], dict[str, RawOutput]]) -> Workup:
    """With the answers about the film moved a little: ``run`` gives those of every model on the trunk."""
    shifted = tuple(run(shifted_input(workup.model_input, shift)) for shift in SHIFTS)
    return replace(workup, shifted=shifted)


def with_trust(analysis: Analysis, workup: Workup, bundle: Bundle) -> Analysis:
    """The analysis with its trust report, from a workup that has the shifted answers.

    Parameters
    ----------
    analysis : Analysis
    workup : Workup
    bundle : Bundle
    """
    answers = [
        (shift, answered[bundle.serving_sha256])
        for shift, answered in zip(SHIFTS, workup.shifted, strict=True)
    ]
    trust = judge_trust(
        bundle, answers, findings=analysis.findings, heatmaps=analysis.heatmaps, lungs=workup.lungs
    )
    return replace(analysis, trust=trust)


def _findings(raw: RawOutput, bundle: Bundle) -> tuple[Finding, ...]:
    probabilities = calibrated_probabilities(raw.logits, bundle.spec)
    thresholds = bundle.spec.operating_point().thresholds
    stated = stated_prevalence(bundle.spec)
    return tuple(
        Finding(
            label=label,
            logit=float(logit),
            probability=float(probability),
            threshold=thresholds[label.key],
            prevalence=stated.get(label.key),
        )
        for label, logit, probability in zip(bundle.spec.labels, raw.logits, probabilities, strict=True)
    )
