"""The films of a list, looked up: what became of each, in one row."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cxr_dash.domain import SUMMARY_LABELS, Analysis, Finding
from cxr_dash.errors import UNEXPECTED, CaseNotFoundError, CxrError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator, say_reasons
from cxr_dash.services.analyse import AnalysisService
from cxr_dash.services.exports.options import ChosenFilm, ExportRequest
from cxr_dash.services.exports.provenance import refused
from cxr_dash.services.prevalence import at_prevalence, moved_cuts

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedFilm:
    """One film of the list and what the model said.

    Attributes
    ----------
    chosen : ChosenFilm
    status : str
        ``"ok"``, ``"rejected"`` or ``"error"``, as in ``cxr-dash score``.
    reason : str
        In the reader's language; empty for an ordinary film.
    analysis : Analysis or None
        ``None`` where there is none.
    problem_code : str
        The error's stable code where there is no analysis.
    cuts : mapping of str to float
        The reader's cuts, moved with the probabilities where they are stated at the reader's prevalence.
    """

    chosen: ChosenFilm
    status: str
    reason: str
    analysis: Analysis | None
    problem_code: str = ""
    cuts: Mapping[str, float] = field(default_factory=dict)

    @property
    def reason_codes(self) -> list[str]:
        """The codes behind ``reason``: those of the verdict, or the error's own."""
        if self.analysis is not None:
            return self.analysis.quality.codes
        return [self.problem_code] if self.problem_code else []

    @property
    def figures(self) -> Analysis | None:
        """The analysis where its figures may be read: not those of a film that the gate refused."""
        return self.analysis if self.status == "ok" else None


def look_up(
    service: AnalysisService, request: ExportRequest, chosen: ChosenFilm, t: Translator
) -> ListedFilm:
    """What became of one film; whatever is wrong with it, or with asking about it, becomes its row.

    Raises
    ------
    BundleNotFoundError
        When there is no such model.
    """
    if chosen.film is None:
        reason = chosen.problem or t("The film is not on the server.")
        code = chosen.problem_code or (CxrError if chosen.problem else CaseNotFoundError).code
        return ListedFilm(chosen, "error", reason, None, code, request.thresholds)
    bundle = service.catalog.get(request.model)
    try:
        analysis = service.analyse(chosen.film, request.model)
    except CxrError as error:
        reason = f"{t.say(error.words)} {t.say(error.remedy_words)}".strip()
        return ListedFilm(chosen, "error", reason, None, error.code, request.thresholds)
    except Exception as error:
        # one film of fifty: the others are still taken away
        logger.error("a film could not be analysed for an export", exc_info=error)
        reason = t("The server could not read this film; the reason is in its log.")
        return ListedFilm(chosen, "error", reason, None, UNEXPECTED, request.thresholds)
    reason = " ".join(say_reasons(analysis.quality.reasons, t))
    stated = at_prevalence(analysis, bundle.spec, request.prevalences)
    cuts = moved_cuts(analysis, stated, request.thresholds)
    return ListedFilm(chosen, "rejected" if refused(analysis) else "ok", reason, stated, cuts=cuts)


def cut_of(finding: Finding, thresholds: Mapping[str, float]) -> float:
    """The cut in force for a finding: the reader's, or the model's default."""
    return thresholds.get(finding.label.key, finding.threshold)


def above_cut(analysis: Analysis, thresholds: Mapping[str, float]) -> list[Finding]:
    """Findings at or above the cut in force, in the bundle's order."""
    return [one for one in analysis.findings if one.probability >= cut_of(one, thresholds)]


def margin(probability: float, cut: float) -> float:
    """How far a probability lies above its cut on the page's angular scale, ``2 / pi * asin(sqrt(p))``."""
    return (math.asin(math.sqrt(probability)) - math.asin(math.sqrt(cut))) * 2.0 / math.pi


def label_in_view(
    analysis: Analysis, bundle: Bundle, chosen: str | None, thresholds: Mapping[str, float]
) -> str:
    """The finding that the page shows of a film: the reader's choice, else the one furthest above its cut.

    The rule of ``cxr.label`` on the page, by the cuts in force.
    """
    if chosen in bundle.spec.label_keys:
        return str(chosen)
    named = [one for one in above_cut(analysis, thresholds) if one.label.key not in SUMMARY_LABELS]
    furthest = max(
        named or analysis.findings, key=lambda one: margin(one.probability, cut_of(one, thresholds))
    )
    return furthest.label.key
