"""One line of the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Action = Literal[
    "sign_in",
    "sign_in_failed",
    "sign_out",
    "film_added",
    "film_analysed",
    "film_exported",
    "refusal_overridden",
    "film_deleted",
]
ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what, and when. No pixel, no tag, and no name but that of whoever signed in.

    Attributes
    ----------
    at : str
        UTC, ISO 8601, to the millisecond.
    user : str
        Empty where nobody signs in.
    action : str
        One of ``ACTIONS``.
    film_sha256 : str
        Digest of the film's file; empty for a sign-in.
    model, model_sha256 : str
        Bundle id, and digest of what was run.
    verdict : str
        What the input gate said: ``ok``, ``warn`` or ``reject``; empty where it was not asked.
    detail : str
        Of an export, what was taken away: ``pdf``, ``csv``, ``overlay.png`` and so on; of a verdict, its
        codes.
    override : bool
        Whether the figures of a film that the gate refused were asked for all the same.
    """

    at: str
    user: str
    action: Action
    film_sha256: str = ""
    model: str = ""
    model_sha256: str = ""
    verdict: str = ""
    detail: str = ""
    override: bool = False
