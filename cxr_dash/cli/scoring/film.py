"""One film's row: whatever is wrong with a film becomes its row, never the end of the command."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from cxr_dash.cli.sources import Source
from cxr_dash.domain import Analysis, Verdict
from cxr_dash.errors import UNEXPECTED, CxrError, FilmError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language import say_reasons
from cxr_dash.services import AnalysisService
from cxr_dash.services.exports import (
    COLUMNS,
    RATIO_COLUMNS,
    REASON_CODES,
    film_score_cells,
    film_score_columns,
    guarded,
    probability_cells,
    ratio_cells,
)
from cxr_dash.services.prevalence import at_prevalence

logger = logging.getLogger(__name__)

ANALYSED_AT = "analysed_at"


def columns(spec: BundleSpec) -> list[str]:
    """Of the CSV table: those before the labels, and the labels, are what other programs count on."""
    return [*COLUMNS, *spec.label_keys, REASON_CODES, *film_score_columns(spec), *RATIO_COLUMNS]


def further_columns(spec: BundleSpec) -> list[str]:
    """Of the Parquet table besides: the threshold each probability was held against, and when."""
    return [*(f"threshold_{key}" for key in spec.label_keys), ANALYSED_AT]


@dataclass(frozen=True, slots=True)
class Scored:
    """One film's row.

    Attributes
    ----------
    path : str
        As given; of a film in a ZIP, the archive's path, a slash and the name in it.
    status : str
        ``"ok"``, ``"rejected"`` or ``"error"``.
    reason : str
        In words; empty for an ordinary film.
    analysis : Analysis or None
        ``None`` where the file could not be analysed.
    error_code : str
        Then the error's stable code.
    """

    path: str
    status: str
    reason: str
    analysis: Analysis | None
    error_code: str = ""

    def cells(self, spec: BundleSpec) -> list[str]:
        """The row; probabilities with six decimals, empty unless ``ok``; no cell is a formula."""
        figures = self.analysis if self.status == "ok" else None
        codes = [self.error_code] if self.analysis is None else self.analysis.quality.codes
        return [
            *(guarded(self.path), self.status, guarded(self.reason), spec.id),
            *probability_cells(figures, spec.label_keys),
            " ".join(codes),
            *film_score_cells(figures, spec),
            *ratio_cells(figures),
        ]

    def further_cells(self, spec: BundleSpec) -> list[str]:
        """What :func:`further_columns` name; empty where there is no analysis."""
        figures = self.analysis if self.status == "ok" else None
        cuts = {one.label.key: f"{one.threshold:.6f}" for one in figures.findings} if figures else {}
        at = "" if self.analysis is None else self.analysis.analysed_at
        return [*(cuts.get(key, "") for key in spec.label_keys), at]


def score_film(
    service: AnalysisService,
    source: Source,
    bundle: Bundle,
    *,
    gate: bool,
    prevalences: Mapping[str, float] | None = None,
) -> Scored:
    """Analyse one film; whatever is wrong with it becomes its row.

    Raises
    ------
    CxrError
        When something other than the file is wrong: the next film would fail the same way.
    """
    path = source.path
    try:
        data = source.read(service.settings.max_upload_bytes)
        analysis = service.analyse_bytes(data, bundle.id, gate=gate)
        analysis = at_prevalence(analysis, bundle.spec, prevalences or {})
    except FilmError as error:
        return Scored(path, "error", str(error), None, error.code)
    except CxrError:
        raise
    except Exception as error:
        # A fault of ours in one film of thousands: the row says so, the others are still scored.
        logger.error("a film could not be analysed: %r", error)
        reason = f"Unexpected {type(error).__name__}: {error}. Please report it."
        return Scored(path, "error", reason, None, UNEXPECTED)
    reason = " ".join(say_reasons(analysis.quality.reasons))
    status = "rejected" if analysis.quality.verdict is Verdict.REJECT else "ok"
    return Scored(path, status, reason, analysis)
