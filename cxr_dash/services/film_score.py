"""One score a film, for ordering a list: how far down it somebody should look."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_dash.domain import Analysis
from cxr_dash.inference.prevalence import shift_to_prevalence, stated_prevalence
from cxr_dash.inference.schema import BundleSpec


@dataclass(frozen=True, slots=True)
class FilmScoreValue:
    """A film's score and what it reaches.

    Attributes
    ----------
    value : float
        The label's probability as the model states it, 0-1: films of one list are all stated at the same
        prevalence.
    above : dict of str to bool
        By point of the bundle's ``film_score``.
    """

    value: float
    above: dict[str, bool]


def film_score_of(analysis: Analysis, spec: BundleSpec) -> FilmScoreValue | None:
    """A film's one score; None for a model that has none.

    Parameters
    ----------
    analysis : Analysis
        At the prevalence at which the model states its probabilities, or at another.
    spec : BundleSpec
    """
    if spec.film_score is None:
        return None
    finding = next(one for one in analysis.findings if one.label.key == spec.film_score.label)
    stated = stated_prevalence(spec).get(finding.label.key)
    above = {}
    for point in spec.film_score.points:
        cut = point.threshold
        if stated is not None and finding.prevalence is not None and stated != finding.prevalence:
            # at another prevalence the points move as far as the probability did
            cut = float(shift_to_prevalence(cut, stated, finding.prevalence))
        above[point.key] = finding.probability >= cut
    return FilmScoreValue(finding.probability, above)
