"""Audits as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cxr_dash.inference.schema import Audit
from training.metrics import figure


def audit_lines(audits: Sequence[Audit]) -> Iterator[str]:
    """Verdict, name and answer of each audit, then its figures."""
    for audit in audits:
        yield f"{audit.verdict.upper():8}{audit.name} ({audit.key})"
        yield f"        {audit.headline}"
        yield f"        limit: {audit.limit}"
        for entry in audit.figures:
            yield f"          {entry.split:10} {figure(entry.value, digits=3)}  {entry.name}"
