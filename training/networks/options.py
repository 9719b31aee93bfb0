"""What a recipe may change about a network: its head, and the sizes of one from scratch."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Options:
    """Choices; None leaves the network its own.

    Attributes
    ----------
    pooling : {"average", "flatten"} or None
        Global average, or every cell of the map one after another.
    pool_size : int or None
        With ``"flatten"``: cells averaged in both directions first; 1 averages none.
    dense : tuple of int or None
        Width of each hidden dense layer.
    hidden_activation : {"relu", "sigmoid", "tanh"} or None
        Of hidden dense layers, and of every convolution of a network from scratch.
    batch_norm, conv_batch_norm : bool or None
        After each hidden dense layer; after each convolution of a network from scratch.
    hidden_dropout : tuple of float or None, 0-1
        Behind each hidden dense layer, one each, where they are not all the recipe's ``dropout``.
    l2, hidden_l2 : float or None
        Penalty on the kernels of all dense layers; of the hidden ones alone, instead.
    feature_dropout : float or None, 0-1
        Between the last feature map and the head.
    block_dropout : float or None, 0-1
        Behind each block of a network of plain blocks.
    dropout_first : bool or None
        Whether a block drops out before it pools.
    last_pooling : bool or None
        Whether the last of plain blocks pools too.
    filters, kernels : tuple of int or None
        Of a network from scratch, one for each block; one kernel serves for all.
    padding : {"same", "valid"} or None
        Of every convolution of plain blocks: a map as large as the one before, or without its border.
    input_norm : bool or None
        Batch normalisation of the film itself, of a network from scratch.
    head_filters : tuple of int or None
        Convolutions of 3 x 3 and a pooling between a backbone and its head, trained with the head.
    normalisation : {"symmetric", "unit", "none", "featurewise"} or None
        Grey levels to -1..1, to 0..1, as they are, or minus a mean and divided by a deviation that are set
        once the train films are known. A backbone has what its weights were trained with, if left out.
    standardise : {"off", "film", "local"} or None
        What the network does with every film first; see :mod:`training.networks.film_layers`.
    enlarge : int or None
        How many times larger than its film what the network works on is.
    last_stride : {1, 2} or None
        1 leaves out the last halving of a backbone; see :mod:`training.networks.stride`.
    """

    pooling: str | None = None
    pool_size: int | None = None
    dense: tuple[int, ...] | None = None
    hidden_activation: str | None = None
    batch_norm: bool | None = None
    conv_batch_norm: bool | None = None
    hidden_dropout: tuple[float, ...] | None = None
    l2: float | None = None
    hidden_l2: float | None = None
    feature_dropout: float | None = None
    block_dropout: float | None = None
    dropout_first: bool | None = None
    last_pooling: bool | None = None
    padding: str | None = None
    input_norm: bool | None = None
    head_filters: tuple[int, ...] | None = None
    filters: tuple[int, ...] | None = None
    kernels: tuple[int, ...] | None = None
    normalisation: str | None = None
    standardise: str | None = None
    enlarge: int | None = None
    last_stride: int | None = None

    def over(self, own: Options) -> Plan:
        """These choices, a network's own where there is none, and the plain head where it has none."""
        merged = {}
        for field in fields(Plan):
            chosen, default = getattr(self, field.name), getattr(own, field.name)
            if chosen is None:
                chosen = getattr(PLAIN, field.name) if default is None else default
            merged[field.name] = chosen
        return Plan(**merged)


@dataclass(frozen=True, slots=True)
class Plan:
    """:class:`Options` with every choice made."""

    pooling: str
    pool_size: int
    dense: tuple[int, ...]
    hidden_activation: str
    batch_norm: bool
    conv_batch_norm: bool
    hidden_dropout: tuple[float, ...]
    l2: float
    hidden_l2: float
    feature_dropout: float
    block_dropout: float
    dropout_first: bool
    last_pooling: bool
    padding: str
    input_norm: bool
    head_filters: tuple[int, ...]
    filters: tuple[int, ...]
    kernels: tuple[int, ...]
    normalisation: str
    standardise: str
    enlarge: int
    last_stride: int


PLAIN = Plan(
    pooling="average",
    pool_size=1,
    dense=(),
    hidden_activation="relu",
    batch_norm=False,
    conv_batch_norm=False,
    hidden_dropout=(),
    l2=0.0,
    hidden_l2=0.0,
    feature_dropout=0.0,
    block_dropout=0.0,
    dropout_first=False,
    last_pooling=True,
    padding="same",
    input_norm=False,
    head_filters=(),
    filters=(),
    kernels=(),
    normalisation="",  # a network from scratch: symmetric; a backbone: that of its weights
    standardise="off",
    enlarge=1,
    last_stride=2,
)
