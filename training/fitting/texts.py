"""What a bundle says about its films: the recipe's words where they are the recipe's films, and nothing else.

Texts and the gate's lists touch no weights, so that a shipped recipe's may be bettered after the training.
They are true of its own collections alone: films of another hospital get a card that says what is known.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cxr_dash.domain import LocalisedText, joined
from cxr_dash.errors import TrainingError
from training.films.manifest import Film
from training.films.whose import are_own, shipped_recipe
from training.recipe import CardRecipe, DataRecipe, Recipe
from training.recipe.card import SourceText

logger = logging.getLogger(__name__)

_LISTS = ("gate_manifest", "other_manifests")
_GATE = (*_LISTS, "gate_warn_only")
_OF_PATIENTS = LocalisedText(
    en="{films} own films of {patients} patients, not described",
    es="{films} placas propias de {patients} pacientes, sin descripción",
)
_OF_NOBODY = LocalisedText(
    en="{films} own films, patients not known, not described",
    es="{films} placas propias, pacientes no conocidos, sin descripción",
)


def present_recipe(recipe: Recipe, films: Sequence[Film], root: Path, texts: Recipe | None = None) -> Recipe:
    """The recipe with the texts and lists that its bundle is to have.

    Parameters
    ----------
    recipe : Recipe
        As it was trained.
    films : sequence of Film
        All its films.
    root : Path
        Where manifests lie.
    texts : Recipe, optional
        Whose card, sources, names of labels and lists are wanted. When left out: the shipped recipe's of the
        same id, as it is today, where these are its films.

    Raises
    ------
    TrainingError
        Naming the entry, when a list that somebody asked for is not there.
    """
    shipped = shipped_recipe(recipe)
    if texts is not None:
        return _with(recipe, texts, _present(texts.data, root, set(_LISTS)))
    if shipped is None:
        return recipe.model_copy(update={"data": _present(recipe.data, root, set(_LISTS))})
    asked = {name for name in _GATE if f"data.{name}" in recipe.changed}
    if are_own(recipe, films):
        # another hospital's lists are not these films', even where they happen to be there
        theirs: dict[str, Any] = {
            name: None if name == "gate_manifest" else [] for name in _LISTS if name not in asked
        }
        data = _present(recipe.data.model_copy(update=theirs), root, asked)
        return recipe.model_copy(update={"data": data, **_own_texts(recipe, films)})
    kept = {*asked, *(["further"] if "data.further" in recipe.changed else [])}
    now = shipped.data.model_copy(update={name: getattr(recipe.data, name) for name in kept})
    return _with(recipe, shipped, _present(now, root, set(_LISTS)))


def _with(recipe: Recipe, texts: Recipe, lists: DataRecipe) -> Recipe:
    """The recipe with another's texts, and its lists and what is only measured on."""
    data = recipe.data.model_copy(update={name: getattr(lists, name) for name in _GATE})
    if lists.learned_further == data.learned_further:
        # further films that are only measured on: they are as free as the texts
        data = data.model_copy(update={"further": lists.further})
    card = _over(texts.card, recipe)
    sources = {**texts.sources, **_given_sources(recipe)}
    # the texts may lack a label of the run, and its name is still wanted
    labels = {**recipe.labels, **texts.labels}
    update = {"card": card, "sources": sources, "labels": labels, "data": data}
    return recipe.model_copy(update=update)


def _over(card: CardRecipe, recipe: Recipe) -> CardRecipe:
    """A card with the entries that --set gave the run; of a text, the languages that it gave."""
    update: dict[str, Any] = {}
    for changed in recipe.changed:
        section, entry, *language = f"{changed}.".split(".")[:3]
        if section == "card":
            value = getattr(recipe.card, entry)
            before = update.get(entry, getattr(card, entry))
            if isinstance(value, LocalisedText) and language[0]:
                said = {tag: text for tag, text in value.texts if tag == language[0]}
                value = LocalisedText(before.by_language | said)
            update[entry] = value
    return card.model_copy(update=update)


def _given(recipe: Recipe, section: str) -> set[str]:
    """The entries of a section that --set changed, whole or in part: ``card.population.age_years``."""
    return {name.split(".")[1] for name in recipe.changed if name.startswith(f"{section}.")}


def _given_sources(recipe: Recipe) -> dict[str, SourceText]:
    given = _given(recipe, "sources")
    return {name: text for name, text in recipe.sources.items() if name in given}


def _own_texts(recipe: Recipe, films: Sequence[Film]) -> dict[str, Any]:
    """Card and sources of films that nobody described, but for what --set says."""
    title = joined([recipe.names[key].name for key in recipe.data.labels or [str(recipe.data.any_label)]])
    # two hospitals may have one number: their groups differ
    patients = len({film.group for film in films if film.patient})
    card = plain_card(recipe.card, recipe.id, title, len(films), patients)
    return {"card": _over(card, recipe), "sources": _given_sources(recipe)}


def plain_card(
    card: CardRecipe, recipe_id: str, title: LocalisedText, films: int, patients: int
) -> CardRecipe:
    """A card in place of another hospital's, which says that nobody described the films.

    Parameters
    ----------
    card : CardRecipe
        Whose kind, operating point and what it does not look for are kept: they are about no film.
    recipe_id : str
    title : LocalisedText
    films, patients : int
        No patient: nobody said whose films these are.
    """
    logger.warning("%s: these are not the films its card speaks of; its bundle gets a plain one", recipe_id)
    return card.model_copy(
        update={
            "version": "0.1.0",
            "title": joined([title, LocalisedText(en="(own films)", es="(placas propias)")], " "),
            "trained_on": (_OF_PATIENTS if patients else _OF_NOBODY).filled(films=films, patients=patients),
            "population": None,
            "intended_use": [f"Trying the recipe `{recipe_id}` on own films."],
            "not_for": ["Any decision about a patient."],
            "warnings": ["Nobody described whom these films show, where they come from, or who read them."],
        }
    )


def check_asked_lists(recipe: Recipe, root: Path) -> None:
    """Refuse lists that somebody asked for and that are not there; no film is read for it.

    Raises
    ------
    TrainingError
        Naming the entry: of --set, or of a recipe that is not shipped.
    """
    shipped = shipped_recipe(recipe) is not None
    for entry in _LISTS:
        if not shipped or f"data.{entry}" in recipe.changed:
            _missing(recipe.data, root, entry, asked=True)


def _present(data: DataRecipe, root: Path, asked: set[str]) -> DataRecipe:
    """The gate's lists that are there.

    Raises
    ------
    TrainingError
        For one of an ``asked`` entry that is not.
    """
    update: dict[str, Any] = {}
    for entry in _LISTS:
        named, missing = _missing(data, root, entry, asked=entry in asked)
        if missing:
            logger.warning("data.%s: %s is not there and is left out", entry, ", ".join(missing))
            left = [name for name in named if name not in missing]
            update[entry] = left if entry == "other_manifests" else None
    return data.model_copy(update=update)


def _missing(data: DataRecipe, root: Path, entry: str, *, asked: bool) -> tuple[list[str], list[str]]:
    """The lists that an entry names, and those of them that are not there."""
    value = getattr(data, entry)
    named = [value] if isinstance(value, str) else list(value or ())
    missing = [name for name in named if not (root / name).is_file()]
    if missing and asked:
        raise TrainingError(
            f"`data.{entry}` must name CSV files of the data folder; there is no {root / missing[0]}.",
            remedy=f"Correct it in the recipe, or leave it out: --set data.{entry}=",
        )
    return named, missing
