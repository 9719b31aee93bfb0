"""Receptive fields: which pixels of the prepared film a cell of a feature map can see at all.

Computed along the graph with the arithmetic of Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks" (Distill, 2019): a map has a stride, and each cell a size and a centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from cxr_dash.domain import Box
from cxr_dash.inference.runtime.graph import FlatGraph, Step

# A patch larger than this share of the film's side shows a film, not what excites a cell.
LARGEST_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Axis:
    """Along one axis, in pixels of the prepared film: cell ``i`` sees ``size`` pixels around its centre.

    Attributes
    ----------
    stride, size, first : float
        The centre of cell ``i`` is ``first + stride * i`` (pixel ``p`` covers ``p`` to ``p + 1``);
        ``size`` is infinite behind a layer that sees everything.
    """

    stride: float = 1.0
    size: float = 1.0
    first: float = 0.5

    def windowed(self, window: int, stride: int, dilation: int, before: float) -> Axis:
        """After a window of ``window`` cells that starts ``before`` cells outside the map."""
        reach = (window - 1) * dilation
        return Axis(
            stride=self.stride * stride,
            size=self.size + reach * self.stride,
            first=self.first + (reach / 2 - before) * self.stride,
        )

    def joined(self, other: Axis) -> Axis:
        """What a cell sees that reads both, such as after an addition."""
        if math.isinf(self.size + other.size):
            return Axis(self.stride, math.inf, self.first)
        low = min(self.first - self.size / 2, other.first - other.size / 2)
        high = max(self.first + self.size / 2, other.first + other.size / 2)
        return Axis(self.stride, high - low, (low + high) / 2)


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of the cells of a map."""

    rows: Axis
    columns: Axis

    def pixels(self, row: int, column: int, height: int, width: int) -> Box:
        """What one cell sees of a film of that size, cut to the film."""
        top, bottom = _span(self.rows, row, height)
        left, right = _span(self.columns, column, width)
        return Box(left, top, right - left, bottom - top)


def field_of(graph: FlatGraph, step: Step) -> Field:
    """The receptive field of the feature map that a step makes.

    Layers of unknown reach (a mean over the whole map, a resize) count as seeing everything.
    """
    start = Field(Axis(), Axis())
    fields: dict[int, Field] = {id(graph.input): start}
    for current in graph.leading_to(step.feature_map):
        seen = [fields[id(tensor)] for tensor in current.inputs if id(tensor) in fields]
        if not seen:
            continue
        both = seen[0]
        for other in seen[1:]:
            both = Field(both.rows.joined(other.rows), both.columns.joined(other.columns))
        after = _after(current, both)
        fields |= {id(tensor): after for tensor in current.outputs}
    return fields[id(step.feature_map)]


def shown_region(field: Field, cell: tuple[int, int], grid: tuple[int, int], size: tuple[int, int]) -> Box:
    """The region to cut out of a prepared film for one cell.

    The receptive field where it is at most a third of the film's side; else a third of the side around the
    cell, because theoretical fields of deep layers cover the film while their middle counts most (Luo et
    al. 2016). Never less than the cell itself.

    Parameters
    ----------
    field : Field
    cell : tuple of int
        Row and column.
    grid, size : tuple of int
        Height and width of the map, cells, and of the film, pixels.
    """
    spans = []
    for axis, index, cells, pixels in zip((field.rows, field.columns), cell, grid, size, strict=True):
        wanted = max(min(axis.size, pixels * LARGEST_SHARE), pixels / cells)
        centre = (index + 0.5) * pixels / cells if math.isinf(axis.size) else axis.first + axis.stride * index
        length = min(max(round(wanted), 1), pixels)
        spans.append((min(max(round(centre - length / 2), 0), pixels - length), length))
    (top, height), (left, width) = spans
    return Box(left, top, width, height)


def _span(axis: Axis, index: int, pixels: int) -> tuple[int, int]:
    if math.isinf(axis.size):
        return 0, pixels
    centre = axis.first + axis.stride * index
    low = min(max(math.floor(centre - axis.size / 2 + 1e-9), 0), pixels - 1)
    return low, min(max(math.ceil(centre + axis.size / 2 - 1e-9), low + 1), pixels)


def _after(step: Step, field: Field) -> Field:
    operation, source = step.operation, step.inputs[0]
    if hasattr(operation, "kernel_size") or hasattr(operation, "pool_size"):
        if "Transpose" in type(operation).__name__ or len(source.shape) != 4:
            return _everything(field)
        windows = getattr(operation, "kernel_size", None) or operation.pool_size
        dilations = getattr(operation, "dilation_rate", (1, 1))
        dilations = (dilations, dilations) if isinstance(dilations, int) else dilations
        axes = [
            axis.windowed(
                window, stride, dilation, _same(length, window, stride, dilation, str(operation.padding))
            )
            for axis, window, stride, dilation, length in zip(
                (field.rows, field.columns),
                windows,
                _pair(operation.strides),
                dilations,
                source.shape[1:3],
                strict=True,
            )
        ]
        return Field(*axes)
    if type(operation).__name__ in ("ZeroPadding2D", "Cropping2D"):
        (top, _), (left, _) = getattr(operation, "padding", None) or operation.cropping
        sign = 1 if hasattr(operation, "padding") else -1
        return Field(field.rows.windowed(1, 1, 1, sign * top), field.columns.windowed(1, 1, 1, sign * left))
    same_grid = all(
        len(tensor.shape) == 4 and tuple(tensor.shape[1:3]) == tuple(source.shape[1:3])
        for tensor in step.outputs
    )
    return field if same_grid and len(source.shape) == 4 else _everything(field)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _same(length: int, window: int, stride: int, dilation: int, padding: str) -> float:
    """Cells that ``same`` padding adds before the first one; none for ``valid``."""
    if padding != "same":
        return 0.0
    reach = (window - 1) * dilation + 1
    return max((math.ceil(length / stride) - 1) * stride + reach - length, 0) // 2


def _everything(field: Field) -> Field:
    rows, columns = field.rows, field.columns
    return Field(Axis(rows.stride, math.inf, rows.first), Axis(columns.stride, math.inf, columns.first))
