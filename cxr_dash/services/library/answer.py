"""What a library answers: the nearest cases, and what the site says of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cxr_dash.domain import Label, Preparation
from cxr_dash.services.library.files import LibraryCase

LikenessWord = Literal["very", "alike", "loosely"]


@dataclass(frozen=True, slots=True)
class CaseLabel:
    """What the site says of a case: ``key`` where it is one of the model's labels, else its own ``text``."""

    key: str | None
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class SimilarCase:
    """One film of the library.

    Attributes
    ----------
    case : LibraryCase
    labels : tuple of CaseLabel
    similarity : float
        Cosine, -1 to 1.
    likeness : {"very", "alike", "loosely"} or None
        Among the similarities of the library's own films; None where it is too small to say.
    probabilities : dict of str to float
        What the model says of it, by label key.
    flat : dict of str to bool
        By label key, whether the model's heat shows no localised evidence.
    peaks : dict of str to float
        By label key, the peak of the model's heat, logits per cell.
    preparation : Preparation
        Where the heat lies in the film.
    """

    case: LibraryCase
    labels: tuple[CaseLabel, ...]
    similarity: float
    likeness: LikenessWord | None
    probabilities: dict[str, float]
    flat: dict[str, bool]
    peaks: dict[str, float]
    preparation: Preparation


@dataclass(frozen=True, slots=True, eq=False)
class Similar:
    """The nearest cases, best first, and what to hold them against.

    Attributes
    ----------
    build : str
        Which build of the library answered.
    size : int
        Films of the library that this model knows.
    counts : dict of str to int
        How many of those the site gave each label, by label key.
    itself : bool
        Whether the very film lies in the library; it is left out.
    cases : tuple of SimilarCase
    """

    build: str
    size: int
    counts: dict[str, int]
    itself: bool
    cases: tuple[SimilarCase, ...]


def case_labels(case: LibraryCase, labels: Sequence[Label]) -> tuple[CaseLabel, ...]:
    """A case's labels; those of the model are known by key or by name, in any language and spelling."""
    known = {
        _plain(name): label.key for label in labels for name in (label.key, *label.name.by_language.values())
    }
    return tuple(CaseLabel(known.get(_plain(text)), text) for text in case.labels)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").split())


def count_labels(cases: Sequence[LibraryCase], labels: Sequence[Label]) -> dict[str, int]:
    """How many cases the site gave each of the model's labels, by label key."""
    found = Counter(key for case in cases for key in {one.key for one in case_labels(case, labels)} if key)
    return {label.key: found[label.key] for label in labels}
