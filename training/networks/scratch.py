"""Networks trained from random weights. Each has its last map in a layer named ``features``."""

from __future__ import annotations

from typing import Any

from training.networks.film_layers import normalised
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

    x = normalised(film, plan.normalisation or "symmetric")
    if plan.input_norm:
        x = keras.layers.BatchNormalization(name="input_norm")(x)
    return _BUILDERS[name](x, plan)


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
        x = keras.layers.Conv2D(filters, kernel, padding=plan.padding, name=f"conv_{block}")(x)
        x = _norm(x, plan, f"norm_{block}")
        x = _activation(plan, f"activation_{block}")(x)
    return keras.layers.MaxPooling2D(name="features")(x)


def _block_cnn(x: Any, plan: Plan) -> Any:
    """Blocks of convolution, pooling and batch normalisation; dropout before the pooling or behind all."""
    layers, last = _layers(), len(plan.filters) - 1
    for block, (filters, kernel) in enumerate(zip(plan.filters, plan.kernels, strict=True)):
        steps = [layers.Conv2D(filters, kernel, padding=plan.padding, name=f"conv_{block}")]
        steps.append(_activation(plan, f"activation_{block}"))
        drop = layers.Dropout(plan.block_dropout, name=f"block_dropout_{block}")
        if plan.block_dropout and plan.dropout_first:
            steps.append(drop)
        if block < last or plan.last_pooling:
            steps.append(layers.MaxPooling2D(name=f"pool_{block}"))
        if plan.conv_batch_norm:
            steps.append(layers.BatchNormalization(name=f"norm_{block}"))
        # the last layer that changes the map gives it its name; dropout behind it changes nothing when asked
        steps[-1] = _renamed(steps[-1], "features" if block == last else f"block_{block}")
        if plan.block_dropout and not plan.dropout_first:
            steps.append(drop)
        for step in steps:
            x = step(x)
    return x


def _layers() -> Any:
    import keras

    return keras.layers


def _renamed(layer: Any, name: str) -> Any:
    return type(layer).from_config({**layer.get_config(), "name": name})


def _small_xception(x: Any, plan: Plan) -> Any:
    """The Xception of annex A of the UAM thesis: separable convolutions, and no residuals.

    All but the first two layers of ``filters`` are separable, with ReLU before them; maps are halved behind
    the second, the seventh and the last of these.
    """
    layers = _layers()
    for block, (filters, kernel) in enumerate(zip(plan.filters[:2], plan.kernels[:2], strict=True)):
        strides = 2 if block == 0 else 1
        x = layers.Conv2D(filters, kernel, strides=strides, padding="same", name=f"conv_{block}")(x)
        x = _activation(plan, f"activation_{block}")(_norm(x, plan, f"norm_{block}"))
    separable = list(zip(plan.filters[2:], plan.kernels[2:], strict=True))
    for block, (filters, kernel) in enumerate(separable):
        x = _activation(plan, f"before_{block}")(x)
        x = layers.SeparableConv2D(filters, kernel, padding="same", name=f"separable_{block}")(x)
        x = _norm(x, plan, f"separable_norm_{block}")
        last = block == len(separable) - 1
        if block in (1, 6) or last:
            x = layers.MaxPooling2D(name="features" if last else f"pool_{block}")(x)
    return x


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
