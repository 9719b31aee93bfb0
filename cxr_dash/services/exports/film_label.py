"""What a reader wrote on a film of the list, "bed 4": read on paper, kept nowhere."""

from __future__ import annotations

import unicodedata

# Characters: what a row of the list and a line of the sheet have room for.
MOST_OF_LABEL = 40


def clean_label(text: str) -> str:
    """The label on one line, composed, without characters that control or turn what stands beside them.

    Parameters
    ----------
    text : str
        As it was typed; the rule of ``rowLabels.clean`` on the page.

    Returns
    -------
    str
        At most :data:`MOST_OF_LABEL` characters.
    """
    composed = unicodedata.normalize("NFC", text)
    # left out: controls, marks of direction, halves of pairs, private ones and those that no letter has yet
    kept = (" " if _parts(one) else one for one in composed if _parts(one) or _category(one) != "C")
    line = " ".join(word for word in "".join(kept).split(" ") if word)
    return line[:MOST_OF_LABEL].strip()


def _parts(letter: str) -> bool:
    """Whether it stands between words: a space of any kind, or the end of a line."""
    return letter in "\t\n\v\f\r" or _category(letter) == "Z"


def _category(letter: str) -> str:
    return unicodedata.category(letter)[0]
