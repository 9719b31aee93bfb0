"""Pages, recipes and help name no folder that a stranger to this workplace has not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from cxr_dash.settings import ROOT

_READ = [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").rglob("CARD.md")]
_RECIPES = sorted((ROOT / "training" / "recipes").rglob("*.toml"))
# Their recipes say by which command they are made.
_MADE = {"pool", "radiography", "nodules", "pneumoniamnist"}


def test_no_page_recipe_or_help_speaks_of_the_folder_beside_this_checkout() -> None:
    sources = [path for room in ("training", "cxr_dash") for path in (ROOT / room).rglob("*.py")]
    assert len(_READ) > 25
    assert len(_RECIPES) > 60
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in (*_READ, *_RECIPES, *sources)
        for line in path.read_text(encoding="utf-8").splitlines()
        if "../shared" in line
    ]
    assert found == []


def _folders(entry: Any) -> set[str]:
    """The first folder of every path in a recipe that leads to a collection."""
    if isinstance(entry, dict):
        return set().union(*map(_folders, entry.values()))
    if isinstance(entry, list):
        return set().union(*map(_folders, entry))
    named = isinstance(entry, str) and entry.endswith("/manifest.csv")
    return {Path(entry).parts[0]} if named else set()


def test_each_collection_that_a_recipe_reads_is_said_to_be_had_somewhere() -> None:
    page = (ROOT / "docs" / "collections.md").read_text(encoding="utf-8")
    section = page.split("## The films of the recipes")[1].split("\n## ")[0]
    told = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE))))
    read = set().union(*(_folders(tomllib.loads(path.read_text(encoding="utf-8"))) for path in _RECIPES))
    assert len(read) > 8
    assert read - _MADE <= told, "docs/collections.md lists them"
