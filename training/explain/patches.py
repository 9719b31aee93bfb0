"""The patches of films that excite a channel most."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Box, Float32Array, Float64Array, Preparation, PreparationSpec
from training.evaluation.batches import BATCH_FILMS
from training.explain.fields import Field, shown_region
from training.explain.films import read_film
from training.explain.layers import Front

_CSV_COLUMNS = (
    *("layer", "channel", "label", "correlation", "rank", "film", "value"),
    *("row", "column", "x", "y", "width", "height"),
)


@dataclass(frozen=True, slots=True)
class Neuron:
    """A channel and why it was chosen: the label whose logit rises with it, and Pearson's r over the films.

    ``label`` is empty, and ``correlation`` None, where the channel was asked for by number.
    """

    channel: int
    label: str = ""
    correlation: float | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """One region that excites a channel.

    Attributes
    ----------
    layer : str
    neuron : Neuron
    rank : int
        From 1.
    film : str
        As in the scores; ``row`` is its place there.
    row : int
    value : float
        The cell's activation, the largest of its film.
    cell : tuple of int
        Row and column in the map.
    region : Box
        What is shown of the prepared film, its pixels.
    """

    layer: str
    neuron: Neuron
    rank: int
    film: str
    row: int
    value: float
    cell: tuple[int, int]
    region: Box


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """The strongest answer of every channel of one layer to every film.

    Attributes
    ----------
    peaks, means : ndarray of float32, shape (films, channels)
        The largest, and the mean, over the cells whose centre lies on the film, not on letterbox bars.
    cells : ndarray of int, shape (films, channels)
        Which cell has the peak, counted row by row.
    grid : tuple of int
        Height and width of the map.
    """

    peaks: Float32Array
    means: Float32Array
    cells: NDArray[np.intp]
    grid: tuple[int, int]


def responses(front: Front, paths: Sequence[Path], spec: PreparationSpec) -> list[Responses]:
    """Run the front of a model over films, in batches; one answer for each of its layers.

    Raises
    ------
    TrainingError
        Naming the film that cannot be read.
    """
    parts: list[list[Responses]] = []
    for start in range(0, len(paths), BATCH_FILMS):
        films = [read_film(path, spec) for path in paths[start : start + BATCH_FILMS]]
        maps = front(np.stack([film.model_input for film in films]))
        parts.append([_answers(found, [film.preparation for film in films]) for found in maps])
    return [
        Responses(
            peaks=np.concatenate([part.peaks for part in layer]),
            means=np.concatenate([part.means for part in layer]),
            cells=np.concatenate([part.cells for part in layer]),
            grid=layer[0].grid,
        )
        for layer in zip(*parts, strict=True)
    ]


def relevant_neurons(
    found: Responses, logits: Float64Array, labels: Sequence[str], each: int = 1
) -> list[Neuron]:
    """For each label the channels whose mean activation rises most with its logit; no channel twice.

    Parameters
    ----------
    found : Responses
    logits : ndarray of float64, shape (films, C)
    labels : sequence of str
        Keys of the columns.
    each : int
        Channels for each label.
    """
    strength, scores = _standard(found.means.astype(np.float64)), _standard(logits)
    correlations = strength.T @ scores / len(logits)
    chosen: dict[int, Neuron] = {}
    for column, key in enumerate(labels):
        order = [int(c) for c in np.argsort(-correlations[:, column], kind="stable") if int(c) not in chosen]
        chosen |= {c: Neuron(c, key, float(correlations[c, column])) for c in order[:each]}
    return list(chosen.values())


def top_patches(
    layer: str,
    found: Responses,
    field: Field,
    neurons: Iterable[Neuron],
    *,
    films: Sequence[str],
    size: tuple[int, int],
    count: int,
) -> list[Patch]:
    """The strongest cell of each of the ``count`` films that excite a channel most, channel by channel.

    At most one patch comes from a film, so that one odd film does not fill a row.

    Parameters
    ----------
    layer : str
    found : Responses
    field : Field
    neurons : iterable of Neuron
    films : sequence of str
        Names, in the order of ``found``.
    size : tuple of int
        Height and width of a prepared film.
    count : int
    """
    patches = []
    for neuron in neurons:
        # of films that reach the same peak, as at the cap of a ReLU6, those excited most on the whole
        order = np.lexsort((-found.means[:, neuron.channel], -found.peaks[:, neuron.channel]))[:count]
        for rank, row in enumerate(order, start=1):
            down, across = divmod(int(found.cells[row, neuron.channel]), found.grid[1])
            patches.append(
                Patch(
                    layer=layer,
                    neuron=neuron,
                    rank=rank,
                    film=films[row],
                    row=int(row),
                    value=float(found.peaks[row, neuron.channel]),
                    cell=(down, across),
                    region=shown_region(field, (down, across), found.grid, size),
                )
            )
    return patches


def patches_csv(patches: Iterable[Patch]) -> str:
    """The patches as a table; ``x``, ``y``, ``width`` and ``height`` in pixels of the prepared film."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for patch in patches:
        neuron, box = patch.neuron, patch.region
        r = "" if neuron.correlation is None else f"{neuron.correlation:.4f}"
        writer.writerow(
            [
                *(patch.layer, neuron.channel, neuron.label, r),
                *(patch.rank, patch.film, f"{patch.value:.6g}"),
                *(*patch.cell, box.x, box.y, box.width, box.height),
            ]
        )
    return stream.getvalue()


