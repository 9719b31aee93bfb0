"""Networks trained from random weights. Each ends in a layer named ``features``, and dropout behind it."""

from __future__ import annotations

from typing import Any

from training.networks.options import Plan


def scratch_features(name: str, film: Any, plan: Plan) -> Any:
    """The last feature map of a network from scratch.

    Parameters
    ----------
    name : str
        A key of the registry.
    film : KerasTensor, shape (n, H, W, 1), grey levels 0-255
    plan : Plan
        ``kernels`` as many as ``filters``.
    """
    import keras

    if plan.normalisation == "featurewise":
        # its mean and variance are weights: normalise_featurewise() sets them
        scale = keras.layers.Normalization(axis=-1, name="scale")
    else:
        scale = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")
    x = scale(film)
    x = _BUILDERS[name](x, plan)
    return (
        keras.layers.Dropout(plan.feature_dropout, name="feature_dropout")(x) if plan.feature_dropout else x
    )


def _activation(plan: Plan, name: str) -> Any:
    import keras

    return keras.layers.Activation(plan.hidden_activation, name=name)


def _norm(x: Any, plan: Plan, name: str) -> Any:
    import keras

    return keras.layers.BatchNormalization(name=name)(x) if plan.conv_batch_norm else x


def _small_cnn(x: Any, plan: Plan) -> Any:
    """Convolution, batch normalisation, ReLU, pooling; none behind the last."""
    import keras

    last = len(plan.filters) - 1
    for block, (filters, kernel) in enumerate(zip(plan.filters, plan.kernels, strict=True)):
        x = keras.layers.Conv2D(filters, kernel, padding="same", use_bias=False, name=f"conv_{block}")(x)
        x = keras.layers.BatchNormalization(name=f"norm_{block}")(x)
        x = keras.layers.ReLU(name=f"relu_{block}")(x)
        if block < last:
            x = keras.layers.MaxPooling2D(name=f"pool_{block}")(x)
    return x


def _patch_cnn(x: Any, plan: Plan) -> Any:
    """Convolutions one behind the other, then a single pooling."""
    import keras

    for block, (filters, kernel) in enumerate(zip(plan.filters, plan.kernels, strict=True)):
        x = keras.layers.Conv2D(filters, kernel, padding="same", name=f"conv_{block}")(x)
        x = _norm(x, plan, f"norm_{block}")
        x = _activation(plan, f"activation_{block}")(x)
    return keras.layers.MaxPooling2D(name="features")(x)


def _block_cnn(x: Any, plan: Plan) -> Any:
    """Blocks of convolution and pooling, batch normalisation behind the pooling."""
    import keras

    last = len(plan.filters) - 1
    for block, (filters, kernel) in enumerate(zip(plan.filters, plan.kernels, strict=True)):
        x = keras.layers.Conv2D(filters, kernel, padding="same", name=f"conv_{block}")(x)
        x = _activation(plan, f"activation_{block}")(x)
        ending = "features" if block == last else f"block_{block}"
        x = keras.layers.MaxPooling2D(name=f"pool_{block}" if plan.conv_batch_norm else ending)(x)
        x = _norm(x, plan, ending)
    return x


def _small_xception(x: Any, plan: Plan) -> Any:
    """Xception's entry and exit in small: all but the first two blocks are separable, with a residual."""
    import keras

    layers = keras.layers
    *entry, exit_filters = zip(plan.filters, plan.kernels, strict=True)
    for block, (filters, kernel) in enumerate(entry[:2]):
        strides = 2 if block == 0 else 1
        x = layers.Conv2D(
            filters, kernel, strides=strides, padding="same", use_bias=False, name=f"conv_{block}"
        )(x)
        x = _activation(plan, f"activation_{block}")(_norm(x, plan, f"norm_{block}"))
    for block, (filters, kernel) in enumerate(entry[2:], start=2):
        residual = layers.Conv2D(filters, 1, strides=2, use_bias=False, name=f"residual_{block}")(x)
        residual = _norm(residual, plan, f"residual_norm_{block}")
        x = layers.SeparableConv2D(
            filters, kernel, padding="same", use_bias=False, name=f"separable_{block}a"
        )(x)
        x = _activation(plan, f"activation_{block}")(_norm(x, plan, f"norm_{block}a"))
        x = layers.SeparableConv2D(
            filters, kernel, padding="same", use_bias=False, name=f"separable_{block}b"
        )(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"pool_{block}")(_norm(x, plan, f"norm_{block}b"))
        x = layers.Add(name=f"sum_{block}")([x, residual])
    filters, kernel = exit_filters
    x = layers.SeparableConv2D(filters, kernel, padding="same", use_bias=False, name="separable_exit")(x)
    return _activation(plan, "features")(_norm(x, plan, "norm_exit"))


