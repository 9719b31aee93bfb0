"""Raw maps as NumPy files: what the network found, before any colour."""

from __future__ import annotations

from typing import IO

import numpy as np

from cxr_dash.domain import Heatmap
from cxr_dash.explain import film_heatmap

UNIT = "logits per cell, un-normalised, >= 0; 0 outside the crop"


def write_map(stream: IO[bytes], heatmap: Heatmap) -> None:
    """Write one map as ``.npy``: float32 (H, W) in the film's own frame, un-normalised, >= 0.

    The map is written piece by piece: a second copy of it is never made.
    """
    values = np.ascontiguousarray(film_heatmap(heatmap), dtype=np.float32)
    np.lib.format.write_array(stream, values, allow_pickle=False)
