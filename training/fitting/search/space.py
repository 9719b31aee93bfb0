"""Which entries of a recipe are searched, and in which range."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cxr_dash.errors import TrainingError
from training.recipe import load_recipe

Kind = Literal["choice", "int", "float", "log"]
_REMEDY = (
    "Write --param 'fit.batch_size=choice:8|16', --param 'fit.copies=int:1..8', "
    "--param 'network.dropout=float:0..0.5' or --param 'fit.head_learning_rate=log:1e-4..1e-2'."
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One searched entry.

    Attributes
    ----------
    entry : str
        As ``section.name``.
    kind : {"choice", "int", "float", "log"}
        ``log`` draws evenly from the logarithm of a range.
    choices : tuple of str
        Values as they would stand in TOML; of ``choice`` only.
    low, high : float
        Both included; of ranges only.
    """

    entry: str
    kind: Kind
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0

    def distribution(self) -> Any:
        """The same for Optuna."""
        from optuna import distributions

        if self.kind == "choice":
            return distributions.CategoricalDistribution(self.choices)
        if self.kind == "int":
            return distributions.IntDistribution(int(self.low), int(self.high))
        return distributions.FloatDistribution(self.low, self.high, log=self.kind == "log")

    def ends(self) -> tuple[str, ...]:
        """Values that show whether the whole dimension can be used: every choice, or both ends."""
        return self.choices or (self.text(self.low), self.text(self.high))

    def text(self, value: Any) -> str:
        """A drawn value as it would stand in TOML."""
        if self.kind == "choice":
            return str(value)
        return str(int(value)) if self.kind == "int" else repr(float(value))


def read_space(entries: Sequence[str]) -> tuple[Dimension, ...]:
    """``section.name=kind:range`` entries as dimensions.

    Raises
    ------
    TrainingError
        When one is not written so, or an entry is named twice.
    """
    space = tuple(_read(entry) for entry in entries)
    names = [dimension.entry for dimension in space]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TrainingError(f"`--param` must name an entry once; received {', '.join(twice)} twice.")
    return space


def grid_space(grid: Mapping[str, str]) -> tuple[Dimension, ...]:
    """``{"fit.copies": "2,4"}`` as dimensions."""
    return tuple(
        Dimension(entry, "choice", tuple(value.strip() for value in values.split(",")))
        for entry, values in grid.items()
    )


def _read(text: str) -> Dimension:
    name, sign, rule = text.partition("=")
    kind, colon, values = rule.strip().partition(":")
    wrong = TrainingError(f"`--param` must be section.name=kind:values; received {text!r}.", remedy=_REMEDY)
    if not sign or not colon or not values.strip():
        raise wrong
    entry = name.strip()
    if kind == "choice":
        choices = tuple(value.strip() for value in values.split("|"))
        if "" in choices or len(set(choices)) != len(choices):
            raise wrong
        return Dimension(entry, "choice", choices)
    low_text, dots, high_text = values.partition("..")
    try:
        low, high = float(low_text), float(high_text)
    except ValueError:
        raise wrong from None
    if not dots or not low < high or (kind == "log" and low <= 0):
        raise wrong
    if kind == "int" and low.is_integer() and high.is_integer():
        return Dimension(entry, "int", low=low, high=high)
    if kind == "float":
        return Dimension(entry, "float", low=low, high=high)
    if kind == "log":
        return Dimension(entry, "log", low=low, high=high)
    raise wrong


def check_space(recipe: str, fixed: Mapping[str, str], space: Sequence[Dimension]) -> None:
    """Load the recipe with every choice and both ends of every range, before anything is trained.

    Raises
    ------
    TrainingError
        When the space is empty, an entry unknown, or a value out of its range.
    """
    if not space:
        raise TrainingError("`search` must be given something to vary; received nothing.", remedy=_REMEDY)
    for dimension in space:
        for value in dimension.ends():
            load_recipe(recipe, {**fixed, dimension.entry: value})


def combinations(space: Sequence[Dimension]) -> Iterator[dict[str, Any]]:
    """Every combination of choices and whole numbers, the last dimension fastest.

    Raises
    ------
    TrainingError
        When a dimension has no countable values.
    """
    rows: list[Sequence[Any]] = []
    for dimension in space:
        if dimension.kind not in ("choice", "int"):
            raise TrainingError(
                f"`--sampler grid` must have choices or whole numbers; received a range for "
                f"{dimension.entry}.",
                remedy="Write choice:first|second, or take another sampler.",
            )
        whole = range(int(dimension.low), int(dimension.high) + 1)
        rows.append(dimension.choices if dimension.kind == "choice" else whole)
    names = [dimension.entry for dimension in space]
    for values in itertools.product(*rows):
        yield dict(zip(names, values, strict=True))
