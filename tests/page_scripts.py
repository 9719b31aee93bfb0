"""What the scripts of the page say of one another, read from their text: no browser is needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from benchmarks.in_page import FLAT, part_name
from cxr_dash.settings import ROOT

SCRIPTS = ROOT / "assets" / "js"
# Not parts: the one imports all of them, the other waits for it.
ENTRY, BEGIN = SCRIPTS / "page.js", SCRIPTS / "begin.js"
_COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'\w])//[^\n]*", re.DOTALL)
_STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')
_IMPORT = re.compile(r'^import (?:\{([^}]*)\}|\* as (\w+)) from "([^"]+)";$', re.MULTILINE)
FREE = r"(?<!\w)(?:(?<=\.\.\.)|(?<!\.))"  # before a name that is no member of another
_EXPORT = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)


@dataclass(frozen=True)
class Import:
    """One line ``import … from …``: names by what they are called here, or all of a part under one name."""

    source: Path
    names: tuple[tuple[str, str], ...] = ()
    space: str | None = None


@dataclass(frozen=True)
class Script:
    """One part of the page, without its comments."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def part(self) -> str:
        """What others call it: the name of its file."""
        return part_name(self.name)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        found = []
        for names, space, source in _IMPORT.findall(self.text):
            pairs = tuple((one.split(" as ")[0], one.split(" as ")[-1]) for one in _listed(names))
            found.append(Import((self.path.parent / source).resolve(), pairs, space or None))
        return tuple(found)

    @cached_property
    def body(self) -> str:
        """It without its imports and exports, and without what stands in strings."""
        return _STRINGS.sub('""', _EXPORT.sub("", _IMPORT.sub("", self.text)))

    @cached_property
    def members(self) -> frozenset[str]:
        """What it hands out."""
        return frozenset(
            one.split(" as ")[-1] for names in _EXPORT.findall(self.text) for one in _listed(names)
        )

    @cached_property
    def defines(self) -> frozenset[str]:
        """The names under which tests know it and what it hands out, directly under `cxr`."""
        return self.members if self.part in FLAT else frozenset({self.part})

    @cached_property
    def owns(self) -> tuple[str, ...]:
        """The fields of the state that it alone can write."""
        return tuple(re.findall(r"(?<!function )\baddField\(\"(\w+)\"", self.text))

    @cached_property
    def uses(self) -> frozenset[tuple[Path, str]]:
        """What it takes from other parts, each with the file that it is looked for in."""
        found = {(one.source, name) for one in self.imports for name, _ in one.names}
        for one in self.imports:
            if one.space is not None:
                found |= {(one.source, member) for member in self._members_of(one.space)}
        return frozenset(found)

    def _members_of(self, space: str) -> set[str]:
        found = set(re.findall(rf"{FREE}{space}\.(\w+)", self.body))
        for names in re.findall(rf"\{{([^{{}}]*)\}} = {space};", self.body):
            found |= {re.split(r"[:=]", one)[0].strip() for one in _listed(names)}
        return found

    def handed_on(self) -> list[str]:
        """Parts that it does not use by the name of a member, so that nobody sees which it means."""
        spaces = [one.space for one in self.imports if one.space is not None]
        body = re.sub(r"\} = \w+;", "", self.body)
        return [space for space in spaces if re.search(rf"(?<![/-]){FREE}{space}(?![\w.:-])", body)]


def _listed(names: str) -> list[str]:
    return [one.strip() for one in names.split(",") if one.strip()]


def _without_comments(path: Path) -> str:
    return _COMMENTS.sub(" ", path.read_text(encoding="utf-8"))


@cache
def scripts() -> tuple[Script, ...]:
    """All parts in their order: folder by folder, each by name."""
    paths = sorted(SCRIPTS.glob("*/*.js"), key=lambda path: (path.parent.as_posix(), path.name))
    return tuple(Script(path, _without_comments(path)) for path in paths)


@cache
def other_scripts() -> dict[str, str]:
    """Text of what lies beside the folders of parts, by name."""
    return {path.name: _without_comments(path) for path in sorted(SCRIPTS.glob("*.js"))}
