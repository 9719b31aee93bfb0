"""Layers between the film and the network: the film's own grey levels evened out, and small films enlarged.

They are part of the model, so that what serves does exactly what was trained. What comes out is in grey
levels again (mean 127.5, deviation 64, not clipped), so that a backbone's own scaling fits behind it.
"""

from __future__ import annotations

from typing import Any

from training.networks.options import Plan

LEVEL, DEVIATION = 127.5, 64.0
# of the film's side: wider than a rib, narrower than a lung
LOCAL_REACH = 0.3
LAYERS = ("local_mean", "local_detail", "standardise", "grey_levels", "enlarge")


def film_layers(film: Any, plan: Plan) -> Any:
    """What the plan asks for, in this order: standardise, enlarge; the film itself where it asks for nothing.

    Parameters
    ----------
    film : KerasTensor, shape (n, H, W, 1), grey levels 0-255
    plan : Plan
        ``standardise`` "film": minus the film's mean, divided by its deviation, so that exposure and
        contrast no longer tell; "local": minus the mean of a window around each pixel first, so that slow
        shades do not tell either.

    Returns
    -------
    KerasTensor, shape (n, H * enlarge, W * enlarge, 1)
    """
    import keras

    layers = keras.layers
    x = film
    if plan.standardise == "local":
        window = tuple(2 * round(side * LOCAL_REACH / 2) + 1 for side in film.shape[1:3])
        mean = layers.AveragePooling2D(window, strides=1, padding="same", name="local_mean")(x)
        x = layers.Subtract(name="local_detail")([x, mean])
    if plan.standardise != "off":
        x = layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, name="standardise")(x)
        x = layers.Rescaling(DEVIATION, offset=LEVEL, name="grey_levels")(x)
    if plan.enlarge > 1:
        x = layers.UpSampling2D(plan.enlarge, interpolation="bilinear", name="enlarge")(x)
    return x


def normalised(film: Any, normalisation: str) -> Any:
    """Grey levels 0-255 on the scale that a network is trained on; the layer is called ``scale``.

    Parameters
    ----------
    film : KerasTensor, shape (n, H, W, 1)
    normalisation : {"symmetric", "unit", "none", "featurewise"}
        As in :class:`training.networks.options.Options`.

    Returns
    -------
    KerasTensor, shape (n, H, W, 1)
    """
    import keras

    if normalisation == "none":
        return film
    if normalisation == "featurewise":
        # its mean and variance are weights: normalise_featurewise() sets them
        return keras.layers.Normalization(axis=-1, name="scale")(film)
    scale, offset = {"unit": (1 / 255, 0.0), "symmetric": (1 / 127.5, -1.0)}[normalisation]
    return keras.layers.Rescaling(scale, offset=offset, name="scale")(film)
