"""A manifest's report: what a run on it would stumble over, in words, and the rows that clean it leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from training.films.checks.looks import BORDER_SHARE, Look, file_kinds, look_at
from training.films.checks.sources import SourceTable, source_table
from training.films.checks.twins import BITS, Twins, equal_files, near_twins
from training.films.manifest import Film, read_manifest
from training.films.sampling import class_names

MAX_ASSOCIATION = 0.3
Fault = Literal["films", "copies", "sources", "files"]
_SHOWN = 5
_APART = {"sources": "sources", "files": "kinds of files"}
# Of two copies in two splits the one is kept that is needed more for an honest figure.
_KEPT_FIRST = ("external", "test", "val", "train", "")


@dataclass(frozen=True, slots=True, eq=False)
class CheckReport:
    """What was found in a manifest.

    Attributes
    ----------
    films : list of Film
    looks : list of Look
        One for each film.
    twins : list of Twins
        Equal files, then near duplicates.
    table : SourceTable
        Of the train films, or of all where none is called train.
    written : SourceTable
        The same, with how a film's file is written in place of its source.
    max_association : float
        Largest Cramér's V between source, or file, and class that is let pass.
    """

    films: list[Film]
    looks: list[Look]
    twins: list[Twins]
    table: SourceTable
    written: SourceTable
    max_association: float

    def across_splits(self) -> list[Twins]:
        """The copies whose two rows are in different splits."""
        return [
            twins for twins in self.twins if self.films[twins.first].split != self.films[twins.second].split
        ]

    def problems(self) -> list[str]:
        """Why a model should not be trained on this manifest as it is; empty when nothing is wrong."""
        return list(self.faults().values())

    def faults(self) -> dict[Fault, str]:
        """The same, by the key under which a recipe may accept it."""
        found: dict[Fault, str] = {}
        unreadable = sum(bool(look.fault) for look in self.looks)
        blank = sum(look.blank for look in self.looks)
        if unreadable or blank:
            found["films"] = f"{unreadable} film(s) cannot be read and {blank} are blank"
        if across := len(self.across_splits()):
            found["copies"] = f"{across} pair(s) of copies are in two splits"
        tables: tuple[tuple[Fault, str, SourceTable], ...] = (
            ("sources", "source", self.table),
            ("files", "how the file is written", self.written),
        )
        for key, origin, table in tables:
            worst = table.worst_association
            if worst > self.max_association:
                what = f"label {table.worst_label!r}" if table.worst_label else "class"
                found[key] = (
                    f"{origin} predicts {what}: Cramér's V must be at most {self.max_association:.2f}; "
                    f"received {worst:.2f}. A model can score well by telling {_APART[key]} apart: judge it "
                    "on films of others"
                )
        return found

    def shift(self, left: Collection[int]) -> Iterator[str]:
        """How many films of each class are left, and what share of all, where only these rows stay."""
        names = class_names(self.films)
        before, after = Counter(names), Counter(names[row] for row in left)
        for name in sorted(before):
            share = (before[name] / len(names), after[name] / max(len(left), 1))
            yield (
                f"  {name[:22]:22} {before[name]:6d} -> {after[name]:6d}  "
                f"{share[0]:6.1%} -> {share[1]:6.1%} of all"
            )

    def rows_left(self, *, drop_borders: bool) -> dict[int, str]:
        """Rows, with their splits, without unreadable and blank films and without second copies.

        Of two copies the one in the later split stays (train goes first), else the first row; copies with
        different labels both go, because one of them must be wrong.
        """
        gone = {
            row
            for row, look in enumerate(self.looks)
            if look.fault or look.blank or (drop_borders and look.bordered)
        }
        for twins in self.twins:
            pair = sorted((twins.first, twins.second), key=lambda row: (self._rank(row), row))
            if self.films[pair[0]].labels != self.films[pair[1]].labels:
                gone.update(pair)
            else:
                gone.add(pair[1])
        return {row: film.split for row, film in enumerate(self.films) if row not in gone}

    def _rank(self, row: int) -> int:
        split = self.films[row].split
        return _KEPT_FIRST.index(split) if split in _KEPT_FIRST else 0

    def lines(self) -> Iterator[str]:
        """The report for people, line by line."""
        yield from _counts(self.films)
        for name, rows in (
            ("unreadable", [r for r, look in enumerate(self.looks) if look.fault]),
            ("blank", [r for r, look in enumerate(self.looks) if look.blank]),
            (
                f"black border over {BORDER_SHARE:.0%}",
                [r for r, look in enumerate(self.looks) if look.bordered],
            ),
        ):
            yield f"{name:24} {len(rows):6d}"
            yield from (self._row(row) for row in rows[:_SHOWN])
        across = set(self.across_splits())
        for name, exact in (("equal files", True), ("near duplicates", False)):
            chosen = [twins for twins in self.twins if (twins.bits is None) is exact]
            worse = [twins for twins in chosen if twins in across]
            yield f"{name:24} {len(chosen):6d}  pairs, {len(worse)} across splits"
            for twins in [*worse, *(twins for twins in chosen if twins not in across)][:_SHOWN]:
                yield self._pair(twins)
        if len(self.table.sources) > 1:
            yield from _source_lines(self.table, "source")
        else:
            yield (
                f"one source, {self.table.sources[0] or 'without a name'}: whether a hospital gives the "
                "class away cannot be seen. Name real ones (`import --facts`, `--source-pattern`)"
            )
        yield from _source_lines(self.written, "file")

    def _row(self, row: int) -> str:
        film, look = self.films[row], self.looks[row]
        why = look.fault or (f"{look.levels} grey levels" if look.blank else f"{look.border:.0%}")
        return f"  {film.where}  {film.path.name}: {why}"

    def _pair(self, twins: Twins) -> str:
        pair = (self.films[twins.first], self.films[twins.second])
        sides = [
            f"{film.where.split()[-1]} {film.path.name} ({', '.join([film.split, *sorted(film.labels)])})"
            for film in pair
        ]
        return f"  rows {sides[0]} and {sides[1]}" + (f": {twins.bits} of {BITS} bits" if twins.bits else "")


def check_manifest(path: Path, max_association: float = MAX_ASSOCIATION) -> CheckReport:
    """Read every film of a manifest and report on it.

    Raises
    ------
    TrainingError
        When the manifest itself is wrong: see :func:`training.films.manifest.read_manifest`.
    """
    return check_films(read_manifest(path, own_labels=None), max_association)


def check_films(
    films: list[Film], max_association: float = MAX_ASSOCIATION, labels: Collection[str] | None = None
) -> CheckReport:
    """Read every film and report on them, and on these labels or all; see :func:`check_manifest`."""
    looks = look_at(films)
    # blank films all look alike: they are listed once already
    prints = {row: look.fingerprint for row, look in enumerate(looks) if not look.blank}
    seen = {row: found for row, found in prints.items() if found is not None}
    equal = equal_files([look.sha256 for look in looks])
    near = near_twins(list(seen), np.array(list(seen.values()), dtype=np.uint64).reshape(len(seen), -1))
    near = [twins for twins in near if looks[twins.first].sha256 != looks[twins.second].sha256]
    rows = [row for row, film in enumerate(films) if film.split == "train"] or list(range(len(films)))
    train, kinds = [films[row] for row in rows], file_kinds(looks)
    written = source_table(train, [kinds[row] for row in rows], labels)
    table = source_table(train, asked=labels)
    return CheckReport(films, looks, [*equal, *near], table, written, max_association)


def _counts(films: Sequence[Film]) -> Iterator[str]:
    names = class_names(films)
    several = any(len(film.labels) > 1 for film in films)
    classes = sorted({key for film in films for key in film.labels}) if several else sorted(set(names))
    for split in sorted({film.split for film in films}, key=lambda name: (name != "train", name)):
        inside = [(film, name) for film, name in zip(films, names, strict=True) if film.split == split]
        found = Counter(key for film, name in inside for key in (film.labels if several else (name,)))
        per_class = ", ".join(f"{key} {found[key]}" for key in classes)
        yield f"{split or '(no split)':24} {len(inside):6d}  {per_class}"


def _source_lines(table: SourceTable, origin: str) -> Iterator[str]:
    yield f"{f'{origin}, train films':24} " + " ".join(f"{name:>12}" for name in table.classes)
    for source, counts in zip(table.sources, table.counts, strict=True):
        yield f"  {(source or '(none)')[:34]:22} " + " ".join(f"{int(count):12d}" for count in counts)
    chance = 1 / len(table.classes)
    yield (
        f"guessing the class from the {origin}: balanced accuracy {table.guess:.2f} (chance {chance:.2f}), "
        f"Cramér's V {table.association:.2f}"
    )
    if table.worst_label:
        yield f"worst label: {table.worst_label}, Cramér's V {table.worst_association:.2f}"
