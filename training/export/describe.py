"""Everything ``bundle.json`` says about a model, measured with the graph that will serve it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.inference.bundle import MODEL_FILE, SERVING_FILE, file_sha256
from cxr_dash.inference.calibration import activate
from cxr_dash.inference.runtime import Runtime
from cxr_dash.inference.schema import (
    BundleSpec,
    Calibration,
    HeldOut,
    OperatingPoint,
    OutOfDistribution,
    SplitMetrics,
    TrainingRecord,
)
from training.evaluation.audits import run_audits
from training.evaluation.calibrate import fit_platt, fit_temperature
from training.evaluation.gate import measure_gate
from training.evaluation.gate_distance import gate_distance
from training.evaluation.gate_points import REJECT_POINT, gate_points
from training.evaluation.scoring import Scores, score_films
from training.evaluation.split_figures import split_metrics
from training.evaluation.thresholds import DEFAULT_OPERATING_POINT, choose_operating_points
from training.export.serving_graph import ServingReport
from training.export.words import left_out_warnings, serving_sentence, source_table, split_description
from training.films.manifest import Film
from training.fitting.data import targets_of
from training.fitting.fit import training_films
from training.fitting.runs import RunRecord
from training.labels import LABELS
from training.recipe import Recipe

HELD_OUT_SPLITS = ("test", "external")
HEAT_QUANTILE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One split: its films, truths and what the compiled graph says about them."""

    films: list[Film]
    targets: Float64Array
    scores: Scores


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What val decides."""

    calibration: Calibration
    points: list[OperatingPoint]


def describe_bundle(
    record: RunRecord, films: list[Film], root: Path, *, runtime: Runtime, report: ServingReport, folder: Path
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
    """
    recipe, card, keys = record.recipe, record.recipe.card, record.labels
    splits = [split for split in ("val", *HELD_OUT_SPLITS) if _of(films, split)]
    measured = {split: _measure(films, split, runtime, record) for split in splits}
    decisions = _decide(measured["val"], record)
    held = {split: part for split, part in measured.items() if split in HELD_OUT_SPLITS}
    train = training_films(films, recipe.data, recipe.seed)
    peaks = np.quantile(measured["val"].scores.peaks, HEAT_QUANTILE, axis=0)
    return BundleSpec(
        kind=card.kind,
        id=recipe.id,
        version=card.version,
        title_en=card.title_en,
        title_es=card.title_es,
        population_en=card.population_en,
        population_es=card.population_es,
        labels=[LABELS[key] for key in keys],
        activation=recipe.network.activation,
        preparation=recipe.preparation,
        cam_layer=report.cam_layer,
        cam_grid=report.cam_grid,
        embedding_size=report.embedding_size,
        heat_reference={key: float(f"{peak:.5g}") for key, peak in zip(keys, peaks, strict=True)},
        calibration=decisions.calibration,
        operating_points=decisions.points,
        default_operating_point=_default_point(recipe),
        held_out=[_held_out(split, part, decisions, record) for split, part in held.items()],
        metrics=[_metrics(split, part, decisions, record) for split, part in measured.items()],
        out_of_distribution=_distance(record, root, runtime, train, measured),
        sources=source_table(recipe, train, films),
        intended_use=card.intended_use,
        not_for=card.not_for,
        warnings=[*card.warnings, *left_out_warnings(record)],
        audits=_audits(record, runtime, train, films) | {"serving": serving_sentence(report)},
        training=_training_record(record),
        files={name: file_sha256(folder / name) for name in (MODEL_FILE, SERVING_FILE)},
    )


def _decide(val: Measured, record: RunRecord) -> Decisions:
    """Calibration and operating points, on val."""
    basis = f"val: {len(val.films)} films, {len({film.group for film in val.films})} patients"
    fit_calibration = fit_temperature if record.recipe.network.activation == "softmax" else fit_platt
    calibration = fit_calibration(val.scores.logits, val.targets, record.labels, basis)
    probabilities = _probabilities(val, calibration, record.recipe)
    if record.recipe.card.kind == "gate":
        return Decisions(calibration, gate_points(probabilities, val.films, record.labels, basis))
    return Decisions(calibration, choose_operating_points(probabilities, val.targets, record.labels, basis))


def _default_point(recipe: Recipe) -> str:
    return REJECT_POINT if recipe.card.kind == "gate" else DEFAULT_OPERATING_POINT


def _distance(
    record: RunRecord,
    root: Path,
    runtime: Runtime,
    train: list[Film],
    measured: dict[str, Measured],
) -> OutOfDistribution | None:
    """How far from the training films a film may lie."""
    recipe, val = record.recipe, measured["val"]
    scores = score_films(runtime, [film.path for film in train], recipe.preparation)
    if recipe.card.kind == "gate":
        return gate_distance(train, scores.embeddings, val.films, val.scores.embeddings)
    return measure_gate(
        runtime,
        recipe,
        root,
        train=train,
        train_scores=scores,
        val=val.films,
        val_scores=val.scores,
        held=[(part.films, part.scores) for split, part in measured.items() if split in HELD_OUT_SPLITS],
    )


def _audits(record: RunRecord, runtime: Runtime, train: list[Film], films: list[Film]) -> dict[str, str]:
    """Shortcut audits; they ask about disease, so a gate has none."""
    if record.recipe.card.kind == "gate":
        return {}
    test, external = _of(films, "test"), _of(films, "external")
    return run_audits(runtime, record.recipe, record.labels, train=train, test=test, external=external)


def _metrics(split: str, part: Measured, decisions: Decisions, record: RunRecord) -> SplitMetrics:
    recipe = record.recipe
    return split_metrics(
        part.films,
        _probabilities(part, decisions.calibration, recipe),
        part.targets,
        record.labels,
        next(p for p in decisions.points if p.key == _default_point(recipe)).thresholds,
        split=split,
        description=split_description(split, part.films),
        softmax=recipe.network.activation == "softmax",
        any_label=recipe.data.any_label,
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


def _measure(films: list[Film], split: str, runtime: Runtime, record: RunRecord) -> Measured:
    chosen, recipe = _of(films, split), record.recipe
    targets = targets_of(chosen, record.labels, recipe.data.any_label).astype(np.float64)
    return Measured(chosen, targets, score_films(runtime, [film.path for film in chosen], recipe.preparation))


def _probabilities(part: Measured, calibration: Calibration, recipe: Recipe) -> Float64Array:
    slopes, intercepts = (
        np.array(list(calibration.slopes.values())),
        np.array(list(calibration.intercepts.values())),
    )
    return activate(part.scores.logits * slopes + intercepts, recipe.network.activation)


def _held_out(split: str, part: Measured, decisions: Decisions, record: RunRecord) -> HeldOut:
    probabilities = _probabilities(part, decisions.calibration, record.recipe)
    words = {
        "test": (
            "patients it never saw, same collections as in training",
            "pacientes no vistos, mismas colecciones que en el entrenamiento",
        ),
        "external": ("other hospitals", "otros hospitales"),
    }[split]
    return HeldOut(
        split=split,
        description_en=f"{len(part.films)} films, {words[0]}",
        description_es=f"{len(part.films)} placas, {words[1]}",
        probabilities={
            key: [round(float(p), 6) for p in probabilities[:, k]] for k, key in enumerate(record.labels)
        },
        truths={
            key: [1 if truth > 0.5 else 0 for truth in part.targets[:, k]]
            for k, key in enumerate(record.labels)
        },
    )


def _of(films: Sequence[Film], split: str) -> list[Film]:
    return [film for film in films if film.split == split]
