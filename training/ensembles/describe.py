"""The recipe of an ensemble that was asked for on the command line: its members' films, and their words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxr_dash.domain import LocalisedText, joined
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import read_spec
from training.ensembles.members import find_member
from training.fitting.runs import RunFolder, RunRecord
from training.recipe import ENSEMBLE, RECIPES, EnsembleRecipe, Recipe, load_recipe

_TITLES = {
    "vote": LocalisedText(en="Vote of", es="Voto de"),
    "stack": LocalisedText(en="One head on", es="Una cabeza sobre"),
}


def recipe_of_members(id_: str, ensemble: EnsembleRecipe, runs: Path) -> Recipe:
    """A recipe with the films, labels and fitting of the first member and the warnings of all.

    Parameters
    ----------
    id_ : str
        Of the recipe, and of the bundle to be made.
    ensemble : EnsembleRecipe
    runs : Path
        Where members are looked up by name.

    Raises
    ------
    BundleError, TrainingError
    """
    recipes = [recipe_of(find_member(name, runs)) for name in ensemble.members]
    first = recipes[0]
    title = joined([_TITLES[ensemble.kind], joined([recipe.card.title for recipe in recipes])], " ")
    warnings = dict.fromkeys(text for recipe in recipes for text in recipe.card.warnings)
    card = first.card.model_copy(update={"title": title, "warnings": list(warnings)})
    sources = {name: text for recipe in recipes for name, text in recipe.sources.items()}
    labels = {key: text for recipe in recipes for key, text in recipe.labels.items()}
    table: dict[str, Any] = first.model_dump(mode="json")
    table |= {
        "id": id_,
        "network": {"name": ENSEMBLE, "activation": first.network.activation},
        "ensemble": ensemble.model_dump(mode="json"),
        "card": card.model_dump(mode="json"),
        "labels": {key: text.by_language for key, text in labels.items()},
        "sources": {name: text.model_dump(mode="json") for name, text in sources.items()},
    }
    try:
        return Recipe.model_validate(table)
    except ValidationError as error:
        problem = error.errors()[0]
        raise TrainingError(f"`{'.'.join(map(str, problem['loc']))}`: {problem['msg']}.") from error


def recipe_of(folder: Path) -> Recipe:
    """The recipe of a run, or what a bundle says of the recipe it was made with."""
    if RunFolder(folder).record.is_file():
        return RunRecord.read(RunFolder(folder).record).recipe
    spec = read_spec(folder)
    table: dict[str, Any] = {}
    for key, value in spec.training.recipe.items():
        section, dot, entry = key.partition(".")
        if dot:
            table.setdefault(section, {})[entry] = value
    shipped = (RECIPES / f"{spec.id}.toml").is_file()
    sources = load_recipe(spec.id).model_dump(mode="json")["sources"] if shipped else {}
    entries = ("version", "title", "trained_on", "population", "intended_use", "not_for", "warnings")
    card = {name: getattr(spec, name) for name in entries}
    try:
        return Recipe.model_validate(
            {**table, "id": spec.id, "seed": spec.training.seed, "card": card, "sources": sources}
        )
    except ValidationError as error:
        raise TrainingError(
            f"{folder.name} must have been made by a recipe of this version; received: "
            f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}.",
            remedy="Give its run folder instead.",
        ) from error


def train_films_of(folders: Sequence[Path]) -> int:
    """How many train films the members learned from: the most of any one."""
    counts = [0]
    for folder in folders:
        if RunFolder(folder).record.is_file():
            counts.append(RunRecord.read(RunFolder(folder).record).train_films)
        else:
            found = read_spec(folder).training.recipe.get("train_films")
            counts.append(found if isinstance(found, int) else 0)
    return max(counts)
