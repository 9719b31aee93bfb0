"""Why a film was refused or is to be read with care: stable codes; their words belong to ``language``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict.

    Attributes
    ----------
    code : str
        Stable, lower case, such as ``"mostly_black"``: what programs compare.
    values : mapping of str to object
        Figures that its sentence names: ``{"degrees": 8.5}``.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)