def _answers(maps: Float32Array, preparations: Sequence[Preparation]) -> Responses:
    films, height, width, channels = maps.shape
    on_film = np.stack([_cells_on_film(plan, height, width) for plan in preparations])
    flat = maps.reshape(films, height * width, channels)
    masked = np.where(on_film[:, :, None], flat, -np.inf)
    cells = _middle_of_ties(masked, masked.argmax(axis=1), (height, width))
    return Responses(
        peaks=np.take_along_axis(flat, cells[:, None], axis=1)[:, 0],
        means=np.mean(flat, axis=1, where=on_film[:, :, None], dtype=np.float32),
        cells=cells,
        grid=(height, width),
    )


def _middle_of_ties(masked: Float32Array, cells: NDArray[np.intp], grid: tuple[int, int]) -> NDArray[np.intp]:
    """Where several cells share the peak, as at the cap of a ReLU6, the one with the strongest neighbours."""
    from scipy.ndimage import uniform_filter

    peaks = np.take_along_axis(masked, cells[:, None], axis=1)
    films, channels = np.nonzero(((masked == peaks).sum(axis=1) > 1) & (peaks[:, 0] > 0))
    maps = masked[films, :, channels].reshape(-1, *grid)
    around = uniform_filter(np.where(np.isfinite(maps), maps, 0.0), size=(1, 3, 3), mode="constant")
    tied = np.where(maps == peaks[films, 0, channels][:, None, None], around, -np.inf)
    chosen = cells.copy()
    chosen[films, channels] = tied.reshape(len(films), grid[0] * grid[1]).argmax(axis=1)
    return chosen


def _cells_on_film(plan: Preparation, height: int, width: int) -> NDArray[np.bool_]:
    """Which cells have their centre between the letterbox bars, row by row; all where none has."""
    content = plan.content
    y = (np.arange(height) + 0.5) * plan.input_height / height
    x = (np.arange(width) + 0.5) * plan.input_width / width
    inside = ((y >= content.y) & (y < content.y + content.height))[:, None] & (
        (x >= content.x) & (x < content.x + content.width)
    )
    return inside.ravel() if inside.any() else np.ones(height * width, dtype=bool)


def _standard(values: Float64Array) -> Float64Array:
    """Columns with mean 0 and deviation 1; a column that never changes becomes 0."""
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, np.inf))
