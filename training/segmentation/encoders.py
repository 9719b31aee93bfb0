"""What a segmenter may see films with: networks of ``keras.applications``, and where each gives its maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cxr_dash.errors import TrainingError
from training.networks import NETWORKS
from training.networks.backbones import application_backbone


@dataclass(frozen=True, slots=True)
class Encoder:
    """Where an encoder hands over to the decoder.

    Attributes
    ----------
    deepest : str
        Layer whose map the decoder begins with.
    skips : tuple of str
        Layers whose maps join it on the way, at 1/16, 1/8, 1/4 and 1/2 of the film.
    last_stride : {1, 2}
        1 leaves out the last halving, so that the deepest map is as fine as the first that joins it.
    """

    deepest: str
    skips: tuple[str, str, str, str]
    last_stride: int = 2


ENCODERS = {
    # narrow maps: between its inverted residuals
    "mobilenet_v2": Encoder(
        "block_16_project_BN",
        ("block_12_add", "block_5_add", "block_2_add", "expanded_conv_project_BN"),
    ),
    # as classifiers of this package have it that other bundles' heads are put on
    "mobilenet": Encoder(
        "conv_pw_13_relu",
        ("conv_pw_11_relu", "conv_pw_5_relu", "conv_pw_3_relu", "conv_pw_1_relu"),
        last_stride=1,
    ),
}


def encoder_model(name: str, film: Any, weights: str | None) -> Any:
    """The encoder on a film.

    Parameters
    ----------
    name : str
        Of :data:`ENCODERS`.
    film : KerasTensor, shape (n, H, W, 1), grey levels 0-255
    weights : str or None
        Path of weights without the top, ``"imagenet"``, or None for random ones.

    Returns
    -------
    keras.Model

    Raises
    ------
    TrainingError
        When the weights cannot be read.
    """
    network = NETWORKS[name]
    try:
        return application_backbone(network, film, weights, last_stride=ENCODERS[name].last_stride)
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"`weights` must be {network.application}'s without the top; received {weights!r}: "
            f"{str(error)[:200]}"
        ) from error
