"""Reading recipes: TOML files, in ``training/recipes/`` or anywhere else, that may build on one another."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema_texts import older_entries, texts_in_one_form
from training.recipe.card import CARD_TEXTS, now_written
from training.recipe.sections import Recipe
from training.recipe.segmenter import SEGMENTER, SegmenterRecipe

logger = logging.getLogger(__name__)

RECIPES = Path(__file__).resolve().parents[1] / "recipes"


def recipe_names() -> list[str]:
    """Names of the recipes that come with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_any(name: str, overrides: Mapping[str, str] | None = None) -> Recipe | SegmenterRecipe:
    """Read a recipe by its name, or by the path of a ``.toml`` file.

    ``extends = ["bases/findings"]`` at its top starts from other files, found from its own folder: later
    files change entries of earlier ones, and the recipe itself has the last word. A list is replaced, not
    joined. ``kind = "segmenter"`` makes it the recipe of a segmenter, everything else that of a classifier.

    Parameters
    ----------
    name : str
    overrides : mapping, optional
        ``{"fit.batch_size": "16"}``: values written as in TOML; an empty one takes the entry away, so that
        it has its default.

    Raises
    ------
    TrainingError
        When there is no such recipe, or an entry is unknown, missing or out of range.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    if not path.is_file():
        raise TrainingError(
            f"`recipe` must be one of {', '.join(recipe_names())} or the path of a .toml file; "
            f"received {name!r}.",
            remedy="See `python -m training list`.",
        )
    table = _read(path, ())
    for key, text in (overrides or {}).items():
        _override(table, now_written(key), text)
    try:
        if table.get("kind") == SEGMENTER:
            return SegmenterRecipe.model_validate(table)
        return Recipe.model_validate(table | {"changed": sorted(overrides or {})})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TrainingError(
            f"{path.name}: `{where}`: {first['msg']}; received {first['input']!r:.80} "
            f"({error.error_count()} problem(s) in all).",
            remedy="sections.py, network.py, fitting.py, segmenter.py in training/recipe list every entry.",
        ) from error


def load_recipe(name: str, overrides: Mapping[str, str] | None = None) -> Recipe:
    """Read the recipe of a classifier; see :func:`load_any`.

    Raises
    ------
    TrainingError
        Also when the recipe is of a segmenter.
    """
    recipe = load_any(name, overrides)
    if isinstance(recipe, SegmenterRecipe):
        raise TrainingError(
            f"`recipe` must be of a classifier here; {recipe.id} is of a {recipe.kind}.",
            remedy="`fit` and `export` take segmenters too.",
        )
    return recipe


def _read(path: Path, readers: tuple[Path, ...]) -> dict[str, Any]:
    """The table of one file on top of the tables that it extends."""
    if path in readers:
        raise TrainingError(f"`extends` must not lead in a circle; {path.name} extends itself.")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TrainingError(f"{path.name} must be TOML; received: {error}.") from error
    table = _texts_in_one_form(table, path)
    bases = table.pop("extends", [])
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise TrainingError(f"{path.name}: `extends` must be a list of file names; received {bases!r}.")
    whole: dict[str, Any] = {}
    for base in bases:
        file = (path.parent / base).with_suffix(".toml")
        if not file.is_file():
            raise TrainingError(f"{path.name}: `extends` must name files beside it; there is no {file}.")
        whole = _merged(whole, _read(file, (*readers, path)))
    return _merged(whole, table)


def _texts_in_one_form(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """The table of one file, whose card may be written as older versions wrote it: said once, and read."""
    card = table.get("card")
    if not isinstance(card, dict):
        return table
    older = {name: list(older_entries(card, name).values()) for name in CARD_TEXTS}
    try:
        card = texts_in_one_form(card, CARD_TEXTS)
    except ValueError as error:
        raise TrainingError(f"{path.name}: `card`: {error}.") from error
    if found := {name: entries for name, entries in older.items() if entries}:
        now = ", ".join(f'{name} = {{ en = "...", es = "..." }}' for name in found)
        before = ", ".join(entry for entries in found.values() for entry in entries)
        logger.warning("%s: [card] has %s: read as before; write %s", path.name, before, now)
    return {**table, "card": card}


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in change.items():
        old = both.get(key)
        both[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def _override(table: dict[str, Any], key: str, text: str) -> None:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, last = key.split(".")
    for section in sections:
        table = table.setdefault(section, {})
    if text:
        table[last] = value
    else:
        table.pop(last, None)
