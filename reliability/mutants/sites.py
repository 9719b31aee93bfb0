"""Where the code can be changed by one operator or one constant, and a random sample of such places."""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes
    ----------
    path : str
        The file, from the project's folder.
    line : int
        First line of what is changed, from 1.
    operator : str
        Cosmic Ray's name of the change, such as ``NumberReplacer``.
    occurrence : int
        Which of the operator's possible changes within the file, from 0.
    before, after : str
        The line as it was and as it is then, without blanks around.
    called : bool
        Whether it runs when a function is called; otherwise when the module is read.
    """

    path: str
    line: int
    operator: str
    occurrence: int
    before: str
    after: str
    called: bool = True

    def code(self, source: str) -> str:
        """The whole file with the change."""
        changed = mutate_code(source, get_operator(f"core/{self.operator}")(), self.occurrence)
        if changed is None:
            raise ValueError(f"`source` must be the file this mutant was found in; received another: {self}")
        return str(changed)


@dataclass(frozen=True)
class Place:
    """One operator or constant of a file, with the changes it can have: pairs of operator and occurrence."""

    path: str
    line: int
    changes: tuple[tuple[str, int], ...]
    called: bool

    def mutant(self, source: str, change: tuple[str, int]) -> Mutant:
        """One of the changes, made."""
        name, occurrence = change
        line = self.line - 1
        changed = Mutant(self.path, self.line, name, occurrence, "", "").code(source)
        before, after = (text.splitlines()[line].strip() for text in (source, changed))
        return Mutant(self.path, self.line, name, occurrence, before, after, self.called)


def places_of(source: str, path: str, operators: Sequence[str]) -> list[Place]:
    """Every place of a file that can be changed.

    What is only read by type checkers is left out: no test could notice.
    """
    nodes = list(ast_nodes(parso.parse(source)))
    unseen = {*_annotations(nodes), *_whether_types_are_checked(nodes)}
    changes: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    for name in operators:
        operator = get_operator(f"core/{name}")()
        # Cosmic Ray counts occurrences in this order.
        positions = (start for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, position in enumerate(positions):
            if position not in unseen:
                changes[position].append((name, occurrence))
    called = _lines_of_functions(source)
    return [
        Place(path, position[0], tuple(found), position[0] in called)
        for position, found in sorted(changes.items())
    ]


def sample(root: Path, rooms: Sequence[str], operators: Sequence[str], size: int, seed: int) -> list[Mutant]:
    """Random places over all rooms, each equally likely, with one of the possible changes at each."""
    places: list[Place] = []
    for file in sorted({file for room in rooms for file in (root / room).rglob("*.py")}):
        path = file.relative_to(root).as_posix()
        places += places_of(file.read_text(encoding="utf-8"), path, operators)
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    return [
        place.mutant((root / place.path).read_text(encoding="utf-8"), chance.choice(place.changes))
        for place in chance.sample(places, min(size, len(places)))
    ]


def _lines_of_functions(source: str) -> set[int]:
    """Lines that run when a function is called."""
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {line for one in functions for line in range(one.body[0].lineno, (one.end_lineno or 0) + 1)}


def _annotations(nodes: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Start of all that stands in an annotation, and of the marks between parameters (``*``, ``/``)."""
    for node in nodes:
        if node.type == "tfpdef":
            noted = node.children[2:]
        elif node.type == "annassign":
            noted = node.children[1:2]
        elif node.type == "funcdef" and node.annotation is not None:
            noted = [node.annotation]
        elif node.type in {"parameters", "lambdef"}:
            noted = [child for child in node.children if child.type == "operator"]
        else:
            continue
        for part in noted:
            yield from (inner.start_pos for inner in ast_nodes(part))


def _whether_types_are_checked(nodes: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Start of the test of each ``if TYPE_CHECKING:``: turned round, it imports what nothing asks for."""
    for node in nodes:
        if node.type == "if_stmt" and node.children[1].get_code().strip() == "TYPE_CHECKING":
            yield node.children[1].start_pos
