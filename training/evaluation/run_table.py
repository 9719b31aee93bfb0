"""The one table of all runs: what each cost, and how well it does on val and on films it never saw."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import SPEC_FILE, read_any_spec, read_spec
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_segmenter import SegmenterSpec
from training.evaluation.result import Evaluation
from training.evaluation.text import table_lines
from training.fitting.runs import RunFolder, RunRecord, is_segmenter_run
from training.metrics import figure

DASH = "–"
_INTERVALS = ("accuracy", "auroc")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run or bundle; None where it is not known.

    ``parameters`` counts weights; ``epochs`` and ``seconds`` are of both phases, as far as they were kept.
    ``val_auroc`` is the score on val that chose the weights; ``val_loss`` and ``val_accuracy`` are the best
    of any epoch, the loss as in training (with its weights and penalties: runs of other losses cannot be
    compared by it). ``loss``, ``accuracy`` and ``auroc`` are of calibrated probabilities on ``split``.
    """

    name: str
    network: str
    parameters: int | None
    epochs: int | None
    seconds: float | None
    val_loss: float | None
    val_accuracy: float | None
    val_auroc: float | None
    split: str
    films: int | None
    loss: float | None
    accuracy: Interval | None
    auroc: Interval | None


def find_models(folders: Sequence[Path]) -> list[Path]:
    """Runs and bundles as they are; a folder of them is replaced by the classifiers it holds, by name.

    Raises
    ------
    TrainingError
        When a folder is neither and holds neither.
    """
    found: list[Path] = []
    for folder in folders:
        if _is_model(folder):
            found.append(folder)
            continue
        inside = sorted(path for path in folder.glob("*") if _is_model(path) and not _is_segmenter(path))
        if not inside:
            raise TrainingError(
                f"A model must be a finished run (run.json), a bundle ({SPEC_FILE}), or a folder of them; "
                f"received {folder}.",
                remedy="Finish the run with `python -m training fit ... --resume`, or correct the path.",
            )
        found += inside
    return found


def _is_model(folder: Path) -> bool:
    return RunFolder(folder).record.is_file() or (folder / SPEC_FILE).is_file()


def _is_segmenter(folder: Path) -> bool:
    if RunFolder(folder).record.is_file():
        return is_segmenter_run(folder)
    return isinstance(read_any_spec(folder), SegmenterSpec)


def run_row(name: str, folder: Path, split: str, evaluation: Evaluation | None) -> RunRow:
    """What is known of a run or a bundle; figures on ``split`` come from its evaluation, if there is one."""
    run = RunFolder(folder)
    if not run.record.is_file():
        return _bundle_row(name, folder, split, evaluation)
    record = RunRecord.read(run.record)
    macro = evaluation.macro if evaluation else {}
    loss = macro.get("log_loss")
    return RunRow(
        name=name,
        network=record.recipe.network.name,
        parameters=record.parameters or None,
        # runs of earlier versions kept neither; their log has the second phase only
        epochs=record.epochs or _logged_epochs(run),
        seconds=record.seconds or record.minutes * 60,
        val_loss=record.best_val_loss,
        val_accuracy=record.best_val_accuracy,
        val_auroc=record.val_macro_auroc,
        split=split,
        films=evaluation.films if evaluation else None,
        loss=loss.value if loss else None,
        accuracy=macro.get("accuracy"),
        auroc=macro.get("auroc"),
    )


def reproduced(folder: Path) -> list[str]:
    """The rows of studies that the recipe of a run is built as; a bundle's record of its recipe has none."""
    record = RunFolder(folder).record
    return RunRecord.read(record).recipe.reproduces if record.is_file() else []


def _bundle_row(name: str, folder: Path, split: str, evaluation: Evaluation | None) -> RunRow:
    spec = read_spec(folder)
    by_split = {found.split: found for found in spec.metrics}
    known = evaluation or by_split.get(split)
    macro = known.macro if known else {}
    val = by_split.get("val")
    val_auroc, val_accuracy = (val.macro.get(name) if val else None for name in ("auroc", "accuracy"))
    loss = macro.get("log_loss")
    return RunRow(
        name=name,
        network=str(spec.training.recipe.get("network.name", "")),
        parameters=None,
        epochs=None,
        seconds=spec.training.minutes * 60,
        val_loss=None,
        val_accuracy=val_accuracy.value if val_accuracy else None,
        val_auroc=val_auroc.value if val_auroc else None,
        split=split,
        films=known.films if known else None,
        loss=loss.value if loss else None,
        accuracy=macro.get("accuracy"),
        auroc=macro.get("auroc"),
    )


def _logged_epochs(run: RunFolder) -> int | None:
    if not run.log.is_file():
        return None
    with run.log.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.DictReader(stream))


def sorted_rows(rows: Sequence[RunRow]) -> list[RunRow]:
    """Best AUROC on the split first, then best on val; what has neither comes last."""

    def place(row: RunRow) -> tuple[float, float, str]:
        return (
            -(row.auroc.value if row.auroc else -1.0),
            -(row.val_auroc if row.val_auroc is not None else -1.0),
            row.name,
        )

    return sorted(rows, key=place)


def cells(rows: Sequence[RunRow]) -> list[list[str]]:
    """Header and rows as text for a person."""
    split = rows[0].split
    header = [
        "run",
        "network",
        "weights",
        "epochs",
        "seconds",
        "best val loss",
        "best val accuracy",
        "val score",
    ]
    header += [f"{split} films", f"{split} loss", f"{split} accuracy", f"{split} AUROC"]
    return [header, *(_cells(row) for row in rows)]


def _cells(row: RunRow) -> list[str]:
    return [
        row.name,
        row.network,
        DASH if row.parameters is None else f"{row.parameters:,}",
        _number(row.epochs, 0),
        _number(row.seconds, 0),
        *(_number(value, 3) for value in (row.val_loss, row.val_accuracy, row.val_auroc)),
        _number(row.films, 0),
        _number(row.loss, 3),
        figure(row.accuracy, digits=3),
        figure(row.auroc, digits=3),
    ]


def _number(value: float | None, digits: int) -> str:
    return DASH if value is None else f"{value:.{digits}f}"


def text_table(rows: Sequence[RunRow]) -> list[str]:
    """The table in columns of plain text."""
    return table_lines(cells(rows))


def markdown_table(rows: Sequence[RunRow]) -> str:
    """The table for a Markdown page."""
    header, *body = cells(rows)
    lines = [header, ["---", "---", *["---:"] * (len(header) - 2)], *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def csv_table(rows: Sequence[RunRow]) -> str:
    """The table as numbers: an interval takes three columns, an unknown value is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = [field.name for field in fields(RunRow)]
    header: list[str] = []
    for name in names:
        header += [name, f"{name}_low", f"{name}_high"] if name in _INTERVALS else [name]
    writer.writerow(header)
    for row in rows:
        line: list[object] = []
        for name in names:
            value = getattr(row, name)
            if name in _INTERVALS:
                line += [value.value, value.low, value.high] if value else [None, None, None]
            else:
                line.append(value)
        writer.writerow(line)
    return stream.getvalue()
