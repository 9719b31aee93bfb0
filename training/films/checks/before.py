"""The checks of a recipe's films, made before anything is trained on them."""

from __future__ import annotations

import logging
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.films.checks.report import check_films
from training.films.of_recipe import read_films, training_films
from training.films.whose import are_own
from training.recipe import Recipe

logger = logging.getLogger(__name__)


def check_before(recipe: Recipe, root: Path, *, accept: bool = False) -> None:
    """Refuse films that a model should not be trained on as they are.

    The gate's pictures are made to be alike and apart, and are not asked.

    Parameters
    ----------
    recipe : Recipe
        Its ``data.accept`` names what is known and accepted; a shipped recipe's, of its own films alone.
    root : Path
        Data folder.
    accept : bool
        Whether everything is accepted, and only told.

    Raises
    ------
    TrainingError
        With every fault that nobody accepted.
    """
    if recipe.card.kind == "gate":
        return
    films = read_films(recipe.data, root / recipe.data.manifest)
    used = [*training_films(films, recipe.data, recipe.seed), *(f for f in films if f.split != "train")]
    logger.info("checking %d films", len(used))
    refused, known = [], recipe.data.accept
    if "data.accept" not in recipe.changed and are_own(recipe, films):
        known = []
    for key, text in check_films(used, labels=recipe.data.labels).faults().items():
        if accept or key in known:
            logger.warning("accepted: %s", text)
        else:
            refused.append((key, text))
    if refused:
        keys = ", ".join(f'"{key}"' for key, _ in refused)
        raise TrainingError(
            f"Films must pass the checks before a training: {'; '.join(text for _, text in refused)}.",
            remedy=f"See `python -m training check {root / recipe.data.manifest}`; go on all the same with "
            f"--accept, or write `accept = [{keys}]` into the recipe's section [data] with the reason.",
        )
