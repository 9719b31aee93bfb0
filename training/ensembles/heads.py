"""The heads that members already have, and the one head of a stack in its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cxr_dash.inference.runtime.anatomy import take_apart
from cxr_dash.inference.runtime.dense_head import match_dense_head
from training.ensembles.join import Joined
from training.ensembles.members import Member
from training.ensembles.stack import Head, Layer
from training.networks import Options
from training.networks.heads import add_head
from training.recipe import Recipe


def mean_of_heads(models: Sequence[Any], members: Sequence[Member], labels: Sequence[str]) -> Layer | None:
    """The mean of the members' calibrated logits as one linear head on all their pooled features.

    Parameters
    ----------
    models : sequence of keras.Model
        Of the members.
    members : sequence of Member
    labels : sequence of str
        Order of the joint logits.

    Returns
    -------
    Layer or None
        None when a member's head is anything but global average pooling and one dense layer.
    """
    kernels, biases = [], []
    for model, member in zip(models, members, strict=True):
        parts = take_apart(model, member.cam_layer)
        head = match_dense_head(parts.head, parts.map)
        if head is None or len(head.layers) != 1:
            return None
        kernel, bias = (np.asarray(array, dtype=np.float64) for array in head.layers[0].get_weights())
        scale, shift = member.line(labels)
        kernels.append(kernel @ scale / len(members))
        biases.append((bias @ scale + shift) / len(members))
    return Layer(np.concatenate(kernels), np.sum(biases, axis=0))


def stack_model(joined: Joined, recipe: Recipe, head: Head, labels: int) -> Any:
    """Global average pooling of all maps and the trained head, with the layers any network here ends in.

    Returns
    -------
    keras.Model
    """
    import keras

    plan = replace(recipe.network.options().over(Options()), pooling="average", batch_norm=False)
    outputs = add_head(
        joined.features,
        plan,
        labels=labels,
        activation=recipe.network.activation,
        dropout=recipe.network.dropout,
    )
    model = keras.Model(joined.film, outputs, name=recipe.id.replace("-", "_"))
    names = [*(f"dense_{index}" for index in range(len(head.layers) - 1)), "logits"]
    for name, layer in zip(names, head.layers, strict=True):
        model.get_layer(name).set_weights([layer.kernel, layer.bias])
    return model
