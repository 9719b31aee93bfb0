"""Grad-CAM of every class's logit as part of a model's own forward graph.

For feature map ``A`` (n, h, w, k) and logit ``y_c``, Grad-CAM (Selvaraju et al., 2017, equations 1 and 2)
weighs each channel with the spatial mean of ``d y_c / d A_k`` and sums: ``cam_c = sum_k w_ck A_k``. The ReLU
of equation 2 is left to the reader of the map, who also needs to see evidence against. The logit is
differentiated, never the probability: behind a sure softmax or sigmoid the gradient vanishes.

Keras and TensorFlow are imported inside functions only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cxr_dash.inference.runtime.anatomy import LOGITS_LAYER, Anatomy, take_apart
from cxr_dash.inference.runtime.dense_head import DenseHead, match_dense_head
from cxr_dash.inference.runtime.graph import replay
from cxr_dash.inference.runtime.litert_gradients import convertible_gradients

__all__ = ["LOGITS_LAYER", "Explainer", "build_explainer"]


@dataclass(frozen=True, eq=False)
class Explainer:
    """A model together with its Grad-CAM, to be traced by ``tf.function``.

    Attributes
    ----------
    model : keras.Model
        Kept so that its variables live as long as the explainer.
    method : {"closed_form", "traced"}
        Whether the weights come from the dense kernels or from a gradient traced into the graph.
    cam_layer : str
        Path of the layer whose output is the feature map.
    cam_grid : tuple of int
        Height and width of the map, cells.
    input_size : tuple of int
        Height and width of the input, pixels.
    class_count, embedding_size : int
    """

    model: Any
    method: Literal["closed_form", "traced"]
    cam_layer: str
    cam_grid: tuple[int, int]
    input_size: tuple[int, int]
    class_count: int
    embedding_size: int
    _parts: Anatomy
    _dense_head: DenseHead | None

    def __call__(self, films: Any) -> tuple[Any, Any, Any]:
        """Logits, maps and embedding; call it inside a ``tf.function`` (the traced method needs a graph).

        Parameters
        ----------
        films : tensor of float32, shape (n, H, W, 1), grey levels 0-255

        Returns
        -------
        logits : tensor of float32, shape (n, C)
        cams : tensor of float32, shape (n, C, h, w)
            Before ReLU; unit: logits per cell.
        embedding : tensor of float32, shape (n, D)
            Spatial mean of the feature map.
        """
        import tensorflow as tf

        parts = self._parts
        known = replay(parts.before, {id(parts.film): films})
        features = known[id(parts.map)]
        logits = replay(parts.head, known)[id(parts.logits)]
        embedding = tf.reduce_mean(features, axis=(1, 2))
        height, width = self.cam_grid
        if self._dense_head is not None:
            weights = self._dense_head.jacobian(embedding) / (height * width)
        else:
            weights = self._traced_weights(known)
        cells = tf.reshape(features, (-1, height * width, self.embedding_size))
        cams = tf.matmul(weights, cells, transpose_b=True)
        return logits, tf.reshape(cams, (-1, self.class_count, height, width)), embedding

    def trace(self, batch_size: int | None = 1) -> Any:
        """A ``tf.function`` of one signature, with outputs named ``logits``, ``cams`` and ``embedding``.

        Parameters
        ----------
        batch_size : int or None
            ``None`` takes any number of films.
        """
        import tensorflow as tf

        def explain(film: Any) -> dict[str, Any]:
            logits, cams, embedding = self(film)
            return {"logits": logits, "cams": cams, "embedding": embedding}

        spec = tf.TensorSpec((batch_size, *self.input_size, 1), tf.float32, name="film")
        return tf.function(explain, input_signature=[spec], autograph=False)

    def _traced_weights(self, known: dict[int, Any]) -> Any:
        """Spatial mean of each logit's gradient, (n, C, k): one backward pass over C copies of the map."""
        import tensorflow as tf

        classes, parts = self.class_count, self._parts
        needed = {id(tensor) for step in parts.head for tensor in step.inputs}
        copies = {key: tf.repeat(known[key], classes, axis=0) for key in needed & known.keys()}
        features = copies[id(parts.map)]
        with convertible_gradients():
            logits = replay(parts.head, copies)[id(parts.logits)]
            own = tf.tile(tf.eye(classes), (tf.shape(logits)[0] // classes, 1))
            gradient = tf.gradients(tf.reduce_sum(logits * own), features)[0]
        return tf.reshape(tf.reduce_mean(gradient, axis=(1, 2)), (-1, classes, self.embedding_size))


def build_explainer(model: Any, cam_layer: str | None = None) -> Explainer:
    """Find the feature map and the logits of a model and join its Grad-CAM to it.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, possibly with nested models; input ``(n, H, W, 1)``; with a linear layer
        named ``logits`` before the final activation.
    cam_layer : str or None
        Name or path (``"mobilenetv2/out_relu"``) of the layer whose map is used; ``None`` takes the last
        feature map before the logits.

    Raises
    ------
    BundleError
        When there is no such layer, or no linear layer ``logits``.
    """
    parts = take_apart(model, cam_layer)
    _, height, width, channels = parts.map.shape
    dense_head = match_dense_head(parts.head, parts.map)
    return Explainer(
        model=model,
        method="traced" if dense_head is None else "closed_form",
        cam_layer=parts.cam_layer,
        cam_grid=(int(height), int(width)),
        input_size=(int(parts.film.shape[1]), int(parts.film.shape[2])),
        class_count=int(parts.logits.shape[-1]),
        embedding_size=int(channels),
        _parts=parts,
        _dense_head=dense_head,
    )
