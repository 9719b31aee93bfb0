"""Findings as a CSV table: the columns of ``cxr-dash score``, then what makes a figure traceable."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from cxr_dash.domain import Analysis
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.services.exports.judged import can_be_judged, reader_words
from cxr_dash.services.exports.listed import ListedFilm
from cxr_dash.services.exports.options import Opinion
from cxr_dash.services.exports.provenance import SOFTWARE
from cxr_dash.services.film_score import film_score_of

COLUMNS = ("path", "status", "reason", "model")
# After the labels, separated by spaces: the columns before them are what other programs count on.
REASON_CODES = "reason_codes"
RATIO_COLUMNS = ("cardiothoracic_ratio", "cardiothoracic_ratio_comparable")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Without it, Excel reads UTF-8 as the code page of the machine and spoils every accent.
BYTE_ORDER_MARK = "\ufeff"


def csv_line(cells: Sequence[str]) -> str:
    """One CSV line, ended by a line feed.

    Python quotes only the line endings it writes itself, but readers end a line at a carriage return too.
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"


def probability_cells(analysis: Analysis | None, label_keys: Sequence[str]) -> list[str]:
    """Probabilities by label with six decimals and a decimal point; empty where there is no analysis."""
    found = {one.label.key: f"{one.probability:.6f}" for one in analysis.findings} if analysis else {}
    return [found.get(key, "") for key in label_keys]


def film_score_columns(spec: BundleSpec) -> list[str]:
    """Columns of the film's one score: ``film_score``, then whether it reaches each of its points."""
    score = spec.film_score
    return ["film_score", *(f"film_above_{point.key}" for point in score.points)] if score else []


def film_score_cells(analysis: Analysis | None, spec: BundleSpec) -> list[str]:
    """The cells of :func:`film_score_columns`; empty where there is no analysis."""
    columns = film_score_columns(spec)
    score = film_score_of(analysis, spec) if analysis else None
    if score is None:
        return [""] * len(columns)
    return [f"{score.value:.6f}", *(str(int(above)) for above in score.above.values())]


def ratio_cells(analysis: Analysis | None) -> list[str]:
    """The cardiothoracic ratio, and whether it compares: 1 on PA, 0 on AP; empty where it is not known."""
    heart = analysis.heart if analysis else None
    if analysis is None or heart is None or heart.ratio is None:
        return ["", ""]
    return [f"{heart.ratio:.4f}", {"PA": "1", "AP": "0"}.get(analysis.facts.projection or "", "")]


def csv_header(bundle: Bundle) -> str:
    """The first line, for a spreadsheet: the file is UTF-8 with a byte order mark."""
    keys = bundle.spec.label_keys
    return BYTE_ORDER_MARK + csv_line(
        [
            *COLUMNS,
            *keys,
            REASON_CODES,
            *(f"cut_{key}" for key in keys),
            *(f"above_{key}" for key in keys),
            *("film_sha256", "model_version", "model_sha256", "analysed_at", "software"),
            *("read", "own_reading", "own_labels", "own_reading_at", "own_unsure", "own_seen_before"),
            *("changed_reading", "changed_labels", "changed_reading_at"),
            *(f"prevalence_{key}" for key in keys),
            *film_score_columns(bundle.spec),
            *RATIO_COLUMNS,
            *(f"reader_{key}" for key in keys if can_be_judged(key)),
            "judged_at",
        ]
    )


def csv_row(film: ListedFilm, bundle: Bundle, thresholds: Mapping[str, float]) -> str:
    """One film's line; its probabilities stay empty where they must not be read.

    Parameters
    ----------
    film : ListedFilm
    bundle : Bundle
    thresholds : mapping of str to float
        The reader's cuts by label key; the model's defaults where one is missing.
    """
    keys, figures = bundle.spec.label_keys, film.figures
    defaults = dict(bundle.spec.operating_point().thresholds)
    # a film's own, where its figures are stated at the reader's prevalence
    defaults |= {one.label.key: one.threshold for one in figures.findings} if figures else {}
    return csv_line(
        [
            *map(safe_cell, (film.chosen.path, film.status, film.reason, bundle.id)),
            *probability_cells(figures, keys),
            " ".join(film.reason_codes),
            *(f"{thresholds.get(key, defaults[key]):.6f}" for key in keys),
            *_above_cells(figures, thresholds, keys),
            *_origin_cells(film.analysis, bundle),
            *_reader_cells(film),
            *_prevalence_cells(figures, keys),
            *film_score_cells(figures, bundle.spec),
            *ratio_cells(figures),
            *_judged_cells(film, keys),
        ]
    )


def guarded(text: str) -> str:
    """A text that no spreadsheet calculates: with an apostrophe before it where it could be a formula.

    One that begins with an apostrophe gets one more: taking the first away always gives back the text.
    """
    risky = text.startswith(("'", *_FORMULA)) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if risky else text


def safe_cell(text: str) -> str:
    """Words for one cell: on one line, and never a formula."""
    return guarded(" ".join(text.split()))


def _above_cells(
    analysis: Analysis | None, thresholds: Mapping[str, float], keys: Sequence[str]
) -> list[str]:
    if analysis is None:
        return [""] * len(keys)
    above = {
        one.label.key: "1" if one.probability >= thresholds.get(one.label.key, one.threshold) else "0"
        for one in analysis.findings
    }
    return [above[key] for key in keys]


def _prevalence_cells(analysis: Analysis | None, keys: Sequence[str]) -> list[str]:
    """At what prevalence each probability is stated; empty where that is not known."""
    known = {one.label.key: one.prevalence for one in analysis.findings} if analysis else {}
    return ["" if (share := known.get(key)) is None else f"{share:.6f}" for key in keys]


def _origin_cells(analysis: Analysis | None, bundle: Bundle) -> list[str]:
    if analysis is None:
        return ["", bundle.spec.version, bundle.serving_sha256, "", SOFTWARE]
    return [
        analysis.film_sha256,
        analysis.model_version,
        analysis.model_sha256,
        analysis.analysed_at,
        SOFTWARE,
    ]


def _reader_cells(film: ListedFilm) -> list[str]:
    read = {None: "", True: "1", False: "0"}[film.chosen.read]
    opinion = film.chosen.opinion
    if opinion is None:
        return [read, *[""] * 8]
    flags = [str(int(opinion.unsure)), str(int(opinion.seen_before))]
    return [read, *_reading_cells(opinion), *flags, *_reading_cells(opinion.after)]


def _judged_cells(film: ListedFilm, keys: Sequence[str]) -> list[str]:
    """The reader's word for each finding, beside the model's in ``above_…``; empty where none was read."""
    words: Mapping[str, str] = reader_words(film)
    judged = film.chosen.judged
    cells = [words.get(key, "") for key in keys if can_be_judged(key)]
    return [*cells, safe_cell(judged.at) if judged else ""]


def _reading_cells(opinion: Opinion | None) -> list[str]:
    if opinion is None:
        return ["", "", ""]
    own = "normal" if opinion.normal else "not normal"
    return [own, safe_cell(" ".join(opinion.labels)), safe_cell(opinion.at)]
