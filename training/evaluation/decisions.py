"""What val decides about a run: calibration and operating points, kept in its ``decisions.json``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from cxr_dash.domain import Float64Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import file_sha256
from cxr_dash.inference.calibration import apply_calibration
from cxr_dash.inference.schema import Calibration, OperatingPoint
from training.evaluation.calibration_choice import CalibrationFilms, choose_calibration
from training.evaluation.film_table import FilmTable
from training.evaluation.point_choice import choose_points
from training.evaluation.thresholds import DEFAULT_OPERATING_POINT
from training.films.manifest import of_split
from training.films.of_recipe import read_films
from training.films.split_names import chosen_on
from training.fitting.data import targets_of
from training.fitting.runs import RunFolder, RunRecord
from training.writing import write_json

logger = logging.getLogger(__name__)

FILE = "decisions.json"


class Decisions(BaseModel):
    """Calibration and operating points of one model on one list of films, with the digests of both."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Literal["cross-validated"]
    model_sha256: str
    manifest_sha256: str
    calibration: Calibration
    operating_points: list[OperatingPoint]
    default_point: str = DEFAULT_OPERATING_POINT


def decisions_of_run(
    run: RunFolder,
    record: RunRecord,
    score: Callable[[Sequence[Path]], Float64Array],
    data_root: Path | None = None,
) -> Decisions:
    """Calibrate a run and choose its thresholds on its own val split; read back while nothing changed.

    Parameters
    ----------
    run : RunFolder
    record : RunRecord
    score : callable
        Paths to logits, row by row.
    data_root : Path, optional
        Where the films are now; where they were during training if left out.

    Raises
    ------
    TrainingError
        When the films are not there and nothing is kept for this model.
    """
    manifest = (data_root or Path(record.data_root)) / record.recipe.data.manifest
    digest = file_sha256(run.model)
    kept = _kept(run.path / FILE)
    if kept and kept.model_sha256 == digest:
        if not manifest.is_file() or kept.manifest_sha256 == file_sha256(manifest):
            return kept
    elif not manifest.is_file():
        raise TrainingError(
            f"A run is calibrated on its own val films; their manifest must be at {manifest}.",
            remedy="Pass the folder of the films with --data.",
        )
    decisions = _decide(record, manifest, digest, score)
    write_json(decisions.model_dump(mode="json"), run.path / FILE)
    return decisions


def _kept(path: Path) -> Decisions | None:
    if not path.is_file():
        return None
    try:
        return Decisions.model_validate_json(path.read_bytes())
    except ValidationError:
        logger.warning("%s is of another version and is made again", path.name)
        return None


def _decide(
    record: RunRecord, manifest: Path, digest: str, score: Callable[[Sequence[Path]], Float64Array]
) -> Decisions:
    data, keys, activation = record.recipe.data, record.labels, record.recipe.network.activation
    every = read_films(data, manifest)
    split = chosen_on(every)
    films = of_split(every, split)
    logger.info("calibrating on %d %s films", len(films), split)
    logits = score([film.path for film in films])
    targets = targets_of(films, keys, data.any_label).astype(np.float64)
    basis = f"{split}: {len(films)} films, {len({film.group for film in films})} patients"
    groups = [film.group for film in films]
    calibration = choose_calibration(CalibrationFilms(logits, targets, groups, keys, activation), basis)
    probabilities = apply_calibration(logits, calibration, keys, activation)
    table = FilmTable(probabilities, targets, keys, groups)
    points = choose_points(
        table,
        basis,
        activation=activation,
        default=record.recipe.card.default_point,
        names=record.recipe.names,
    )
    return Decisions(
        method="cross-validated",
        model_sha256=digest,
        manifest_sha256=file_sha256(manifest),
        calibration=calibration,
        operating_points=points.points,
        default_point=points.default,
    )
