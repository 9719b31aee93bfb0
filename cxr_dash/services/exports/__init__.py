"""What a reader takes away: pictures, raw maps and tables, with their provenance inside."""

from __future__ import annotations

from cxr_dash.services.exports.agreement import Agreement
from cxr_dash.services.exports.listed import ListedFilm, above_cut, cut_of, label_in_view, look_up, margin
from cxr_dash.services.exports.maps import write_map
from cxr_dash.services.exports.options import MOST_FILMS, ChosenFilm, ExportOptions, ExportRequest, Opinion
from cxr_dash.services.exports.pictures import (
    film_display,
    heat_layer_png,
    heat_legend,
    heat_png,
    overlay_pixels,
    overlay_png,
    side_by_side_png,
)
from cxr_dash.services.exports.provenance import (
    DISCLAIMER,
    SOFTWARE,
    check_judged,
    export_name,
    find_finding,
    provenance,
    refused,
)
from cxr_dash.services.exports.readme import readme
from cxr_dash.services.exports.record import (
    as_json,
    facts_record,
    film_document,
    film_record,
    heart_to_read,
    heat_record,
    list_document,
    measures_record,
    measures_sentence,
)
from cxr_dash.services.exports.table import (
    COLUMNS,
    RATIO_COLUMNS,
    REASON_CODES,
    csv_header,
    csv_line,
    csv_row,
    film_score_cells,
    film_score_columns,
    guarded,
    probability_cells,
    ratio_cells,
)

__all__ = [
    "COLUMNS",
    "DISCLAIMER",
    "MOST_FILMS",
    "RATIO_COLUMNS",
    "REASON_CODES",
    "SOFTWARE",
    "Agreement",
    "ChosenFilm",
    "ExportOptions",
    "ExportRequest",
    "ListedFilm",
    "Opinion",
    "above_cut",
    "as_json",
    "check_judged",
    "csv_header",
    "csv_line",
    "csv_row",
    "cut_of",
    "export_name",
    "facts_record",
    "film_display",
    "film_document",
    "film_record",
    "film_score_cells",
    "film_score_columns",
    "find_finding",
    "guarded",
    "heart_to_read",
    "heat_layer_png",
    "heat_legend",
    "heat_png",
    "heat_record",
    "label_in_view",
    "list_document",
    "look_up",
    "margin",
    "measures_record",
    "measures_sentence",
    "overlay_pixels",
    "overlay_png",
    "probability_cells",
    "provenance",
    "ratio_cells",
    "readme",
    "refused",
    "side_by_side_png",
    "write_map",
]
