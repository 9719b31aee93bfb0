"""What a room hands to others cannot be changed by them."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass


def loose_dataclasses(room: str, left_open: frozenset[str] = frozenset()) -> list[str]:
    """Dataclasses of a room that can be changed, or given attributes nobody declared."""
    package = importlib.import_module(room)
    names = [room, *(one.name for one in pkgutil.walk_packages(package.__path__, f"{room}."))]
    found = set()
    for name in names:
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and is_dataclass(value) and value.__module__.startswith(room):
                frozen = value.__dataclass_params__.frozen
                # slots, unless something is remembered beside the fields
                closed = "__slots__" in vars(value) or value.__name__ in left_open
                if not (frozen and closed):
                    found.add(f"{value.__module__}.{value.__name__}")
    return sorted(found)


def compared_arrays(room: str) -> list[str]:
    """Dataclasses of a room that hold an array and compare by value: two of them cannot be compared."""
    package = importlib.import_module(room)
    names = [room, *(one.name for one in pkgutil.walk_packages(package.__path__, f"{room}."))]
    found = set()
    for name in names:
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and is_dataclass(value) and value.__module__.startswith(room):
                holds = any("Array" in str(field.type) for field in fields(value))
                if holds and value.__dataclass_params__.eq:
                    found.add(f"{value.__module__}.{value.__name__}")
    return sorted(found)
