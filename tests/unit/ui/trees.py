"""Walking and reading trees of Dash components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def nodes(tree: Any) -> Iterator[Any]:
    """Every component of a tree, in the order of the page."""
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from nodes(item)
    elif isinstance(tree, Component):
        yield tree
        yield from nodes(getattr(tree, "children", None))


def text(tree: Any) -> str:
    """What a person reads in a tree."""
    if isinstance(tree, str | int | float):
        return str(tree)
    if isinstance(tree, list | tuple):
        return " ".join(filter(None, map(text, tree)))
    return text(getattr(tree, "children", None)) if isinstance(tree, Component) else ""


def with_class(tree: Any, name: str) -> list[Any]:
    """The components that carry a CSS class."""
    return [node for node in nodes(tree) if name in (getattr(node, "className", "") or "").split()]


def with_id(tree: Any, identity: str) -> Any:
    """The one component of that id."""
    (found,) = [node for node in nodes(tree) if getattr(node, "id", None) == identity]
    return found
