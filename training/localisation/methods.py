"""Ways to make a map of one logit, written ``rule@layer`` and compared on boxed films.

With ``A`` the activations of a layer and ``G`` the gradient of the logit there, summed over channels:

- ``gradcam``: mean of ``G`` over cells, times ``A`` (Selvaraju et al. 2017).
- ``gradcam++``: the same with the means weighed by higher powers (Chattopadhay et al. 2018).
- ``hirescam``: ``G * A`` at every cell (Draelos and Carin 2020).
- ``layercam``: ``relu(G) * A`` (Jiang et al. 2021).

The layer is ``last`` (the bundle's own map), ``finer`` (the last one of twice its fineness), or a layer's
name or path. Of an ensemble ``finer`` is each member's, added up. ``a*b`` and ``a+b`` join two maps, each as
a share of its own peak, on the finer grid: product and sum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from cxr_dash.errors import TrainingError

Rule = Literal["gradcam", "gradcam++", "hirescam", "layercam"]
RULES: tuple[Rule, ...] = get_args(Rule)
SERVED = "served"
DEFAULT_METHODS = (
    "gradcam@last",
    "layercam@last",
    "gradcam++@last",
    "gradcam@finer",
    "gradcam++@finer",
    "hirescam@finer",
    "layercam@finer",
    "gradcam@last+gradcam@finer",
    "gradcam@last*gradcam@finer",
    "gradcam@last*hirescam@finer",
    "gradcam@last*layercam@finer",
)
_TERM = re.compile(r"(gradcam\+\+|gradcam|hirescam|layercam)@([A-Za-z0-9_./]+)")


@dataclass(frozen=True, slots=True)
class Term:
    """One map: a rule at a layer."""

    rule: Rule
    layer: str


@dataclass(frozen=True, slots=True)
class Method:
    """One or two maps, and how two are joined.

    Attributes
    ----------
    name : str
    terms : tuple of Term
    join : {"", "+", "*"}
    """

    name: str
    terms: tuple[Term, ...]
    join: str = ""


def parse_method(name: str) -> Method:
    """Read a method's name.

    Raises
    ------
    TrainingError
    """
    first = _TERM.match(name)
    rest = name[first.end() :] if first else ""
    second = _TERM.fullmatch(rest[1:]) if rest else None
    if first is None or (rest and (rest[0] not in "+*" or second is None)):
        raise TrainingError(
            f"A method must be rule@layer, or two joined by + or *; received {name!r}.",
            remedy=f"Rules: {', '.join(RULES)}. Layers: last, finer, or a layer's name.",
        )
    terms = [_term(match) for match in (first, second) if match is not None]
    return Method(name=name, terms=tuple(terms), join=rest[:1])


def _term(match: re.Match[str]) -> Term:
    rule = next(rule for rule in RULES if rule == match[1])
    return Term(rule=rule, layer=match[2])
