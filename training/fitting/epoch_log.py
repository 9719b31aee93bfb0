"""The log of a training phase: one CSV line an epoch, always with the same columns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.writing import write_text

SCORE = "val_macro_auroc"
RECALL = "val_recall"
COLUMNS = (
    "epoch",
    "phase",
    "loss",
    "val_loss",
    "accuracy",
    "val_accuracy",
    SCORE,
    RECALL,
    "learning_rate",
    "seconds",
)


@dataclass(frozen=True, slots=True)
class EpochLog:
    """A log file; see :attr:`training.fitting.runs.RunFolder.log` for its columns.

    Attributes
    ----------
    path : Path
    columns : tuple of str
        Of a segmenter's log other ones.
    """

    path: Path
    columns: tuple[str, ...] = COLUMNS

    def rows(self) -> list[dict[str, str]]:
        """Every whole line, as it stands there; empty without a file."""
        if not self.path.is_file():
            return []
        text = self.path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        return list(csv.DictReader(io.StringIO(whole, newline="")))

    def keep(self, epochs: int) -> None:
        """Drop what is logged of later epochs than these: they will be trained again."""
        rows = [row for row in self.rows() if int(row["epoch"]) < epochs]
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, self.columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        write_text(stream.getvalue(), self.path)

    def append(self, row: Mapping[str, object]) -> None:
        """Add one epoch."""
        with self.path.open("a", encoding="utf-8", newline="") as stream:
            csv.DictWriter(stream, self.columns, extrasaction="ignore").writerow(row)

    def values(self, column: str) -> dict[int, float]:
        """A column by epoch, from 1; without epochs that have no number in it."""
        found = {}
        for row in self.rows():
            value = float(row.get(column) or math.nan)
            if not math.isnan(value):
                found[int(row["epoch"]) + 1] = value
        return found
