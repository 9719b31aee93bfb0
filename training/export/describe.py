"""Everything ``bundle.json`` says about a model, measured with the graph that will serve it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cxr_dash.inference.bundle import MODEL_FILE, SERVING_FILE, file_sha256
from cxr_dash.inference.calibration import apply_calibration
from cxr_dash.inference.head import HEAD_FILE
from cxr_dash.inference.runtime import Runtime
from cxr_dash.inference.schema import (
    BundleSpec,
    CalibratedAt,
    Calibration,
    FilmScore,
    OperatingPoint,
    OutOfDistribution,
    TrainingRecord,
)
from cxr_dash.inference.schema_trunk import Trunk
from training.audits.material import FindLungs, Material
from training.evaluation.calibration_choice import CalibrationFilms, choose_calibration
from training.evaluation.film_table import FilmTable
from training.evaluation.gate import measure_gate
from training.evaluation.gate_distance import gate_distance
from training.evaluation.gate_points import REJECT_POINT, gate_points
from training.evaluation.point_choice import choose_points
from training.evaluation.scoring import Scores, score_films
from training.export.borne_out import offered
from training.export.measure import FilmSet, material_of, measured_spec, targets_in
from training.export.prevalence import calibrated_at, prevalence_in
from training.export.serving_graph import ServingReport
from training.export.words import left_out_warnings, serving_audit, source_table
from training.films.lungs import installed_boxes, looks_at_lungs
from training.films.manifest import Film
from training.films.sampling import some_films
from training.films.split_names import VAL, chosen_on
from training.fitting.runs import RunRecord
from training.not_looked_for import not_looked_for

HEAT_QUANTILE = 0.95
# enough to know a mean and a covariance by; a model may have learned from ten times as many
DISTANCE_FILMS = 2400


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What val decides, or the films at natural prevalence in its place."""

    calibration: Calibration
    points: list[OperatingPoint]
    default: str
    tried: str = ""
    film_score: FilmScore | None = None
    prevalence: dict[str, float] = field(default_factory=dict)
    films: CalibratedAt | None = None


def describe_bundle(
    record: RunRecord,
    films: list[Film],
    root: Path,
    *,
    runtime: Runtime,
    report: ServingReport,
    folder: Path,
    find_lungs: FindLungs | None = None,
    trunk: Trunk | None = None,
) -> BundleSpec:
    """Calibrate and choose on val, measure on val, test and external, audit, and write it all down.

    Parameters
    ----------
    record : RunRecord
        The finished run, with the texts to print.
    films : list of Film
        The whole manifest.
    root : Path
        Data folder, for the lists of non-films and of other collections.
    runtime : Runtime
        The compiled graph.
    report : ServingReport
    folder : Path
        Where the model files lie, for their hashes.
    find_lungs : callable, optional
        The segmenter, for the audits.
    trunk : Trunk, optional
        Of a head that reads another bundle's features.
    """
    recipe, card, keys = record.recipe, record.recipe.card, record.labels
    collection = FilmSet(films, recipe.data, recipe.seed)
    val = score_films(runtime, [film.path for film in collection.of(VAL)], recipe.preparation)
    split = chosen_on(films)
    known = {VAL: val}
    if split != VAL:
        known[split] = score_films(runtime, [f.path for f in collection.of(split)], recipe.preparation)
    decisions = _decide(known[split], collection, split, record)
    names = (MODEL_FILE, SERVING_FILE, *((HEAD_FILE,) if trunk else ()))
    peaks = np.quantile(val.peaks, HEAT_QUANTILE, axis=0)
    draft = BundleSpec(
        kind=card.kind,
        id=recipe.id,
        version=card.version,
        title=card.title,
        trained_on=card.trained_on,
        population=card.population,
        labels=[recipe.names[key] for key in keys],
        activation=recipe.network.activation,
        preparation=recipe.preparation,
        cam_layer=report.cam_layer,
        cam_grid=report.cam_grid,
        lungs_sha256=installed_boxes().sha256 if looks_at_lungs(recipe.preparation) else None,
        embedding_size=report.embedding_size,
        heat_reference={key: float(f"{peak:.5g}") for key, peak in zip(keys, peaks, strict=True)},
        calibration=decisions.calibration,
        operating_points=decisions.points,
        default_operating_point=decisions.default,
        points_chosen=decisions.tried,
        prevalence=decisions.prevalence,
        calibrated_at=decisions.films,
        film_score=decisions.film_score,
        held_out=[],
        metrics=[],
        out_of_distribution=None,
        not_looked_for=not_looked_for(card.not_looked_for, keys, record.left_out, recipe.names),
        sources=source_table(recipe, collection.train, films),
        intended_use=card.intended_use,
        not_for=card.not_for,
        warnings=[*card.warnings, *left_out_warnings(record)],
        audits=[serving_audit(report)],
        trunk=trunk,
        training=_training_record(record),
        files={name: file_sha256(folder / name) for name in names},
    )
    material = material_of(draft, runtime, collection, find_lungs, known=known)
    distance = _distance(record, root, material)
    return offered(measured_spec(material)).model_copy(update={"out_of_distribution": distance})


def _decide(scores: Scores, films: FilmSet, split: str, record: RunRecord) -> Decisions:
    """Calibration, operating points and the film's score, on the split that they are chosen on."""
    chosen, keys, activation = films.of(split), record.labels, record.recipe.network.activation
    groups, card = [film.group for film in chosen], record.recipe.card
    targets = targets_in(films, split, keys)
    basis = f"{split}: {len(chosen)} films, {len(set(groups))} patients"
    calibration = choose_calibration(
        CalibrationFilms(scores.logits, targets, groups, keys, activation), basis
    )
    probabilities = apply_calibration(scores.logits, calibration, keys, activation)
    if card.kind == "gate":
        return Decisions(calibration, gate_points(probabilities, chosen, keys, basis), REJECT_POINT)
    table = FilmTable(probabilities, targets, keys, groups)
    points = choose_points(
        table, basis, activation=activation, default=card.default_point, names=record.recipe.names
    )
    return Decisions(
        calibration,
        points.points,
        points.default,
        tried=points.tried,
        film_score=points.film_score,
        prevalence=prevalence_in(targets, keys),
        films=calibrated_at(split, targets, keys, len(set(groups))),
    )


def _distance(record: RunRecord, root: Path, material: Material) -> OutOfDistribution | None:
    """How far from the training films a film may lie."""
    recipe, val = record.recipe, material.splits["val"]
    train = some_films(material.train, DISTANCE_FILMS, recipe.seed)
    scores = score_films(material.runtime, [film.path for film in train], recipe.preparation)
    if recipe.card.kind == "gate":
        return gate_distance(train, scores.embeddings, val.films, val.scores.embeddings)
    return measure_gate(
        material.runtime,
        recipe,
        root,
        train=train,
        train_scores=scores,
        val=val.films,
        val_scores=val.scores,
        held=[(part.films, part.scores) for part in material.judged],
    )


def _training_record(record: RunRecord) -> TrainingRecord:
    made = {
        "weights": record.weights,
        "best_epoch": record.best_epoch,
        "train_films": record.train_films,
        "val_macro_auroc": record.val_macro_auroc,
    }
    return TrainingRecord(
        recipe=record.recipe.flat() | made,
        commit=record.commit,
        seed=record.recipe.seed,
        date=record.date,
        versions=record.versions,
        minutes=record.minutes,
    )
