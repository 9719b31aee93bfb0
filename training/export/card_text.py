"""Markdown of a card: sections, lists, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def section(title: str, *bodies: str) -> str:
    """A section with a heading; empty when nothing is in it."""
    body = "\n\n".join(text for text in bodies if text)
    return f"## {title}\n\n{body}" if body else ""


def bullets(lines: Iterable[str]) -> str:
    """A list, one line each."""
    return "\n".join(f"- {line}" for line in lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty when it has no rows."""
    body = ["| " + " | ".join(row) + " |" for row in rows]
    if not body:
        return ""
    return "\n".join(["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *body])
