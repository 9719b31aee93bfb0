"""The headline of a film in words, as ``cxr.conclusion`` says it on the page.

The page also names where the heat is strongest; on paper the picture beside the headline shows that.
"""

from __future__ import annotations

from collections.abc import Mapping

from cxr_dash.domain import REASSURING_LABELS, SUMMARY_LABELS, Analysis, Finding
from cxr_dash.language import Translator
from cxr_dash.services.exports.listed import cut_of, margin
from cxr_dash.services.exports.wording import label_name, lower, percent

# Of a list inside a sentence; the page is told.
MOST_NAMED = 3


def headline(
    analysis: Analysis, thresholds: Mapping[str, float], t: Translator, *, exclusive: bool
) -> tuple[str, str]:
    """What lies above its cut, and how much of what was asked that is.

    Parameters
    ----------
    analysis : Analysis
    thresholds : mapping of str to float
        The reader's cuts by label key.
    t : Translator
    exclusive : bool
        Whether the labels are classes that exclude each other.

    Returns
    -------
    headline, summary : str
    """
    order = sorted(analysis.findings, key=lambda one: _margin(one, thresholds), reverse=True)
    above = [one for one in order if one.probability >= cut_of(one, thresholds)]
    worrying = [one for one in above if one.label.key not in REASSURING_LABELS]
    if worrying:
        named = [one for one in worrying if one.label.key not in SUMMARY_LABELS] or worrying
        return t("Worth a look: {names}.", names=_names(named, t)), _count(
            len(worrying), len(order), exclusive, t
        )
    # neither a "normal" nor silence is a finding of health
    if above:
        said = t("Only {name} is above its cut.", name=lower(label_name(above[0].label, t)))
        caveat = t("That does not rule out disease.")
    else:
        said, caveat = t("Nothing above its cut."), t("That does not make the film normal.")
    closest = _closest(order, thresholds, t)
    return said, f"{closest} {caveat}" if closest else ""


def _margin(finding: Finding, thresholds: Mapping[str, float]) -> float:
    return margin(finding.probability, cut_of(finding, thresholds))


def _names(findings: list[Finding], t: Translator) -> str:
    names = [lower(label_name(one.label, t)) for one in findings]
    if len(names) > MOST_NAMED:
        rest = len(names) - MOST_NAMED + 1
        names = [*names[: MOST_NAMED - 1], t.plural("{n} more", "{n} more", rest)]
    return t.listed(names)


def _count(above: int, total: int, exclusive: bool, t: Translator) -> str:
    if exclusive:
        return t.plural(
            "{n} of {total} classes lies above its cut.",
            "{n} of {total} classes lie above their cuts.",
            above,
            total=total,
        )
    return t.plural(
        "{n} of {total} findings lies above its cut.",
        "{n} of {total} findings lie above their cuts.",
        above,
        total=total,
    )


def _closest(order: list[Finding], thresholds: Mapping[str, float], t: Translator) -> str:
    for one in order:
        if one.label.key not in REASSURING_LABELS:
            return t(
                "Closest: {name}, {probability} against a cut of {cut}.",
                name=lower(label_name(one.label, t)),
                probability=percent(one.probability, t),
                cut=percent(cut_of(one, thresholds), t),
            )
    return ""
