"""Sentences for people: written once in English, translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for it)
    """The text as it is: marks a sentence for translators where it is not yet said to anybody."""
    return text


# What the page says on every screen, and every file that leaves it.
DECISION_SUPPORT = N_("Decision support for trained readers. It does not replace your reading.")

# Of a film that passes the input gate: what was looked at, and what a reader must judge without it.
GATE_CHECKED = N_(
    "Input gate: no objection to view, tones and resolution. It does not judge inspiration, rotation or blur."
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A number with what is counted, not yet in anybody's language: a value of `Words`.

    Attributes
    ----------
    one, many : str
        English, with the number as ``{n}``: ``"{n} minute"``, ``"{n} minutes"``.
    number : int
    """

    one: str
    many: str
    number: int

    def __str__(self) -> str:
        """In English."""
        return (self.one if self.number == 1 else self.many).format(n=self.number)


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence and its figures, not yet in anybody's language.

    Attributes
    ----------
    template : str
        English, a format string: ``"At most {most:.0f} MB; received {had:.1f} MB."``
    values : mapping of str to object
        What the template's fields stand for; `Words` and `Counted` among them are translated with it.
        Without any, the template is said as it is, braces and all.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """In English."""
        return self.template.format(**self.values) if self.values else self.template
