"""The films of a list, looked up: what became of each, in one row."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cxr_dash.domain import REASSURING_LABELS, SUMMARY_LABELS, Analysis, Finding
from cxr_dash.errors import UNEXPECTED, CaseNotFoundError, CxrError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator, say_reasons
from cxr_dash.services.analyse import AnalysisService
from cxr_dash.services.exports.options import ChosenFilm, ExportRequest
from cxr_dash.services.exports.provenance import refused
from cxr_dash.services.prevalence import at_prevalence, moved_cuts

logger = logging.getLogger(__name__)

# Above its cut by less than this, on the angular scale, a finding is called borderline: 10 to 14 %, 48 to
# 54 %. A convention of the screen, not a measured bound; the page is told.
BORDERLINE_MARGIN = 0.04


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
    service: AnalysisService,
    request: ExportRequest,
    chosen: ChosenFilm,
    t: Translator,
    *,
    explained: bool = False,
) -> ListedFilm:
    """What became of one film; whatever is wrong with it, or with asking about it, becomes its row.

    ``explained`` asks for the trust report too: tables have none.

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
        ask = service.explained if explained else service.analyse
        analysis = ask(chosen.film, request.model)
    except CxrError as error:
        reason = f"{t.say(error.words)} {t.say(error.remedy_words)}".strip()
        return ListedFilm(chosen, "error", reason, None, error.code, request.thresholds)
    except Exception as error:
        # one film of fifty: the others are still taken away
        logger.error("a film could not be analysed for an export", exc_info=error)
        reason = t("The server could not read this film; the reason is in its log.")
        return ListedFilm(chosen, "error", reason, None, UNEXPECTED, request.thresholds)
    return as_listed(chosen, analysis, bundle, request, t)


def as_listed(
    chosen: ChosenFilm, analysis: Analysis, bundle: Bundle, request: ExportRequest, t: Translator
) -> ListedFilm:
    """A film that was answered, as the request wants it stated."""
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


def to_check(findings: Sequence[Finding], thresholds: Mapping[str, float]) -> list[Finding]:
    """Findings at or above their cut that are worth a look, in the order given: what every count counts.

    The rule of ``toCheck`` on the page: a reassuring class is none, and a label that only sums up others
    counts where it stands alone.
    """
    above = [one for one in findings if one.probability >= cut_of(one, thresholds)]
    worrying = [one for one in above if one.label.key not in REASSURING_LABELS]
    return [one for one in worrying if one.label.key not in SUMMARY_LABELS] or worrying


def borderline(finding: Finding, thresholds: Mapping[str, float]) -> bool:
    """Whether a finding lies above its cut, and by less than ``BORDERLINE_MARGIN``."""
    return 0.0 <= margin(finding.probability, cut_of(finding, thresholds)) < BORDERLINE_MARGIN


def margin(probability: float, cut: float) -> float:
    """How far a probability lies above its cut on the page's angular scale, ``2 / pi * asin(sqrt(p))``."""
    return (math.asin(math.sqrt(probability)) - math.asin(math.sqrt(cut))) * 2.0 / math.pi


def label_in_view(
    analysis: Analysis, bundle: Bundle, chosen: str | None, thresholds: Mapping[str, float]
) -> str:
    """The finding that the page shows of a film: the reader's choice, else the one furthest above its cut.

    The rule of ``labelInView`` on the page, by the cuts in force.
    """
    if chosen in bundle.spec.label_keys:
        return str(chosen)
    named = [one for one in above_cut(analysis, thresholds) if one.label.key not in SUMMARY_LABELS]
    furthest = max(
        named or analysis.findings, key=lambda one: margin(one.probability, cut_of(one, thresholds))
    )
    return furthest.label.key
