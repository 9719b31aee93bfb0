"""The headline of a film in words, as ``conclusion`` says it on the page.

The page also names where the heat is strongest; on paper the picture beside the headline shows that.
"""

from __future__ import annotations

from collections.abc import Mapping

from cxr_dash.domain import REASSURING_LABELS, Analysis, Finding
from cxr_dash.language import Translator
from cxr_dash.services.exports.listed import borderline, cut_of, margin, to_check
from cxr_dash.services.exports.wording import label_name, lower, pair


def headline(analysis: Analysis, thresholds: Mapping[str, float], t: Translator) -> tuple[str, str]:
    """How many findings are to be checked, and which; every one of them is named.

    Parameters
    ----------
    analysis : Analysis
    thresholds : mapping of str to float
        The reader's cuts by label key.
    t : Translator

    Returns
    -------
    headline, summary : str
    """
    order = sorted(analysis.findings, key=lambda one: _margin(one, thresholds), reverse=True)
    if check := to_check(order, thresholds):
        names = t.listed([_name(one, thresholds, t) for one in check])
        said = t.plural("{n} finding to check", "{n} findings to check", len(check))
        return said, t("To check: {names}.", names=names)
    # neither a "normal" nor silence is a finding of health
    if above := [one for one in order if one.probability >= cut_of(one, thresholds)]:
        said = t("Only {name} is above its threshold.", name=lower(label_name(above[0].label, t), t))
        caveat = t("That does not rule out disease.")
    else:
        said, caveat = t("Nothing above its threshold."), t("That does not make the film normal.")
    closest = _closest(order, thresholds, t)
    return said, f"{closest} {caveat}" if closest else ""


def _margin(finding: Finding, thresholds: Mapping[str, float]) -> float:
    return margin(finding.probability, cut_of(finding, thresholds))


def _name(finding: Finding, thresholds: Mapping[str, float], t: Translator) -> str:
    name = lower(label_name(finding.label, t), t)
    return t("{name} (just above its threshold)", name=name) if borderline(finding, thresholds) else name


def _closest(order: list[Finding], thresholds: Mapping[str, float], t: Translator) -> str:
    for one in order:
        if one.label.key not in REASSURING_LABELS:
            probability, cut = pair(one.probability, cut_of(one, thresholds), t)
            return t(
                "Closest: {name}, {probability} against a threshold of {cut}.",
                name=lower(label_name(one.label, t), t),
                probability=probability,
                cut=cut,
            )
    return ""
