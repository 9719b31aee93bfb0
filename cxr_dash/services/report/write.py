"""The report as a PDF file: reportlab is loaded when the first one is asked for, not with the application."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import PatientIdentity
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator
from cxr_dash.services.exports import SOFTWARE, ExportRequest, ListedFilm, overlay_pixels, toned
from cxr_dash.services.report.content import report_content
from cxr_dash.stages import stage


@stage("export")
def report_pdf(
    film: ListedFilm,
    bundle: Bundle,
    request: ExportRequest,
    display: NDArray[np.uint8],
    t: Translator,
    *,
    identity: PatientIdentity | None = None,
) -> bytes:
    """One A4 page about one film, for paper: white ground, black letters.

    Parameters
    ----------
    film : ListedFilm
        One with an analysis.
    bundle : Bundle
    request : ExportRequest
        With the cuts in force.
    display : ndarray of uint8, shape (H, W)
        The film as it is shown.
    t : Translator
    identity : PatientIdentity, optional
        Printed under the title; without it the page names nobody.

    Returns
    -------
    bytes
        A PDF file of exactly one page.
    """
    from cxr_dash.services.report.sheet import Pictures, draw_sheet  # noqa: PLC0415 (reportlab takes memory)

    content = report_content(film, bundle, request, t, identity)
    overlay = None
    film_shown = toned(display, request.options(None, marks=film.chosen.marks))
    if content.label is not None and film.analysis is not None:
        options = request.options(content.label, marks=film.chosen.marks)
        overlay = overlay_pixels(film.analysis, content.label, options, display)
    digest = film.analysis.film_sha256 if film.analysis else ""
    return draw_sheet(
        content,
        Pictures(film_shown, overlay, request.colour_map),
        language=t.language,
        about={
            "title": f"{content.title} ({digest[:8]})",
            "author": SOFTWARE,
            "subject": f"{bundle.id} {bundle.spec.version}, SHA-256 {bundle.serving_sha256}",
            "keywords": f"film SHA-256 {digest}",
        },
    )
