"""A film's answer at the reader's own prevalence: probabilities and cuts move together, no call changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cxr_dash.domain import N_, REASSURING_LABELS, Analysis, Finding
from cxr_dash.errors import RequestError
from cxr_dash.inference.prevalence import (
    LEAST_PREVALENCE,
    moved_prevalences,
    shift_to_prevalences,
    stated_prevalence,
)
from cxr_dash.inference.schema import BundleSpec

# a probability this close to 0 or 1 has no odds to compare
_EDGE = 1e-12


def check_prevalences(wanted: Mapping[str, float], spec: BundleSpec) -> None:
    """Refuse what no prevalence can be, and a label whose probability is stated at an unknown one.

    Raises
    ------
    RequestError
    """
    stated = stated_prevalence(spec)
    for key, share in wanted.items():
        if key not in spec.label_keys:
            raise RequestError(
                N_("`prevalence` must name labels of model {model}: {keys}; received {received!r}."),
                model=spec.id,
                keys=", ".join(spec.label_keys),
                received=key,
            )
        if not LEAST_PREVALENCE <= share <= 1 - LEAST_PREVALENCE:
            raise RequestError(
                N_("`prevalence` of {label} must be between {least} and {most}; received {received}."),
                remedy=N_("Give a share of films, such as 0.05 for 5 %."),
                label=key,
                least=LEAST_PREVALENCE,
                most=1 - LEAST_PREVALENCE,
                received=str(share),
            )
        if key not in stated:
            raise RequestError(
                N_("Model {model} does not say at which prevalence its probabilities are stated."),
                remedy=N_("Leave the prevalence out."),
                model=spec.id,
            )
    if spec.activation == "softmax" and sum(wanted.values()) > 1.0:
        raise RequestError(
            N_(
                "The prevalences of classes that exclude each other must add up to at most 1; received {sum}."
            ),
            sum=f"{sum(wanted.values()):g}",
        )


def everywhere(share: float, spec: BundleSpec) -> dict[str, float]:
    """One prevalence for every label of a model that is no good news."""
    return {key: share for key in spec.label_keys if key not in REASSURING_LABELS}


def at_prevalence(analysis: Analysis, spec: BundleSpec, wanted: Mapping[str, float]) -> Analysis:
    """The analysis with its probabilities stated at other prevalences.

    Each default threshold moves by as much as its probability, so that what was called is called.

    Parameters
    ----------
    analysis : Analysis
        As the model gave it, stated at the bundle's own prevalence.
    spec : BundleSpec
    wanted : mapping of str to float
        By label key, as :func:`check_prevalences` lets pass; nothing changes where it is empty.
    """
    if not wanted:
        return analysis
    before = np.array([one.probability for one in analysis.findings])
    after = shift_to_prevalences(before, spec.label_keys, stated_prevalence(spec), wanted, spec.activation)
    shares = moved_prevalences(spec, wanted)
    findings = tuple(
        _moved(one, float(probability), shares.get(one.label.key))
        for one, probability in zip(analysis.findings, after, strict=True)
    )
    return replace(analysis, findings=findings)


def moved_cuts(before: Analysis, after: Analysis, cuts: Mapping[str, float]) -> dict[str, float]:
    """A reader's cuts as far along as the probabilities of a film.

    Parameters
    ----------
    before, after : Analysis
        The film's, as the model gave it and at the reader's prevalence.
    cuts : mapping of str to float
        By label key, on the scale of ``before``.
    """
    moved = dict(cuts)
    for one, other in zip(before.findings, after.findings, strict=True):
        if one.label.key in cuts:
            moved[one.label.key] = _along(cuts[one.label.key], one.probability, other.probability)
    return moved


def _moved(finding: Finding, probability: float, prevalence: float | None) -> Finding:
    threshold = _along(finding.threshold, finding.probability, probability)
    return replace(finding, probability=probability, threshold=threshold, prevalence=prevalence)


def _along(cut: float, before: float, after: float) -> float:
    """A cut whose odds changed by the factor by which a probability's did."""
    if before == after or not (_EDGE < before < 1 - _EDGE and 0.0 < cut < 1.0):
        return cut
    if cut == before:
        return after
    factor = (after / (1 - after)) / (before / (1 - before))
    return cut * factor / (cut * factor + 1 - cut)
