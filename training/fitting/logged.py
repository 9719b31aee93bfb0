"""What a run logged, epoch by epoch: for the learning curves of its report, and for the bundle made of it."""

from __future__ import annotations

from cxr_dash.inference.schema_epochs import TrainedPhase, TrainingLog
from training.fitting.epoch_log import COLUMNS, EpochLog
from training.fitting.runs import RunFolder, RunRecord

FIGURES = tuple(name for name in COLUMNS if name not in ("epoch", "phase", "seconds"))
_DIGITS = 5


def logged_phases(run: RunFolder, record: RunRecord) -> list[TrainedPhase]:
    """The phases of a run that left a log, in order; the best epoch is the one that was kept."""
    plan = record.recipe.fit
    found = []
    for name, log, monitor in (
        ("head", EpochLog(run.head_log), plan.head_monitor),
        ("fine_tune", EpochLog(run.log), plan.monitor),
    ):
        rows = log.rows()
        if not rows:
            continue
        epochs = max(int(row["epoch"]) for row in rows) + 1
        values = {column: log.values(column) for column in FIGURES}
        # of the second phase the record knows better: it may have lost against the head alone
        best = _best(values.get(monitor, {}), monitor) if name == "head" else record.best_epoch
        found.append(
            TrainedPhase(
                name=name,
                epochs=epochs,
                kept=best if plan.restore_best else epochs,
                figures={column: _each(series, epochs) for column, series in values.items() if series},
            )
        )
    return found


def training_log(run: RunFolder, record: RunRecord) -> TrainingLog | None:
    """The same for ``bundle.json``; None of a run that trained no epoch of its own, as an ensemble's."""
    phases = logged_phases(run, record)
    return TrainingLog(phases=phases) if phases else None


def _each(series: dict[int, float], epochs: int) -> list[float | None]:
    """A value for each epoch from 1, in as many digits as a curve can show."""
    known = (series.get(epoch) for epoch in range(1, epochs + 1))
    return [None if value is None else float(f"{value:.{_DIGITS}g}") for value in known]


def _best(values: dict[int, float], monitor: str) -> int:
    choose = min if monitor.endswith("loss") else max
    return choose(values, key=lambda epoch: values[epoch], default=0)
