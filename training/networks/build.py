"""A whole network from its name.

Each takes float32 ``(n, H, W, 1)``, grey levels 0-255, and scales and replicates channels inside, with
built-in layers only, so that ``safe_mode=True`` loads it. Backbones are not nested. Each ends in pooled
features (``embedding``), its hidden layers, dropout, a linear layer ``logits`` and the activation.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import TrainingError
from training.networks.backbones import application_backbone
from training.networks.earlier import is_earlier_model, take_over
from training.networks.film_layers import film_layers
from training.networks.heads import add_head
from training.networks.network import Network
from training.networks.options import Options, Plan
from training.networks.registry import NETWORKS
from training.networks.scratch import scratch_features
from training.networks.stride import LAST_STRIDES

_PLAIN_OPTIONS = Options()
_FROM_SCRATCH = ("filters", "kernels", "conv_batch_norm", "input_norm")
_OF_BLOCKS = ("block_dropout", "dropout_first", "last_pooling", "padding")
_BLOCKS = ("block_cnn", "conv64_cnn", "conv3_cnn")


def build_network(
    name: str,
    *,
    height: int,
    width: int,
    labels: int,
    activation: str,
    dropout: float,
    weights: str | None,
    options: Options = _PLAIN_OPTIONS,
) -> Any:
    """Build an untrained head on a (pre-trained) backbone, or a network from scratch.

    Parameters
    ----------
    name : str
        A key of :data:`training.networks.NETWORKS`.
    height, width : int
        Input size, pixels.
    labels : int
        Number of logits.
    activation : {"sigmoid", "softmax"}
    dropout : float, 0-1
    weights : str or None
        Path of backbone weights without the top, or of an earlier run's ``model.keras`` whose backbone is
        taken over; ``"imagenet"`` to download them, or None for random ones.
    options : Options
        Head and sizes, where they are not the network's own.

    Returns
    -------
    keras.Model

    Raises
    ------
    TrainingError
        When the network is unknown, the film too small for it, an option not its own, or the weights are
        missing, do not fit or cannot be downloaded.
    """
    import keras

    if name not in NETWORKS:
        raise TrainingError(f"`network.name` must be one of {', '.join(NETWORKS)}; received {name!r}.")
    network = NETWORKS[name]
    plan = _checked(network, options, height, width, weights)
    film = keras.Input((height, width, 1), name="film")
    grown = film_layers(film, plan)
    features = (
        _loaded(network, grown, None if is_earlier_model(weights) else weights, plan)
        if network.application
        else scratch_features(name, grown, plan)
    )
    if plan.head_filters and min(features.shape[1:3]) < 2 * len(plan.head_filters) + 2:
        raise TrainingError(
            f"`network.head_filters` needs a last map of {2 * len(plan.head_filters) + 2} cells a side or "
            f"more; {name} has {min(features.shape[1:3])} at {height} x {width} pixels."
        )
    if plan.pool_size > min(features.shape[1:3]):
        raise TrainingError(
            f"`network.pool_size` must be at most {min(features.shape[1:3])}, the side of the last map of "
            f"{name} at {height} x {width} pixels; received {plan.pool_size}."
        )
    outputs = add_head(features, plan, labels=labels, activation=activation, dropout=dropout)
    model = keras.Model(film, outputs, name=name)
    if weights is not None and is_earlier_model(weights):
        take_over(model, weights)
    return model


def normalise_featurewise(model: Any, pixels: NDArray[np.uint8]) -> None:
    """Set the mean and the variance that a network's first layer normalises with; they stay in the model.

    Parameters
    ----------
    model : keras.Model
        Built with ``Options.normalisation="featurewise"``.
    pixels : ndarray of uint8, shape (n, H, W, 1)
        The prepared train films. Films of one grey level count as of variance 1.
    """
    # grey levels are whole numbers: their counts hold all there is to know, whatever the number of films
    counts = np.zeros(256)
    for start in range(0, len(pixels), 256):
        counts += np.bincount(np.ravel(pixels[start : start + 256]), minlength=256)
    levels = np.arange(256)
    mean = np.average(levels, weights=counts)
    variance = np.average((levels - mean) ** 2, weights=counts) or 1.0
    layer = model.get_layer("scale")
    layer.set_weights([np.array([mean]), np.array([variance]), np.array(len(pixels))])
    layer.finalize_state()


def _checked(network: Network, options: Options, height: int, width: int, weights: str | None) -> Plan:
    """Every choice made, or an error that names the one that cannot be."""
    times = options.enlarge or 1
    if min(height, width) * times < network.smallest:
        raise TrainingError(
            f"`preparation.height` and `width` must be at least {-(-network.smallest // times)} for "
            f"{network.name}{f' enlarged {times} times' if times > 1 else ''}; received {height} x {width}."
        )
    if options.standardise and options.normalisation == "featurewise":
        raise TrainingError(
            "`network.standardise` must be left out with normalisation 'featurewise', which is of films as "
            f"they are; received {options.standardise!r}."
        )
    if options.last_stride == 1 and network.application not in LAST_STRIDES:
        raise TrainingError(
            f"`network.last_stride` must be left out for {network.name}; only {', '.join(LAST_STRIDES)} of "
            "keras.applications can do without their last stride; received 1."
        )
    if network.application:
        for key in _FROM_SCRATCH:
            if getattr(options, key) is not None:
                raise TrainingError(
                    f"`network.{key}` must be left out for {network.name}, whose layers are fixed; "
                    f"received {getattr(options, key)}."
                )
        if weights is not None and weights != "imagenet" and not Path(weights).is_file():
            raise TrainingError(
                f"`weights` must be 'imagenet' or the path of a weights file; received {weights!r}.",
                remedy=where_to_get(network, height, width),
            )
    elif weights is not None:
        raise TrainingError(
            f"{network.name} must start from random weights; received weights={weights!r}.",
            remedy="Leave --weights out.",
        )
    plan = options.over(network.own)
    _check_further(network, options, plan)
    if len(plan.kernels) == 1:
        plan = replace(plan, kernels=plan.kernels * len(plan.filters))
    least = {"small_xception": 3, "residual_cnn": 2}.get(network.name, 0 if network.application else 1)
    if len(plan.kernels) != len(plan.filters) or len(plan.filters) < least:
        raise TrainingError(
            f"`network.filters` of {network.name} must be {least} or more, `network.kernels` one or as many; "
            f"received filters={list(plan.filters)}, kernels={list(plan.kernels)}."
        )
    return plan


def _check_further(network: Network, options: Options, plan: Plan) -> None:
    """What only some networks, or some heads, can have."""
    for key in _OF_BLOCKS:
        fits = network.name in _BLOCKS or (key == "padding" and network.name == "patch_cnn")
        if getattr(options, key) is not None and not fits:
            raise TrainingError(
                f"`network.{key}` must be left out for {network.name}, which is not of plain blocks "
                f"({', '.join(_BLOCKS)}); received {getattr(options, key)}."
            )
    if plan.head_filters and (not network.application or plan.pooling != "flatten" or plan.pool_size > 1):
        raise TrainingError(
            '`network.head_filters` needs a backbone, pooling "flatten" and no pool_size; received '
            f"{list(plan.head_filters)} for {network.name}, {plan.pooling!r}, {plan.pool_size}."
        )
    if plan.hidden_dropout and len(plan.hidden_dropout) != len(plan.dense):
        raise TrainingError(
            "`network.hidden_dropout` must be one number for each of network.dense; received "
            f"{list(plan.hidden_dropout)} for {list(plan.dense)}."
        )


def _loaded(network: Network, film: Any, weights: str | None, plan: Plan) -> Any:
    """The backbone's features with its weights in place."""
    try:
        with warnings.catch_warnings():
            # Keras only warns when a file has no weights for a layer, which then keeps its random ones
            warnings.filterwarnings("error", message="Skipping")
            return application_backbone(
                network, film, weights, last_stride=plan.last_stride, normalisation=plan.normalisation
            ).output
    except Exception as error:  # a failed download is a bare Exception in Keras
        raise TrainingError(
            f"The weights for {network.name} must load; received: {str(error)[:200]}.",
            remedy=where_to_get(network, *film.shape[1:3]),
        ) from error


def where_to_get(network: Network, height: int, width: int) -> str:
    """Which file of ImageNet weights a network takes, and how it comes there."""
    file = network.weights_file_for(height, width)
    return (
        f"Fetch {file} (keras.applications, {network.application} without its top) where there is a network; "
        f"then pass --weights with the path of that file, or put it into ~/.keras/models and pass "
        "--weights imagenet."
    )
