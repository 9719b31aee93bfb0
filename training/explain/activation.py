"""Activation maps: what the channels of a layer say about one film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float32Array

CHANNELS = 16


@dataclass(frozen=True, slots=True, eq=False)
class ActivationMaps:
    """Some channels of one layer for one film.

    Attributes
    ----------
    layer : str
    channels : tuple of int
    values : ndarray of float32, shape (channels, h, w)
        As the layer puts them out, not stretched.
    total : int
        Channels of the layer.
    """

    layer: str
    channels: tuple[int, ...]
    values: Float32Array
    total: int


def activation_maps(layer: str, found: Float32Array, count: int = CHANNELS) -> ActivationMaps:
    """The channels that vary most over the film, the most varied first.

    Parameters
    ----------
    layer : str
    found : ndarray of float32, shape (h, w, k)
    count : int
    """
    spread = found.std(axis=(0, 1))
    channels = np.argsort(-spread, kind="stable")[:count]
    return ActivationMaps(
        layer=layer,
        channels=tuple(int(channel) for channel in channels),
        values=np.ascontiguousarray(found[:, :, channels].transpose(2, 0, 1)),
        total=int(found.shape[2]),
    )
