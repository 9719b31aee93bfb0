"""The patches of a model over the films of a split, and the activation maps of single films."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cxr_dash.domain import PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import MODEL_FILE
from cxr_dash.inference.runtime.graph import FlatGraph, Step
from training.evaluation.film_scores import FilmScores
from training.explain.activation import CHANNELS, ActivationMaps, activation_maps
from training.explain.fields import Field, field_of
from training.explain.films import ReadFilm, read_film
from training.explain.layers import choose_layers, front_of, open_graph
from training.explain.patches import Neuron, Patch, relevant_neurons, responses, top_patches
from training.explain.sheets import ByteArray, patch_sheet

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class LayerPatches:
    """The patches of one layer.

    Attributes
    ----------
    layer : str
    field : Field
    patches : list of Patch
    sheet : ndarray of uint8, shape (H, W, 3), RGB
    """

    layer: str
    field: Field
    patches: list[Patch]
    sheet: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class LayerStudy:
    """The layers of one model that were chosen to be looked at.

    Attributes
    ----------
    graph : FlatGraph
    steps : list of Step
        Those that make the chosen maps, in order.
    preparation : PreparationSpec
    """

    graph: FlatGraph
    steps: list[Step]
    preparation: PreparationSpec

    def deepest(self, count: int) -> LayerStudy:
        """The last of its layers."""
        return replace(self, steps=self.steps[-count:])

    def activations(self, film: ReadFilm, channels: int = CHANNELS) -> list[ActivationMaps]:
        """The most varied channels of every chosen layer for one film."""
        maps = front_of(self.graph, self.steps)(film.model_input[None])
        return [
            activation_maps(step.path, found[0], channels)
            for step, found in zip(self.steps, maps, strict=True)
        ]

    def patches(
        self,
        scores: FilmScores,
        folder: Path,
        count: int,
        *,
        channels: Sequence[int] = (),
        labels: Sequence[str] = (),
    ) -> list[LayerPatches]:
        """The regions that excite channels of the chosen layers most.

        Parameters
        ----------
        scores : FilmScores
            Which films, and the logits that say which channels belong to a label.
        folder : Path
            Paths in the scores start there.
        count : int
            Patches of each channel.
        channels : sequence of int
            Which; the one whose mean rises most with each label's logit if empty.
        labels : sequence of str
            For which labels channels are chosen; all if empty.

        Raises
        ------
        TrainingError
            For a channel that a layer does not have, or a film that cannot be read.
        """
        for step in self.steps:
            _check_channels(step, channels)
        logger.info("looking at %d films with %d layers", len(scores.paths), len(self.steps))
        paths = [folder / name for name in scores.paths]
        found = responses(front_of(self.graph, self.steps), paths, self.preparation)
        keys = labels or scores.labels
        columns = [scores.labels.index(key) for key in keys]
        size = self.preparation.height, self.preparation.width
        studies = []
        for step, answers in zip(self.steps, found, strict=True):
            field = field_of(self.graph, step)
            neurons = (
                [Neuron(channel) for channel in channels]
                if channels
                else relevant_neurons(answers, scores.logits[:, columns], keys)
            )
            patches = top_patches(
                step.path, answers, field, neurons, films=scores.paths, size=size, count=count
            )
            # read once more: all prepared films of a split need not fit into memory
            films = {row: read_film(paths[row], self.preparation) for row in {p.row for p in patches}}
            sheet = patch_sheet(patches, {row: film.model_input for row, film in films.items()})
            studies.append(LayerPatches(step.path, field, patches, sheet))
        return studies


def open_layers(folder: Path, preparation: PreparationSpec, names: Sequence[str] = ()) -> LayerStudy:
    """The chosen layers of the Keras model in a run folder or a bundle; a few if none is named.

    Raises
    ------
    TrainingError
        For an unknown layer, or where there is no Keras model.
    """
    path = folder / MODEL_FILE
    if not path.is_file():
        raise TrainingError(
            f"Layers can only be looked at in a Keras model; {folder} has no {MODEL_FILE}.",
            remedy="Keep model.keras in the bundle, or use the run it was exported from.",
        )
    graph = open_graph(path)
    return LayerStudy(graph, choose_layers(graph, names), preparation)


def _check_channels(step: Step, channels: Sequence[int]) -> None:
    total = int(step.feature_map.shape[3]) if step.feature_map is not None else 0
    wrong = [channel for channel in channels if not 0 <= channel < total]
    if wrong:
        raise TrainingError(
            f"`channel` must be between 0 and {total - 1} for layer {step.path!r}; received {wrong[0]}."
        )
