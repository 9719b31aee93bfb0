"""A small grid over recipe entries, ranked by ``val`` alone."""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Mapping
from pathlib import Path

from training.fitting.fit import fit
from training.fitting.runs import RunFolder, RunRecord
from training.recipe import Recipe, load_recipe

logger = logging.getLogger(__name__)


def search(
    recipe: str,
    data_root: Path,
    grid: Mapping[str, str],
    folder: Path,
    weights: str | None,
    *,
    fixed: Mapping[str, str] | None = None,
) -> list[tuple[float, Path, dict[str, str]]]:
    """Train every combination of a grid; combinations that are already finished are not trained again.

    Parameters
    ----------
    recipe : str
    data_root : Path
    grid : mapping
        ``{"fit.copies": "2,4"}``: comma-separated values per entry.
    folder : Path
    weights : str or None
    fixed : mapping, optional
        Entries that differ from the recipe in every run.

    Returns
    -------
    list of (val macro AUROC, run folder, values)
        Best first. The best of many tries is optimistic on val: measure it once on test.
    """
    names = list(grid)
    ranked = []
    for values in itertools.product(*(grid[name].split(",") for name in names)):
        chosen = dict(zip(names, (value.strip() for value in values), strict=True))
        loaded = load_recipe(recipe, {**(fixed or {}), **chosen})
        run = RunFolder(folder / run_name(loaded))
        finished = run.record.is_file()
        record = (
            RunRecord.read(run.record)
            if finished
            else fit(loaded, data_root, run.path, weights=weights, resume=run.path.exists())
        )
        logger.info("%s: val macro AUROC %.4f", chosen, record.val_macro_auroc)
        ranked.append((record.val_macro_auroc, run.path, chosen))
    return sorted(ranked, key=lambda row: -row[0])


def run_name(recipe: Recipe) -> str:
    """Name of a recipe's run: of its content, so that another order of the entries finds the same run."""
    return f"{recipe.id}-{hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:10]}"
