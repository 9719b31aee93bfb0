"""What a bundle's figures are, measured with the graph that serves it: one path for export and for later.

Calibration, thresholds and the distance from the training films stay as they were chosen; everything that is
counted on films is counted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from cxr_dash.domain import Float64Array, LocalisedText
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.runtime import Runtime
from cxr_dash.inference.schema import Audit, BundleSpec, HeldOut, SplitMetrics
from cxr_dash.inference.schema_strength import LabelStrength
from training.audits.material import ROBUST_FILMS, FindLungs, Material, ScoredSplit
from training.audits.run import run_audits, worst_first
from training.evaluation.scoring import Scores, score_films
from training.evaluation.split_figures import split_metrics
from training.evaluation.strength import PeakFilms, label_strengths
from training.evaluation.subject import runtime_of
from training.export.film_points import with_film_figures
from training.export.words import split_description
from training.films.manifest import Film
from training.films.of_recipe import read_films, training_films
from training.films.split_names import HELD_OUT_SPLITS, NATURAL, NATURAL_VAL, SPLITS
from training.fitting.data import targets_of
from training.recipe import DataRecipe

SERVING = "serving"
_WORDS = {
    "test": LocalisedText(
        en="{films} films, patients it never saw, same collections as in training",
        es="{films} placas, pacientes no vistos, mismas colecciones que en el entrenamiento",
    ),
    "external": LocalisedText(en="{films} films, other hospitals", es="{films} placas, otros hospitales"),
    NATURAL: LocalisedText(
        en="{films} films, patients it never saw, at natural prevalence",
        es="{films} placas, pacientes no vistos, con prevalencia natural",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class FilmSet:
    """The films of a bundle, all splits, and how they are to be read.

    Attributes
    ----------
    films : list of Film
        The whole manifest.
    data : DataRecipe
    seed : int
        Of the recipe: it chose the train films.
    """

    films: list[Film]
    data: DataRecipe
    seed: int

    @property
    def train(self) -> list[Film]:
        """What the model learned from."""
        return training_films(self.films, self.data, self.seed)

    @property
    def train_answered(self) -> list[Film]:
        """Those of them that answer the bundle's labels; others only taught the backbone, or one label."""
        return [film for film in self.train if film.answers is None]

    def of(self, split: str) -> list[Film]:
        """The films of a split; empty where there is none."""
        return [film for film in self.films if film.split == split]


def films_of_bundle(spec: BundleSpec, data_root: Path) -> FilmSet:
    """The films a bundle was made with, by the recipe it carries.

    Raises
    ------
    TrainingError
        When the recipe cannot be read, or the manifest is not in ``data_root``.
    """
    prefix = "data."
    table = {
        key.removeprefix(prefix): value
        for key, value in spec.training.recipe.items()
        if key.startswith(prefix)
    }
    try:
        data = DataRecipe.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        raise TrainingError(
            f"`training.recipe` of {spec.id} must say which films it was made with; {first['msg']} at "
            f"data.{'.'.join(map(str, first['loc']))}.",
            remedy="Export the bundle again with this version.",
        ) from error
    return FilmSet(read_films(data, data_root / data.manifest), data, spec.training.seed)


def score_split(films: FilmSet, split: str, spec: BundleSpec, runtime: Runtime) -> Scores:
    """What the graph says about the films of a split, as the app prepares them."""
    return score_films(runtime, [film.path for film in films.of(split)], spec.preparation)


def targets_in(films: FilmSet, split: str, labels: Sequence[str]) -> Float64Array:
    """Truths of a split, shape (n, C), 0 or 1."""
    return targets_of(films.of(split), labels, films.data.any_label).astype(np.float64)


def material_of(
    spec: BundleSpec,
    runtime: Runtime,
    films: FilmSet,
    find_lungs: FindLungs | None,
    known: Mapping[str, Scores] | None = None,
    *,
    robust_films: int = ROBUST_FILMS,
) -> Material:
    """Score every split there is.

    Parameters
    ----------
    spec : BundleSpec
        Calibrated.
    runtime : Runtime
    films : FilmSet
    find_lungs : callable or None
    known : mapping, optional
        Splits that were scored already.
    robust_films : int
        Test films that are written otherwise to see what changes.
    """
    scored = dict(known or {})
    splits = {}
    for split in SPLITS:
        if films.of(split):
            scores = scored.get(split) or score_split(films, split, spec, runtime)
            splits[split] = ScoredSplit(
                name=split,
                films=films.of(split),
                targets=targets_in(films, split, spec.label_keys),
                probabilities=calibrated_probabilities(scores.logits, spec),
                scores=scores,
            )
    return Material(
        spec=spec,
        runtime=runtime,
        splits=splits,
        train=films.train_answered,
        any_label=films.data.any_label,
        find_lungs=find_lungs,
        robust_films=robust_films,
    )


def measured_spec(material: Material) -> BundleSpec:
    """The bundle with every counted section filled in: held-out films, figures, audits.

    A gate is not audited: the questions are about disease.
    """
    spec = material.spec
    splits = material.splits
    # what `python -m training gate` counted of a gate is no figure of its own films, and stays
    kept = [audit for audit in spec.audits if audit.key == SERVING or spec.kind == "gate"]
    audits: list[Audit] = [] if spec.kind == "gate" else run_audits(material)
    return with_film_figures(material).model_copy(
        update={
            "held_out": [_held_out(splits[name], spec) for name in HELD_OUT_SPLITS if name in splits],
            "metrics": [
                _metrics(part, spec, material.any_label, natural=NATURAL_VAL in splits)
                for part in splits.values()
            ],
            "audits": worst_first([*audits, *kept]),
            "strength": _strengths(material),
        }
    )


def _strengths(material: Material) -> dict[str, LabelStrength]:
    """The fixed scale of each label's heat; nobody looks at a gate's."""
    spec = material.spec
    films = {
        name: PeakFilms(part.scores.peaks, part.probabilities, part.targets)
        for name, part in material.splits.items()
    }
    if spec.kind == "gate" or "val" not in films:
        return {}
    thresholds = spec.operating_point().thresholds
    return label_strengths(films["val"], films.get("test"), spec.label_keys, thresholds, spec.heat_reference)


def measure_bundle(
    bundle: Bundle, data_root: Path, find_lungs: FindLungs | None, robust_films: int = ROBUST_FILMS
) -> BundleSpec:
    """Measure a bundle again on the films it was made with.

    Raises
    ------
    TrainingError
        When its films are not in ``data_root``.
    """
    films = films_of_bundle(bundle.spec, data_root)
    runtime = runtime_of(bundle)
    return measured_spec(material_of(bundle.spec, runtime, films, find_lungs, robust_films=robust_films))


def _metrics(part: ScoredSplit, spec: BundleSpec, any_label: str | None, *, natural: bool) -> SplitMetrics:
    return split_metrics(
        part.films,
        part.probabilities,
        part.targets,
        spec.label_keys,
        spec.operating_point().thresholds,
        split=part.name,
        description=split_description(part.name, part.films, natural=natural),
        softmax=spec.activation == "softmax",
        any_label=any_label,
        points=spec.operating_points,
    )


def _held_out(part: ScoredSplit, spec: BundleSpec) -> HeldOut:
    return HeldOut(
        split=part.name,
        description=_WORDS[part.name].filled(films=len(part.films)),
        probabilities={
            key: [round(float(p), 6) for p in part.probabilities[:, k]]
            for k, key in enumerate(spec.label_keys)
        },
        truths={
            key: [1 if truth > 0.5 else 0 for truth in part.targets[:, k]]
            for k, key in enumerate(spec.label_keys)
        },
    )