def _residual_cnn(x: Any, plan: Plan) -> Any:
    """A convolution, then stages of two residual blocks, each at half the size (He et al. 2016).

    The film keeps its size in the first convolution and is halved by every stage: at 28 pixels there is none
    to spare, and the last map still has 4 x 4 cells.
    """
    import keras

    layers = keras.layers

    def convolve(x: Any, filters: int, kernel: int, strides: int, name: str) -> Any:
        x = layers.Conv2D(
            filters, kernel, strides=strides, padding="same", use_bias=not plan.conv_batch_norm, name=name
        )(x)
        return _norm(x, plan, f"{name}_norm")

    x = convolve(x, plan.filters[0], plan.kernels[0], 1, "stem")
    x = _activation(plan, "stem_activation")(x)
    last = len(plan.filters) - 1
    for stage, (filters, kernel) in enumerate(zip(plan.filters[1:], plan.kernels[1:], strict=True), start=1):
        for block in ("a", "b"):
            strides, same = (2, convolve(x, filters, 1, 2, f"same_{stage}")) if block == "a" else (1, x)
            inner = convolve(x, filters, kernel, strides, f"conv_{stage}{block}1")
            inner = _activation(plan, f"activation_{stage}{block}1")(inner)
            inner = convolve(inner, filters, kernel, 1, f"conv_{stage}{block}2")
            total = layers.Add(name=f"sum_{stage}{block}")([inner, same])
            ending = "features" if stage == last and block == "b" else f"activation_{stage}{block}2"
            x = _activation(plan, ending)(total)
    return x


def _multiscale_resnet(x: Any, plan: Plan) -> Any:
    """Residual stages of three fields of view; every stage also reads what all earlier ones made."""
    import keras

    layers = keras.layers
    filters, kernel = plan.filters[0], plan.kernels[0]
    x = layers.Conv2D(filters, kernel, strides=2, padding="same", name="stem")(x)
    x = _activation(plan, "stem_activation")(_norm(x, plan, "stem_norm"))
    for stage, (filters, kernel) in enumerate(zip(plan.filters, plan.kernels, strict=True)):
        x = layers.MaxPooling2D(name=f"pool_{stage}")(x)
        scales = []
        for reach in (1, 2, 3):
            branch = layers.Conv2D(
                filters, kernel, dilation_rate=reach, padding="same", name=f"scale_{stage}_{reach}"
            )(x)
            branch = _norm(branch, plan, f"scale_norm_{stage}_{reach}")
            scales.append(_activation(plan, f"scale_activation_{stage}_{reach}")(branch))
        merged = layers.Concatenate(name=f"scales_{stage}")(scales)
        merged = layers.Conv2D(filters, 1, name=f"merge_{stage}")(merged)
        same = layers.Conv2D(filters, 1, name=f"residual_{stage}")(x)
        total = layers.Add(name=f"sum_{stage}")([_norm(merged, plan, f"merge_norm_{stage}"), same])
        total = _activation(plan, f"stage_{stage}")(total)
        last = stage == len(plan.filters) - 1
        # the dense link: a stage hands on what it was given together with what it made
        x = layers.Concatenate(name="features" if last else f"link_{stage}")([x, total])
    return x


_BUILDERS = {
    "small_cnn": _small_cnn,
    "patch_cnn": _patch_cnn,
    "block_cnn": _block_cnn,
    "conv64_cnn": _block_cnn,
    "conv3_cnn": _block_cnn,
    "small_xception": _small_xception,
    "multiscale_resnet": _multiscale_resnet,
    "residual_cnn": _residual_cnn,
}
