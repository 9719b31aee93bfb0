"""Sentences for people: written once in English, translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for it)
    """The text as it is: marks a sentence for translators where it is not yet said to anybody."""
    return text


# What the page says on every screen, and every file that leaves it.
DECISION_SUPPORT = N_("Decision support for trained readers. It does not replace your reading.")


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence and its figures, not yet in anybody's language.

    Attributes
    ----------
    template : str
        English, a format string: ``"At most {most:.0f} MB; received {had:.1f} MB."``
    values : mapping of str to object
        What the template's fields stand for; `Words` among them are translated with it. Without any, the
        template is said as it is, braces and all.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """In English."""
        return self.template.format(**self.values) if self.values else self.template
