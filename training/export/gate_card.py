"""The input gate's figures, put on the card of its bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import CARD_FILE, Bundle, read_spec
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.schema import Audit, AuditFigure
from training.evaluation.gate_served import GateCount
from training.export.card import write_bundle_texts
from training.metrics import figure

PASS_GOAL, REFUSE_GOAL = 0.99, 0.98


def write_on_card(models: Path, counts: dict[str, list[GateCount]]) -> Path:
    """Write what was counted into the gate's ``bundle.json``, and its card anew.

    Parameters
    ----------
    models : Path
        Folder of bundles.
    counts : dict
        By the model that was asked, see :func:`~training.evaluation.gate_served.measure_served_gate`.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    TrainingError
        When the folder has no gate.
    """
    bundle = gate_to_write(models)
    spec = read_spec(bundle.path)
    measured = [audit for model, rows in counts.items() for audit in gate_audits(model, rows)]
    replaced = {audit.key for audit in measured}
    kept = [audit for audit in spec.audits if audit.key not in replaced]
    spec = spec.model_copy(update={"audits": [*measured, *kept]})
    write_bundle_texts(spec, bundle.path)
    return bundle.path / CARD_FILE


def gate_to_write(models: Path) -> Bundle:
    """The gate of a folder of bundles, for figures of its own to be put on it.

    Raises
    ------
    TrainingError
        When the folder has no gate.
    """
    gate = Catalog(models).tool("gate")
    if gate is None:
        raise TrainingError(
            f"`models` must hold a bundle of kind gate to write on; {models} has none.",
            remedy="Export one with `python -m training export`, or leave --write out.",
        )
    return gate


def gate_audits(model: str, rows: Sequence[GateCount]) -> list[Audit]:
    """Do frontal films pass, and do other pictures not: two questions, answered with counts.

    Parameters
    ----------
    model : str
        Id of the bundle that was asked; its own distance takes part.
    rows : sequence of GateCount
    """
    return [
        _audit(f"passes-{model}", f"Do frontal films pass before {model}?", rows, PASS_GOAL, frontal=True),
        _audit(
            f"refuses-{model}",
            f"Are other pictures refused before {model}?",
            rows,
            REFUSE_GOAL,
            frontal=False,
        ),
    ]


def _audit(key: str, question: str, rows: Sequence[GateCount], goal: float, *, frontal: bool) -> Audit:
    """The worst sum decides: red below the goal by more than its interval, amber by less."""
    mine = [row for row in rows if row.frontal == frontal]
    sums = [row for row in mine if row.part == "total"]
    worst = min(sums, key=lambda row: row.right.value)
    reached, possible = worst.right.value >= goal, (worst.right.high or 0.0) >= goal
    short = [row for row in mine if row.part != "total" and row.right.value < goal]
    done = "not refused" if frontal else "refused"
    return Audit(
        key=key,
        name=question,
        verdict="ok" if reached else "caution" if possible else "bad",
        headline=f"{'; '.join(f'{row.group}: {_share(row)}' for row in sums)} {done}.",
        limit=f"at least {goal:.0%} {done} in every sum",
        details=[f"Short of {goal:.0%}: {row.group}, {_share(row)} {done}" for row in short],
        figures=[AuditFigure(name=f"{row.group}, {done}", split="test", value=row.right) for row in sums],
    )


def _share(row: GateCount) -> str:
    return f"{figure(row.right, digits=3)} of {row.pictures}"
