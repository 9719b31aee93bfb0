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
    l2 : float or None
        Penalty on the kernels of all dense layers.
    feature_dropout : float or None, 0-1
        Between the last feature map and the head, of a network from scratch.
    filters, kernels : tuple of int or None
        Of a network from scratch, one for each block; one kernel serves for all.
    normalisation : {"symmetric", "featurewise"} or None
        Of a network from scratch: grey levels to -1..1, or minus a mean and divided by a deviation that
        are set once the train films are known.
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
    l2: float | None = None
    feature_dropout: float | None = None
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
    l2: float
    feature_dropout: float
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
    l2=0.0,
    feature_dropout=0.0,
    filters=(),
    kernels=(),
    normalisation="symmetric",
    standardise="off",
    enlarge=1,
    last_stride=2,
)
