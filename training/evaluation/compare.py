"""Runs and bundles side by side: the one table of all, and the test of each against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.evaluation.film_scores import FilmScores
from training.evaluation.paired import PairedRow, paired_rows
from training.evaluation.result import Evaluation, evaluation_file, scores_file
from training.evaluation.run_table import RunRow, find_models, reproduced, run_row, sorted_rows
from training.evaluation.saved import own_manifest, saved_evaluation, saved_or_measured
from training.fitting.runs import RunFolder
from training.studies import StudyRow, rows_of


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table, best first; the paired rows in the order given, empty where films differ; and the studies'.

    ``studies`` are models by name and what a study says of the same network.
    """

    split: str
    rows: list[RunRow]
    paired: list[PairedRow]
    studies: list[tuple[str, StudyRow]]

    def study_lines(self) -> list[str]:
        """What the studies whose networks these are say of theirs, a line each; empty where there is none."""
        lines = [f"{name}: {row.key}: {row.words()}" for name, row in self.studies]
        return ["As the studies have it, on films of their own:", *lines] if lines else []


def compare(
    folders: Sequence[Path],
    *,
    manifest: Path | None = None,
    split: str = "test",
    data_root: Path | None = None,
) -> Comparison:
    """Compare runs, bundles, or folders of them.

    With a manifest all are measured on it. Without, bundles are taken as their ``bundle.json`` says, and runs
    as their folders say; where ``data_root`` is given, runs that were not measured are, on their own films.

    Parameters
    ----------
    folders : sequence of Path
        The first is what others are tested against.
    manifest : Path, optional
    split : str
    data_root : Path, optional

    Raises
    ------
    BundleError, TrainingError
    """
    models = find_models(folders)
    names = _names(models)
    rows, scored = [], []
    studies: list[tuple[str, StudyRow]] = []
    for name, folder in zip(names, models, strict=True):
        evaluation, scores = _figures(folder, manifest, split, data_root)
        rows.append(run_row(name, folder, split, evaluation))
        studies += [(name, row) for row in rows_of(reproduced(folder))]
        if scores is not None:
            scored.append((name, scores))
    paired = _paired(scored, len(models), must=manifest is not None)
    return Comparison(split, sorted_rows(rows), paired, studies)


def _names(models: Sequence[Path]) -> list[str]:
    """Folder names, with their parent where two are alike.

    Raises
    ------
    TrainingError
        When one folder is given twice.
    """
    paths = [folder.resolve() for folder in models]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise TrainingError(f"A model must be given once; received {twice.name} twice.")
    alike = [path.name for path in paths]
    return [path.name if alike.count(path.name) == 1 else f"{path.parent.name}/{path.name}" for path in paths]


def _figures(
    folder: Path, manifest: Path | None, split: str, data_root: Path | None
) -> tuple[Evaluation | None, FilmScores | None]:
    """Figures and scores, measured only where that was asked for."""
    is_run = RunFolder(folder).record.is_file()
    if manifest is not None:
        return saved_or_measured(folder, manifest, split, data_root)
    if not is_run:
        return None, None
    if data_root is not None:
        return saved_or_measured(folder, own_manifest(folder, data_root), split, data_root)
    found = saved_evaluation(folder, split)
    scores = scores_file(evaluation_file(folder, split))
    return found, FilmScores.read(scores) if found is not None and scores.is_file() else None


def _paired(scored: Sequence[tuple[str, FilmScores]], models: int, *, must: bool) -> list[PairedRow]:
    """Rows of a test, where all models were scored on the same films; an error where they had to be."""
    if must:
        return paired_rows(scored) if models > 1 else []
    same = len(scored) > 1 and all(scores.paths == scored[0][1].paths for _, scores in scored)
    shared = set.intersection(*(set(scores.labels) for _, scores in scored)) if same else set()
    return paired_rows(scored) if same and shared else []
