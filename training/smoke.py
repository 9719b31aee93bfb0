"""A recipe tried from one end to the other in seconds, on a few drawn films in its own layout."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from cxr_dash.inference.bundle import MODEL_FILE
from training.ensembles.fit import fit_ensemble
from training.export.bundle import export_bundle
from training.films.layouts import import_layout
from training.films.layouts.base import ReadOptions
from training.films.layouts.registry import FILMS, MANIFEST
from training.films.miniature import write_boxes, write_miniature
from training.films.splits import SplitPlan
from training.fitting.fit import fit
from training.fitting.start import RANDOM
from training.networks import NETWORKS
from training.recipe import Recipe, SegmenterRecipe, load_recipe
from training.segmentation import miniature as masked
from training.segmentation.export import export_segmenter
from training.segmentation.fit import fit_segmenter

_SIDE = 64
_MINIATURE = "-smoke"


@dataclass(frozen=True, slots=True)
class SmokeRun:
    """What a try leaves behind: the run, and the bundle made of it."""

    run: Path
    bundle: Path


@dataclass(frozen=True, slots=True)
class Tried:
    """What earlier tries left, for recipes that go on from others: each is tried once.

    Attributes
    ----------
    trunks : dict of str to Path
        Bundles that a head may be put on, by the name of their recipe.
    members : dict of str to Path
        Finished runs that an ensemble may be made of.
    """

    trunks: dict[str, Path] = field(default_factory=dict)
    members: dict[str, Path] = field(default_factory=dict)


def smoke(recipe: Recipe | SegmenterRecipe, folder: Path, tried: Tried | None = None) -> SmokeRun:
    """Write a miniature collection, import it, train one epoch of each phase, export and read back.

    It shows that every step of the recipe works, and nothing about how well.

    Parameters
    ----------
    recipe : Recipe or SegmenterRecipe
        Weights are random, films small and few; all else is as the recipe says.
    folder : Path
        Emptied first.
    tried : Tried, optional
        Is asked for what the recipe goes on from, and told what is made.

    Returns
    -------
    SmokeRun

    Raises
    ------
    TrainingError
    """
    shutil.rmtree(folder, ignore_errors=True)
    run = folder / "run"
    if isinstance(recipe, SegmenterRecipe):
        data = masked.write_masked_miniature(folder / "data").parent
        fit_segmenter(masked.miniature_recipe(recipe), data, run)
        return SmokeRun(run, export_segmenter(run, folder / "models").path)
    small = miniature_recipe(recipe)
    layout, data = small.data.layout, folder / "data"
    source = write_miniature(
        layout, classes_of(small), folder / ("data" if layout == "manifest" else "published")
    )
    if layout != "manifest":
        plan = SplitPlan(val=0.25, test=0.25, seed=recipe.seed)
        import_layout(layout, source, data, plan, ReadOptions(films=data / FILMS))
    if small.data.boxes:
        write_boxes(data / MANIFEST)
    tried = tried or Tried()
    if small.ensemble is None:
        fit(small, data, run, weights=_trunk(small, folder, tried) or RANDOM)
    else:
        _join(small, data, run, tried)
    bundle = export_bundle(run, folder / "models", data_root=data)
    tried.trunks[recipe.id] = bundle.path
    return SmokeRun(run, bundle.path)


def _trunk(small: Recipe, folder: Path, tried: Tried) -> str | None:
    """The model of the bundle that a recipe's head is put on, tried itself; None for a whole network."""
    if small.network.trunk is None:
        return None
    name = small.network.trunk.removesuffix(_MINIATURE)
    if name not in tried.trunks:
        smoke(load_recipe(name), folder / "trunk", tried)
    trunk = tried.trunks[name]
    shutil.copytree(trunk, folder / "models" / trunk.name)
    return str(trunk / MODEL_FILE)


def _join(small: Recipe, data: Path, run: Path, tried: Tried) -> None:
    """Make an ensemble of its members, each in a folder of its name beside the run."""
    assert small.ensemble is not None  # noqa: S101  (for mypy)
    for name in small.ensemble.members:
        place = run.parent / name
        if name in tried.members:
            shutil.copytree(tried.members[name], place)
        else:
            fit(miniature_recipe(load_recipe(name)), data, place, weights=RANDOM)
            tried.members[name] = place
    fit_ensemble(small, data, run)


def classes_of(recipe: Recipe) -> list[str]:
    """The classes a collection for this recipe must have: its labels, and what stands for none of them."""
    data = recipe.data
    negative = [data.negative_label] if data.negative_label else []
    # a recipe that only asks for any finding at all still needs films that show one
    wanted = [*negative, *([key for key in data.labels if key not in negative] or ["effusion"])]
    if len(wanted) == 1:
        # one class against every other: there must be another
        wanted.append("normal" if wanted != ["normal"] else "effusion")
    return [*wanted, "lung_opacity"] if data.other_films == "leave_out" else wanted


def miniature_recipe(recipe: Recipe) -> Recipe:
    """The same recipe for small films, few of them, and one epoch of each phase it has."""
    table = recipe.model_dump(mode="json")
    # an id of its own: an export looks for present texts under the recipe's id
    table["id"] = f"{recipe.id[:58]}{_MINIATURE}"
    network, fit_table = NETWORKS.get(recipe.network.name), table["fit"]
    # drawn films lie on an even ground, which the second preparation takes for a margin and cuts away
    table["preparation"]["version"] = 1
    if network:  # an ensemble's film is as large as its largest member's
        # half as much again as the network can take: a heatmap needs more than one cell, and so does pooling
        cells = max(1.5, recipe.network.pool_size or 1)
        side = max(_SIDE, int(network.smallest * cells) // (recipe.network.enlarge or 1))
        table["preparation"] |= {"height": side, "width": side}
        if recipe.views is not None:
            smallest = min(recipe.views.smallest_side, side // 2)
            # there are no other runs here to learn from or to go on from
            table["views"] |= {"side": None, "smallest_side": smallest, "teachers": [], "interpolation": 1.0}
    if recipe.network.trunk is not None:
        table["network"]["trunk"] = f"{recipe.network.trunk}{_MINIATURE}"
    table["fit"] |= {
        "batch_size": 8,
        "copies": min(2, fit_table["copies"]),
        "head_epochs": min(1, fit_table["head_epochs"]),
        "fine_tune_epochs": min(1, fit_table["fine_tune_epochs"]),
    }
    table["data"] |= {
        "leave_out": [],
        "manifest": MANIFEST,
        "boxes": "boxes.csv" if recipe.data.boxes else None,
        "min_train_films": 1,
        "min_val_films": 1,
        "exclude_train_sources": [],
        "max_train_films_per_source": None,
        "gate_manifest": None,
        "other_manifests": [],
        "auxiliary": [],
        "further": [],
    }
    return Recipe.model_validate(table)
