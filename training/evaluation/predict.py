"""Predictions of films as CSV: files and whole folders, by a run or a bundle."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import film_suffixes
from training.evaluation.batches import BATCH_FILMS
from training.evaluation.subject import Subject, open_subject
from training.films.prepared import prepare_film

logger = logging.getLogger(__name__)


def predict_csv(folder: Path, films: Sequence[Path], data_root: Path | None = None) -> str:
    """Logits and calibrated probabilities of films as CSV, without the input gate.

    Columns: ``path``; a calibrated probability by label key; ``logit_<key>``; ``status`` (``ok`` or
    ``error``); ``reason``. A file that cannot be read has a row of its own, with the reason and no figures.

    Parameters
    ----------
    folder : Path
        Of a run or a bundle.
    films : sequence of Path
        Files, and folders whose films are found however deep.
    data_root : Path, optional
        Where a run's films are now, for its calibration.

    Raises
    ------
    BundleError, TrainingError
        When the model cannot be used, a path does not exist, or a folder holds no film.
    """
    subject = open_subject(folder, data_root)
    paths = find_films(films)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    keys = subject.labels
    writer.writerow(["path", *keys, *(f"logit_{key}" for key in keys), "status", "reason"])
    unread = 0
    for path, logits, reason in _predictions(subject, paths):
        if logits is None:
            unread += 1
            writer.writerow([path, *[""] * (2 * len(keys)), "error", reason])
            continue
        figures = [*subject.probabilities(logits[None])[0], *logits]
        writer.writerow([path, *(f"{value:.6f}" for value in figures), "ok", ""])
    logger.info("predicted %d films, %d could not be read", len(paths) - unread, unread)
    return stream.getvalue()


def find_films(paths: Sequence[Path]) -> list[Path]:
    """Files as they are given; a folder is replaced by the films in it, however deep, by name.

    Raises
    ------
    TrainingError
        When a path does not exist, or a folder holds no film.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
            continue
        if not path.is_dir():
            raise TrainingError(f"`films` must be files; there is none at {path}.")
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in film_suffixes())
        if not inside:
            raise TrainingError(
                f"A folder of films must hold {', '.join(sorted(film_suffixes()))} files; {path} has none."
            )
        found += inside
    return found


def _predictions(subject: Subject, paths: Sequence[Path]) -> Iterator[tuple[Path, Float64Array | None, str]]:
    """Every path in order with its logits, shape (C,), or None and the reason."""
    for start in range(0, len(paths), BATCH_FILMS):
        part = paths[start : start + BATCH_FILMS]
        films, reasons = {}, {}
        for path in part:
            try:
                films[path] = prepare_film(path, subject.preparation)
            except (TrainingError, OSError) as error:
                cause = error.__cause__ if isinstance(error, TrainingError) else None
                reasons[path] = str(cause or error)
        logits = {}
        if films:
            logits = dict(zip(films, subject.forward(np.stack(list(films.values()))), strict=True))
        for path in part:
            yield path, logits.get(path), reasons.get(path, "")
