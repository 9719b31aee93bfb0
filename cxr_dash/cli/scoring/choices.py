"""What `score` can be told: which rows fail it, what is asked anew, which engine runs it."""

from __future__ import annotations

from enum import StrEnum


class FailOn(StrEnum):
    """Rows that ``score --fail-on`` does not let pass."""

    REFUSED = "refused"
    UNREADABLE = "unreadable"
    ANY = "any"

    @property
    def statuses(self) -> tuple[str, ...]:
        """Of the table's rows."""
        return {"refused": ("rejected",), "unreadable": ("error",)}.get(self.value, ("rejected", "error"))


class Again(StrEnum):
    """Films that have a row, and that ``score --again`` asks anew."""

    ERRORS = "errors"


class Engine(StrEnum):
    """Where ``score`` asks the model."""

    THREADS = "threads"
    RAY = "ray"
