"""What a run logged, epoch by epoch, for its learning curves."""

from __future__ import annotations

from dataclasses import dataclass

from training.fitting.epoch_log import COLUMNS, EpochLog
from training.fitting.runs import RunFolder, RunRecord

FIGURES = tuple(name for name in COLUMNS if name not in ("epoch", "phase"))


@dataclass(frozen=True, slots=True)
class LoggedPhase:
    """One phase of training.

    Attributes
    ----------
    title : str
    epochs : int
        How many were trained.
    best_epoch : int
        From 1; 0 where no epoch was kept or it is not known.
    values : dict of str to (dict of int to float)
        By column, by epoch from 1; columns without a number are left out.
    """

    title: str
    epochs: int
    best_epoch: int
    values: dict[str, dict[int, float]]


def logged_phases(run: RunFolder, record: RunRecord) -> list[LoggedPhase]:
    """The phases of a run that left a log, in order; the best epoch is the one that was kept."""
    plan = record.recipe.fit
    found = []
    for title, log, monitor in (
        ("head", EpochLog(run.head_log), plan.head_monitor),
        ("fine-tuning", EpochLog(run.log), plan.monitor),
    ):
        rows = log.rows()
        if not rows:
            continue
        epochs = max(int(row["epoch"]) for row in rows) + 1
        values = {column: log.values(column) for column in FIGURES}
        # of the second phase the record knows better: it may have lost against the head alone
        best = _best(values.get(monitor, {}), monitor) if title == "head" else record.best_epoch
        found.append(
            LoggedPhase(
                title,
                epochs,
                best if plan.restore_best else epochs,
                {column: series for column, series in values.items() if series},
            )
        )
    return found


def _best(values: dict[int, float], monitor: str) -> int:
    choose = min if monitor.endswith("loss") else max
    return choose(values, key=lambda epoch: values[epoch], default=0)
