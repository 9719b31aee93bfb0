"""Grad-CAM of chosen films, from the maps that are served: of the logit, raw peak kept, flat maps named."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cxr_dash.domain import Heatmap, HeatScale
from cxr_dash.explain import make_heatmap
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.runtime import Runtime
from training.evaluation.subject import Subject, runtime_of
from training.explain.films import ReadFilm
from training.films.manifest import of_split, read_manifest
from training.films.prepared import prepare_film
from training.fitting.runs import RunFolder, RunRecord

logger = logging.getLogger(__name__)

REFERENCE_FILMS = 100
REFERENCE_PERCENTILE = 95


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What a model says about a film and where it looks, by label key.

    Attributes
    ----------
    film : ReadFilm
    probabilities : dict of str to float
        Calibrated, 0-1.
    heatmaps : dict of str to Heatmap
    """

    film: ReadFilm
    probabilities: dict[str, float]
    heatmaps: dict[str, Heatmap]


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """A model with its maps.

    Attributes
    ----------
    subject : Subject
    runtime : Runtime
    heat_reference : dict of str to float
        By label, what a map's peak reaches on val films; 0 where no such film was at hand: then only an empty
        map, or one spread over the whole film, counts as flat.
    scales : dict of str to HeatScale
        By label, as far as a bundle says what counts as weak or strong.
    """

    subject: Subject
    runtime: Runtime
    heat_reference: dict[str, float]
    scales: dict[str, HeatScale] = field(default_factory=dict)

    def explain(self, film: ReadFilm) -> Explained:
        """Probabilities and heatmaps of one film."""
        output = self.runtime.run(film.model_input)
        probabilities = self.subject.probabilities(output.logits[None].astype(np.float64))[0]
        keys = self.subject.labels
        return Explained(
            film=film,
            probabilities={key: float(value) for key, value in zip(keys, probabilities, strict=True)},
            heatmaps={
                key: make_heatmap(cam, self.heat_reference[key], film.preparation, scale=self.scales.get(key))
                for key, cam in zip(keys, output.cams, strict=True)
            },
        )


def open_explainer(subject: Subject, data_root: Path | None = None) -> Explainer:
    """The maps of a bundle as it is served, or of a run through Keras.

    A run has no reference for the strength of its maps: it is taken from up to 100 of its val films, where
    these are at hand.

    Raises
    ------
    BundleError, TrainingError
    """
    if subject.kind == "bundle":
        bundle = load_bundle(subject.folder)
        scales = {key: one.scale for key, one in bundle.spec.strength.items()}
        return Explainer(subject, runtime_of(bundle), dict(bundle.spec.heat_reference), scales)
    from cxr_dash.inference.runtime.keras_runtime import KerasRuntime

    run = RunFolder(subject.folder)
    record = RunRecord.read(run.record)
    runtime = KerasRuntime(run.model, record.recipe.cam_layer)
    manifest = (data_root or Path(record.data_root)) / record.recipe.data.manifest
    return Explainer(subject, runtime, _reference(subject, runtime, manifest))


def _reference(subject: Subject, runtime: Runtime, manifest: Path) -> dict[str, float]:
    if not manifest.is_file():
        logger.warning("no val films at %s: weak maps cannot be told from strong ones", manifest.parent)
        return dict.fromkeys(subject.labels, 0.0)
    listed = read_manifest(manifest, negative_label=subject.negative_label, own_labels=subject.labels)
    films = of_split(listed, "val")
    rows = np.unique(np.linspace(0, len(films) - 1, min(REFERENCE_FILMS, len(films))).round().astype(int))
    peaks = np.stack(
        [
            runtime.run(prepare_film(films[row].path, subject.preparation)).cams.max(axis=(1, 2))
            for row in rows
        ]
    )
    reached = np.percentile(np.maximum(peaks, 0.0), REFERENCE_PERCENTILE, axis=0)
    return {key: float(value) for key, value in zip(subject.labels, reached, strict=True)}
