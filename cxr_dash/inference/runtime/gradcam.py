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

from cxr_dash.errors import BundleError
from cxr_dash.inference.runtime.dense_head import DenseHead, match_dense_head
from cxr_dash.inference.runtime.graph import FlatGraph, Step, flatten_model, following, replay
from cxr_dash.inference.runtime.litert_gradients import convertible_gradients

LOGITS_LAYER = "logits"


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
    _input: Any
    _map: Any
    _logits: Any
    _before: tuple[Step, ...]
    _head: tuple[Step, ...]
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

        known = replay(self._before, {id(self._input): films})
        features = known[id(self._map)]
        logits = replay(self._head, known)[id(self._logits)]
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

        classes = self.class_count
        needed = {id(tensor) for step in self._head for tensor in step.inputs}
        copies = {key: tf.repeat(known[key], classes, axis=0) for key in needed & known.keys()}
        features = copies[id(self._map)]
        with convertible_gradients():
            logits = replay(self._head, copies)[id(self._logits)]
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
    graph = flatten_model(model)
    logits_step = _find_logits(graph)
    logits = logits_step.outputs[0]
    ancestors = graph.leading_to(logits)
    cam_step = _find_cam(ancestors, cam_layer)
    feature_map = cam_step.feature_map
    if feature_map is None:  # `_find_cam` returns only steps that have one
        raise BundleError(f"`cam_layer` must make a feature map; received {cam_step.path}.")
    head = following(ancestors, feature_map)
    in_head = {id(step) for step in head}
    _, height, width, channels = feature_map.shape
    dense_head = match_dense_head(head, feature_map)
    return Explainer(
        model=model,
        method="traced" if dense_head is None else "closed_form",
        cam_layer=cam_step.path,
        cam_grid=(int(height), int(width)),
        input_size=(int(graph.input.shape[1]), int(graph.input.shape[2])),
        class_count=int(logits.shape[-1]),
        embedding_size=int(channels),
        _input=graph.input,
        _map=feature_map,
        _logits=logits,
        _before=tuple(step for step in ancestors if id(step) not in in_head),
        _head=head,
        _dense_head=dense_head,
    )


def _find_logits(graph: FlatGraph) -> Step:
    """The step of the linear layer named ``logits``."""
    import keras

    found = [step for step in graph.steps if step.name == LOGITS_LAYER]
    if not found:
        raise BundleError(
            f"`model` must have a layer named {LOGITS_LAYER!r}; its last layers are "
            f"{[step.path for step in graph.steps[-4:]]}.",
            remedy="End it with Dense(classes, name='logits') and a separate Activation layer.",
        )
    step = found[-1]
    activation = getattr(step.operation, "activation", None)
    if activation not in (None, keras.activations.linear) or len(step.outputs[0].shape) != 2:
        raise BundleError(
            f"Layer {LOGITS_LAYER!r} must be linear with output (n, classes); received activation "
            f"{getattr(activation, '__name__', activation)!r} and output {tuple(step.outputs[0].shape)}.",
            remedy="Move softmax or sigmoid into an Activation layer of its own after it.",
        )
    return step


def _find_cam(ancestors: tuple[Step, ...], cam_layer: str | None) -> Step:
    """The last step with a feature map, or the named one."""
    candidates = [step for step in ancestors if step.feature_map is not None]
    if cam_layer is not None:
        candidates = [step for step in candidates if cam_layer in (step.path, step.name)]
    if not candidates:
        wanted = "a layer before the logits with" if cam_layer is None else f"{cam_layer!r} to be"
        raise BundleError(
            f"Grad-CAM needs {wanted} a feature map (n, h, w, channels) of more than one cell; "
            f"received a model of {len(ancestors)} layers without.",
            remedy="Name one of the model's own convolution, activation or pooling layers as `cam_layer`.",
        )
    return candidates[-1]
