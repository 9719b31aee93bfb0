"""What the five studies say of their own models, beside which a run of the same network is put."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cxr_dash.errors import TrainingError

STUDIES = Path(__file__).resolve().parent / "studies.toml"

FIGURES = {
    "test_accuracy": "accuracy on test",
    "test_loss": "loss on test",
    "recall": "recall",
    "auroc": "AUROC",
    "f1": "F1",
    "val_accuracy": "accuracy on val",
    "val_loss": "loss on val",
    "accuracy": "accuracy on train",
    "loss": "loss on train",
    "epochs": "epochs",
    "seconds_cpu": "seconds on a CPU",
    "seconds_gpu": "seconds on a GPU",
}


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One model of a study.

    Attributes
    ----------
    key : str
        ``study/row``, as in ``reproduces`` of a recipe.
    where : str
        Table or section of the study, and what it says in words where it has no figure.
    figures : mapping of str to float
        By a key of :data:`FIGURES`; shares, seconds or losses, as many digits as the study has.
    """

    key: str
    where: str
    figures: Mapping[str, float]

    def words(self) -> str:
        """The figures and where they stand, in one line."""
        told = ", ".join(
            f"{name} {self.figures[key]:g}" for key, name in FIGURES.items() if key in self.figures
        )
        return f"{told or 'no figure'} ({self.where})"


@cache
def study_rows() -> Mapping[str, StudyRow]:
    """Every row of ``studies.toml`` by its key, in the file's order.

    Raises
    ------
    TrainingError
        When a row has a figure of an unknown name.
    """
    rows: dict[str, StudyRow] = {}
    for study, table in tomllib.loads(STUDIES.read_text(encoding="utf-8")).items():
        for name, found in table["rows"].items():
            figures = {key: float(value) for key, value in found.items() if key != "where"}
            if unknown := figures.keys() - FIGURES.keys():
                raise TrainingError(f"A figure must be one of {', '.join(FIGURES)}; received {unknown}.")
            key = f"{study}/{name}"
            rows[key] = StudyRow(key, found["where"], figures)
    return rows


def rows_of(keys: list[str]) -> list[StudyRow]:
    """The rows that a recipe's ``reproduces`` names.

    Raises
    ------
    TrainingError
        When there is no such row.
    """
    known = study_rows()
    for key in keys:
        if key not in known:
            raise TrainingError(f"`reproduces` must name rows of {STUDIES.name}; received {key!r}.")
    return [known[key] for key in keys]
