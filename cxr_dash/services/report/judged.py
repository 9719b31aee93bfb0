"""What the sheet says of the reader's verdicts, beside what the model said."""

from __future__ import annotations

from cxr_dash.domain import N_
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator
from cxr_dash.services.exports import ListedFilm, reader_words
from cxr_dash.services.exports.listed import to_check
from cxr_dash.services.exports.wording import label_name, lower
from cxr_dash.services.report.sheet_text import Block

_SAID = {
    "accepted": N_("Accepted: {names}."),
    "added": N_("Added, below its threshold: {names}."),
    "rejected": N_("Rejected: {names}."),
}


def judged_block(film: ListedFilm, bundle: Bundle, t: Translator) -> tuple[Block, ...]:
    """Which findings were accepted, added and rejected; nothing where none was judged."""
    words = reader_words(film)
    names = {one.key: lower(label_name(one, t), t) for one in bundle.spec.labels}

    def named(keys: list[str]) -> str:
        return t.listed([names[key] for key in keys])

    lines = [
        t(sentence, names=named(keys))
        for word, sentence in _SAID.items()
        if (keys := [key for key, one in words.items() if one == word])
    ]
    if not lines:
        return ()
    if film.figures is not None:
        above = {one.label.key for one in to_check(film.figures.findings, film.cuts)}
        left = [key for key, one in words.items() if one == "not_judged" and key in above]
        if left:
            lines.append(t("Above its threshold and not judged: {names}.", names=named(left)))
    heading = t("The reader's verdict on the findings")
    return (Block(heading=heading, lines=tuple(lines)),)
