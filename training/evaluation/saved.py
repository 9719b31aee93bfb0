"""Evaluations of run folders: where they lie, and measuring what is not there yet."""

from __future__ import annotations

from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import file_sha256
from training.evaluation.evaluate import evaluate, write_evaluation
from training.evaluation.film_scores import FilmScores
from training.evaluation.result import Evaluation, evaluation_file, scores_file
from training.evaluation.subject import open_subject
from training.fitting.runs import RunFolder, RunRecord


def own_manifest(folder: Path, data_root: Path | None = None) -> Path:
    """The manifest that a run was trained on; its films may have moved to another folder.

    Raises
    ------
    TrainingError
        For a bundle, which does not say where its films are.
    """
    run = RunFolder(folder)
    if not run.record.is_file():
        raise TrainingError(
            f"`manifest` must be given to measure {folder.name}: only a run knows where its films are.",
            remedy="Pass --manifest.",
        )
    record = RunRecord.read(run.record)
    return (data_root or Path(record.data_root)) / record.recipe.data.manifest


def evaluate_folder(
    folder: Path,
    manifest: Path | None,
    split: str,
    *,
    data_root: Path | None = None,
    out: Path | None = None,
) -> tuple[Evaluation, FilmScores, Path | None]:
    """Measure a run or a bundle, and keep the figures.

    Figures of a run on its own films are kept in its folder; others where ``out`` says.

    Parameters
    ----------
    folder : Path
    manifest : Path or None
        A run's own if None.
    split : str
    data_root : Path, optional
        Where a run's films are now.
    out : Path, optional
        JSON file, or folder; the scores go beside it.

    Returns
    -------
    evaluation : Evaluation
    scores : FilmScores
    written : Path or None
        The JSON file, if there is one.

    Raises
    ------
    BundleError, TrainingError
    """
    manifest = manifest or own_manifest(folder, data_root)
    subject = open_subject(folder, data_root)
    evaluation, scores = evaluate(subject, manifest, split)
    target = out
    if target is None and subject.kind == "run":
        own = own_manifest(folder, data_root)
        if own.is_file() and file_sha256(own) == evaluation.manifest_sha256:
            target = folder
    written = None if target is None else write_evaluation(evaluation, scores, target)
    return evaluation, scores, written


def saved_evaluation(folder: Path, split: str, manifest: Path | None = None) -> Evaluation | None:
    """What is kept of a split in a run folder, if it is of the model as it is now (and of that manifest)."""
    path, model = evaluation_file(folder, split), RunFolder(folder).model
    if not path.is_file():
        return None
    found = Evaluation.read(path)
    if model.is_file() and file_sha256(model) != found.model_sha256:
        return None
    if manifest is not None and file_sha256(manifest) != found.manifest_sha256:
        return None
    return found


def saved_or_measured(
    folder: Path, manifest: Path, split: str, data_root: Path | None = None
) -> tuple[Evaluation, FilmScores]:
    """Figures and scores on one split: as kept in a run's folder, else measured now.

    Raises
    ------
    BundleError, TrainingError
    """
    found = saved_evaluation(folder, split, manifest)
    scores = scores_file(evaluation_file(folder, split))
    if found is not None and scores.is_file():
        return found, FilmScores.read(scores)
    return evaluate_folder(folder, manifest, split, data_root=data_root)[:2]
