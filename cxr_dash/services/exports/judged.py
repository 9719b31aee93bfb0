"""What the reader made of each finding: accepted, added, rejected, or not judged."""

from __future__ import annotations

from typing import Literal

from cxr_dash.domain import REASSURING_LABELS, SUMMARY_LABELS
from cxr_dash.services.exports.listed import ListedFilm, cut_of

# `added` is an accepted finding that lies below its cut in force.
Word = Literal["accepted", "added", "rejected", "not_judged"]


def can_be_judged(label_key: str) -> bool:
    """Whether a label is a finding by itself: neither a class "normal" nor one that sums up others."""
    return label_key not in REASSURING_LABELS | SUMMARY_LABELS


def reader_words(film: ListedFilm) -> dict[str, Word]:
    """The reader's word for each finding of the model, in the bundle's order.

    Returns
    -------
    dict
        By label key, only of labels that can be judged; empty where there is no analysis. Of a film whose
        figures must not be read, what was accepted stays accepted: its cut is not told.
    """
    if film.analysis is None:
        return {}
    verdicts = film.chosen.judged.verdicts if film.chosen.judged else {}
    words: dict[str, Word] = {}
    for one in film.analysis.findings:
        key = one.label.key
        if not can_be_judged(key):
            continue
        word: Word = verdicts.get(key, "not_judged")
        below = film.figures is not None and one.probability < cut_of(one, film.cuts)
        words[key] = "added" if word == "accepted" and below else word
    return words
