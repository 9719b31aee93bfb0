"""What a room hands to others cannot be changed by them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any


def loose_dataclasses(room: str, left_open: frozenset[str] = frozenset()) -> list[str]:
    """Dataclasses of a room that can be changed, or given attributes nobody declared."""

    def loose(kind: Any) -> bool:
        # slots, unless something is remembered beside the fields
        closed = "__slots__" in vars(kind) or kind.__name__ in left_open
        return not (kind.__dataclass_params__.frozen and closed)

    return _dataclasses(room, loose)


def compared_arrays(room: str) -> list[str]:
    """Dataclasses of a room that hold an array and compare by value: two of them cannot be compared."""

    def compared(kind: Any) -> bool:
        return kind.__dataclass_params__.eq and any("Array" in str(field.type) for field in fields(kind))

    return _dataclasses(room, compared)


def _dataclasses(room: str, wanted: Callable[[Any], bool]) -> list[str]:
    """Those of a package and all below it, by their full names."""
    package = importlib.import_module(room)
    names = [room, *(one.name for one in pkgutil.walk_packages(package.__path__, f"{room}."))]
    return sorted(
        {
            f"{value.__module__}.{value.__name__}"
            for name in names
            for value in vars(importlib.import_module(name)).values()
            if isinstance(value, type) and is_dataclass(value) and value.__module__.startswith(room)
            if wanted(value)
        }
    )
