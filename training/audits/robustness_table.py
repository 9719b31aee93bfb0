"""The table of docs/measuring.md: on how many films a finding flips when they are written anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema import BundleSpec
from training.audits.robustness import CHANGES, FLIPS, KEY
from training.audits.written import WAYS

BEGIN, END = "<!-- robustness results -->", "<!-- end of robustness results -->"


def robustness_table(specs: Sequence[BundleSpec]) -> str:
    """Markdown: a row for each way of writing a film, a column for each bundle.

    Parameters
    ----------
    specs : sequence of BundleSpec
        Bundles without the audit stand below the table by name.
    """
    found = {
        spec.id: {figure.name: figure.value for figure in audit.figures}
        for spec in specs
        for audit in spec.audits
        if audit.key == KEY and audit.figures
    }
    missing = [spec.id for spec in specs if spec.id not in found]
    lines = []
    if found:
        lines += [f"| written as | {' | '.join(found)} |", "|---|" + "---|" * len(found)]
        for way in WAYS:
            cells = []
            for figures in found.values():
                flips, change = (figures.get(f"{what}: {way.name}") for what in (FLIPS, CHANGES))
                if flips is None or change is None or flips.low is None or flips.high is None:
                    cells.append("–")
                else:
                    ends = f"{flips.low:.0%}–{flips.high:.0%}"
                    cells.append(f"{flips.value:.0%} ({ends}), {change.value:.3f}")
            lines.append(f"| {way.name}{'' if way.judged else ' (not judged)'} | {' | '.join(cells)} |")
    if missing:
        lines += [*([""] if lines else []), f"Not measured yet: {', '.join(missing)}."]
    return "\n".join(lines)


def write_robustness(text: str, page: Path) -> None:
    """Put the table between the marks of a page.

    Raises
    ------
    TrainingError
        When the page has no such marks.
    """
    whole = page.read_text(encoding="utf-8")
    if BEGIN not in whole or END not in whole:
        raise TrainingError(f"{page} must have the lines {BEGIN!r} and {END!r}.")
    before, rest = whole.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
