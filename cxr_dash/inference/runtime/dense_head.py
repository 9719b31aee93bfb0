"""Heads whose gradient needs no backward pass: global average pooling, then dense layers.

With pooled features ``p = mean(A)`` the gradient of a logit reaches every cell of channel ``k`` alike, as
``(d y_c / d p_k) / (h w)``. Through dense layers ``d y / d p`` is a product of kernels and, for each hidden
ReLU, of "is it on": one dense layer gives ``W / (h w)`` (class activation mapping, Zhou et al., 2016), a
hidden one ``((W1 * (a > 0)) @ W2) / (h w)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cxr_dash.inference.runtime.graph import Step


@dataclass(frozen=True, eq=False)
class DenseHead:
    """The layers after the pooling, in order: dense layers, plain ReLUs; what does nothing is left out."""

    layers: tuple[Any, ...]

    def jacobian(self, pooled: Any) -> Any:
        """Derivative of every logit with respect to the pooled features.

        Parameters
        ----------
        pooled : tensor of float32, shape (n, k)

        Returns
        -------
        tensor of float32, shape (n, C, k)
            Or (1, C, k) when it is the same for every film.
        """
        import tensorflow as tf

        switches: list[Any] = []
        values = pooled
        for layer in self.layers[:-1]:
            values = layer(values)
            # a ReLU passes the gradient where its output is above zero
            switches.append(tf.cast(values > 0, tf.float32)[:, None, :] if _ends_in_relu(layer) else None)
        jacobian = tf.transpose(self.layers[-1].kernel)[None]
        for layer, switch in zip(reversed(self.layers[:-1]), reversed(switches), strict=True):
            if switch is not None:
                jacobian = jacobian * switch
            if _is_dense(layer):
                jacobian = tf.matmul(jacobian, layer.kernel, transpose_b=True)
        return jacobian


def match_dense_head(head: tuple[Step, ...], feature_map: Any) -> DenseHead | None:
    """The head as a :class:`DenseHead`, or ``None`` when it is anything else.

    Parameters
    ----------
    head : tuple of Step
        Every step from the feature map to the logits.
    feature_map : KerasTensor
    """
    import keras

    previous = feature_map
    for step in head:
        if len(step.inputs) != 1 or step.inputs[0] is not previous or len(step.outputs) != 1:
            return None
        previous = step.outputs[0]
    operations = [step.operation for step in head]
    if not operations or type(operations[0]) is not keras.layers.GlobalAveragePooling2D:
        return None
    if operations[0].data_format != "channels_last" or operations[0].keepdims:
        return None
    layers = [operation for operation in operations[1:] if not _does_nothing(operation)]
    if not layers or not _is_dense(layers[-1]) or _ends_in_relu(layers[-1]):
        return None
    if not all(_is_dense(layer) or _ends_in_relu(layer) for layer in layers):
        return None
    return DenseHead(layers=tuple(layers))


def _does_nothing(operation: Any) -> bool:
    """Whether a layer passes its input on unchanged when it serves."""
    import keras

    if type(operation) is keras.layers.Activation:
        return operation.activation is keras.activations.linear
    return type(operation) in (keras.layers.Dropout, keras.layers.Identity, keras.layers.GaussianNoise)


def _is_dense(layer: Any) -> bool:
    """Whether it is a dense layer, linear or with a ReLU."""
    import keras

    known = (None, keras.activations.linear, keras.activations.relu)
    return type(layer) is keras.layers.Dense and layer.activation in known


def _ends_in_relu(layer: Any) -> bool:
    """Whether its output is a plain ReLU's."""
    import keras

    if type(layer) is keras.layers.ReLU:
        return not layer.negative_slope and not layer.threshold and layer.max_value is None
    if type(layer) in (keras.layers.Dense, keras.layers.Activation):
        return layer.activation is keras.activations.relu
    return False
