"""What the scripts of the page say of one another, read from their text: no browser is needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from cxr_dash.settings import ROOT

SCRIPTS = ROOT / "assets" / "js"
_COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'\w])//[^\n]*", re.DOTALL)
_OWN_PART = re.compile(r"^cxr\.(\w+) = ", re.MULTILINE)
_ADDS_NAMES = re.compile(r"^(?:window\.cxr = |Object\.assign\(cxr, )", re.MULTILINE)
# what a part hands out stands at its end; no member of it is itself written as an object with braces
_HANDED_OUT = re.compile(r"^  return \{(.*?)\};\n\}\)\(\)\)?;$", re.DOTALL | re.MULTILINE)
_USES = re.compile(r"\bcxr\.(\w+)(?:\.(\w+))?")
_UNPACKED = re.compile(r"(?:const|let) \{([^{}]*)\} = cxr(?:\.(\w+))?;")


@dataclass(frozen=True)
class Script:
    """One file of ``assets/js``, without its comments."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def part(self) -> str | None:
        """Its name under `cxr`; none where it adds to `cxr` itself, or nothing."""
        found = _OWN_PART.findall(self.text)
        assert len(found) <= 1, f"{self.name} is more than one part: {found}"
        return found[0] if found else None

    @cached_property
    def members(self) -> frozenset[str]:
        """What it hands out."""
        found = _HANDED_OUT.findall(self.text)
        return frozenset(name for one in found for name in _names(one))

    @cached_property
    def defines(self) -> frozenset[str]:
        """The names directly under `cxr` that are its own."""
        if self.part is not None:
            return frozenset({self.part})
        return self.members if _ADDS_NAMES.search(self.text) else frozenset()

    @cached_property
    def owns(self) -> tuple[str, ...]:
        """The fields of the state that it alone can write."""
        return tuple(re.findall(r"(?<!function )\bown\(\"(\w+)\"", self.text))

    @cached_property
    def uses(self) -> frozenset[tuple[str, str | None]]:
        """Names under `cxr` that it speaks of, each with the member that is meant, where one is named."""
        found: set[tuple[str, str | None]] = {
            (name, member or None) for name, member in _USES.findall(self.text)
        }
        for names, part in _UNPACKED.findall(self.text):
            found |= {(part, name) if part else (name, None) for name in _names(names)}
        return frozenset(found)


def _names(listed: str) -> list[str]:
    """The names of an object written down as ``{ one, other: of, third }``."""
    without_calls = re.sub(r"\([^()]*\)", "", listed)
    return [re.split(r"[:=]", one)[0].strip() for one in without_calls.split(",") if one.strip()]


@cache
def scripts() -> tuple[Script, ...]:
    """All of them, in the order in which Dash loads them: folder by folder, each by name."""
    paths = sorted(SCRIPTS.rglob("*.js"), key=lambda path: (path.parent.as_posix(), path.name))
    return tuple(Script(path, _COMMENTS.sub(" ", path.read_text(encoding="utf-8"))) for path in paths)


@cache
def needed_for(*names: str) -> tuple[Path, ...]:
    """The files of these parts and of all they speak of, in order: they run with no page around them."""
    owners = {name: script for script in scripts() for name in script.defines}
    wanted = [owners[name] for name in ("changed", *names)]
    found: set[Script] = set()
    while wanted:
        script = wanted.pop()
        if script in found:
            continue
        found.add(script)
        wanted += [owners[name] for name, _ in script.uses]
    return tuple(script.path for script in scripts() if script in found)
