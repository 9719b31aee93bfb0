"""Maps by any method, for many films and one label each; slow and general, for comparing only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.runtime.anatomy import LOGITS_LAYER, take_apart
from cxr_dash.inference.runtime.graph import FlatGraph, Step, flatten_model, replay
from training.localisation.methods import Method, Term

BATCH_FILMS = 16


class MapMaker:
    """The maps of several methods in one forward and one backward pass.

    Parameters
    ----------
    model : keras.Model
        With a linear layer ``logits``.
    cam_layer : str or None
        What ``last`` means; None is the last feature map.
    methods : sequence of Method

    Raises
    ------
    BundleError, TrainingError
        When the model has no logits, or a method names a layer that is not there.
    """

    def __init__(self, model: Any, cam_layer: str | None, methods: Sequence[Method]) -> None:
        self.methods = tuple(methods)
        self._graph = flatten_model(model)
        self._model = model  # owns the variables that the traced function refers to
        last = take_apart(model, cam_layer).cam_layer
        terms = dict.fromkeys(term for method in methods for term in method.terms)
        self._layers = {term: _layers_of(self._graph, term.layer, last) for term in terms}
        logits = [step for step in self._graph.steps if step.name == LOGITS_LAYER][-1].outputs[0]
        self._classes = int(logits.shape[-1])
        self._function = self._trace(logits)

    def maps(self, films: Float32Array, classes: Sequence[int]) -> dict[str, list[Float32Array]]:
        """Each method's map of each film's own class.

        Parameters
        ----------
        films : ndarray of float32, shape (n, H, W, 1), grey levels 0-255
        classes : sequence of int
            Number of the logit to explain, for each film.

        Returns
        -------
        dict of str to list of ndarray of float32, shape (h, w)
            By the method's name; before ReLU, but joined maps are products or sums of what is above 0.
        """
        found: dict[str, list[Float32Array]] = defaultdict(list)
        for start in range(0, len(films), BATCH_FILMS):
            part = films[start : start + BATCH_FILMS]
            wanted = np.zeros((BATCH_FILMS, self._classes), dtype=np.float32)
            wanted[np.arange(len(part)), list(classes[start : start + BATCH_FILMS])] = 1.0
            # always one batch size: a new one is traced anew
            padded = np.concatenate([part, np.repeat(part[-1:], BATCH_FILMS - len(part), axis=0)])
            rows = {term: row.numpy() for term, row in self._function(padded, wanted).items()}
            for method in self.methods:
                terms = [rows[_key(term)][: len(part)] for term in method.terms]
                found[method.name] += [_joined([term[i] for term in terms], method) for i in range(len(part))]
        return dict(found)

    def _trace(self, logits: Any) -> Any:
        import tensorflow as tf

        steps = self._graph.leading_to(logits)
        watched = {id(step.outputs[0]) for layers in self._layers.values() for step in layers}

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def maps(films: Any, wanted: Any) -> dict[str, Any]:
            known = {id(self._graph.input): films}
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                for step in steps:
                    known |= replay([step], known)
                    if id(step.outputs[0]) in watched:
                        tape.watch(known[id(step.outputs[0])])
                answer = tf.reduce_sum(known[id(logits)] * wanted)
            activations = {key: known[key] for key in watched}
            gradients = tape.gradient(answer, activations)
            made = {}
            for term, layers in self._layers.items():
                keys = [id(step.outputs[0]) for step in layers]
                made[_key(term)] = tf.add_n([_rule(term.rule, activations[k], gradients[k]) for k in keys])
            return made

        return maps


def _key(term: Term) -> str:
    return f"{term.rule}@{term.layer}"


def _layers_of(graph: FlatGraph, layer: str, last: str) -> list[Step]:
    """The steps whose maps a layer's name means, all of one grid."""
    steps = [step for step in graph.steps if step.feature_map is not None]
    own = next(step for step in steps if step.path == last)
    if layer == "last":
        return [own]
    if layer == "finer":
        grid = tuple(2 * side for side in own.outputs[0].shape[1:3])
        # of an ensemble, each member's own branch
        branches = {
            step.path.partition(".")[0] if step.path.startswith("member") else "": step
            for step in steps
            if tuple(step.outputs[0].shape[1:3]) == grid
        }
        found = list(branches.values())
    else:
        found = [step for step in steps if layer in (step.path, step.name)][-1:]
    if not found:
        raise TrainingError(
            f"A method's layer must have a feature map; received {layer!r}.",
            remedy=f"Name `last`, `finer` or one of {', '.join(step.path for step in steps[-12:])}.",
        )
    return found


def _rule(rule: str, activations: Any, gradient: Any) -> Any:
    """One map before ReLU, (n, h, w), from activations and gradient (n, h, w, k)."""
    import tensorflow as tf

    if rule == "hirescam":
        return tf.reduce_sum(gradient * activations, axis=-1)
    if rule == "layercam":
        return tf.reduce_sum(tf.nn.relu(gradient) * activations, axis=-1)
    if rule == "gradcam":
        weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
        return tf.reduce_sum(weights * activations, axis=-1)
    # Grad-CAM++, equation 19, for the logit, whose second and third derivatives are powers of the first
    total = tf.reduce_sum(activations, axis=(1, 2), keepdims=True)
    below = 2.0 * tf.square(gradient) + total * tf.pow(gradient, 3)
    share = tf.where(tf.abs(below) > 1e-20, tf.square(gradient) / tf.where(below == 0.0, 1.0, below), 0.0)
    weights = tf.reduce_sum(share * tf.nn.relu(gradient), axis=(1, 2), keepdims=True)
    return tf.reduce_sum(weights * activations, axis=-1)


def _joined(terms: Sequence[Float32Array], method: Method) -> Float32Array:
    if len(terms) == 1:
        return np.asarray(terms[0], dtype=np.float32)
    height, width = (max(term.shape[axis] for term in terms) for axis in (0, 1))
    shares = [
        cv2.resize(_share_of_peak(term), (width, height), interpolation=cv2.INTER_LINEAR) for term in terms
    ]
    joined = shares[0] * shares[1] if method.join == "*" else shares[0] + shares[1]
    return np.asarray(joined, dtype=np.float32)


def _share_of_peak(cam: Float32Array) -> Float32Array:
    values = np.maximum(np.asarray(cam, dtype=np.float32), 0.0)
    peak = float(values.max())
    return np.asarray(values / (peak or 1.0), dtype=np.float32)
