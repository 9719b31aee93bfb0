"""How a mirrored film is told: the rule is fitted, its limit chosen, and both are counted.

Films of other collections, as they are and flipped by hand. Nobody marked them: all are taken for films that
were not turned over, and the few that were make the rule look worse than it is.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array, GreyArray, Radiograph
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import SIDE_GRID, decode, half_difference, side_maps
from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.lungs import draw_lungs
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_segmenter import SideMetrics, SideSpec
from training.recipe import RECIPES, SegmenterRecipe, load_any
from training.recipe.segmenter import SideFilms
from training.segmentation.collections import IMAGE

SIDE_SHAPE = (3, SIDE_GRID, SIDE_GRID // 2)
_SHRINKAGE = 4e-5  # of the weights' squares; chosen on val, where 3e-4 and 3e-5 tell hardly fewer
# Of val films as they are, at most so many are said to seem mirrored: half of the one in a hundred
# that films of patients never seen may be.
_MOST_SAID = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Half differences of films as they are and flipped; NaN where no lungs were found.

    Attributes
    ----------
    as_it_is, flipped : ndarray of float32, shape (n, 3, 16, 8)
    """

    as_it_is: Float32Array
    flipped: Float32Array


def fit_side(root: Path, sides: Mapping[str, SideFilms], bundle: SegmenterBundle) -> SideSpec | None:
    """Fit the rule on the train films of every collection that is there, choose its limit on val.

    Parameters
    ----------
    root : Path
        Folder that the manifests are relative to.
    sides : mapping of str to SideFilms
    bundle : SegmenterBundle

    Returns
    -------
    SideSpec or None
        None where no collection is there, or the segmenter draws no heart.
    """
    teaching = {name: films for name, films in sides.items() if films.teaches}
    there = _there(root, teaching, bundle)
    if not there:
        return None
    found = {
        split: [
            # flipped films are drawn too: the segmenter does not draw one as the other turned over
            outlines_of(
                films_of(root / films.manifest, split, films.most(split)), bundle, turned=split == "train"
            )
            for films in there.values()
        ]
        for split in ("train", "val")
    }
    weights = fit_weights(_joined(found["train"]))
    counts = [len(outlines.as_it_is) for outlines in found["train"]]
    named = ", ".join(f"{name} {count}" for name, count in zip(there, counts, strict=True))
    lungs, heart, film = ([[round(float(one), 4) for one in row] for row in plane] for plane in weights)
    return SideSpec(
        lungs=lungs,
        heart=heart,
        film=film,
        said_below=choose_limit(_logits(_joined(found["val"]).as_it_is, weights)),
        fitted_on=f"train: {named}; limit chosen on val",
    )


def side_metrics(root: Path, sides: Mapping[str, SideFilms], bundle: SegmenterBundle) -> list[SideMetrics]:
    """Count the bundle's rule on the test films of every collection that is there."""
    spec = bundle.spec.side
    if spec is None:
        return []
    made = []
    for name, films in _there(root, sides, bundle).items():
        paths = films_of(root / films.manifest, "test", films.most("test"))
        made.append(count_sides(name, "test", outlines_of(paths, bundle), spec))
    return made


def recipe_sides(bundle_id: str) -> dict[str, SideFilms]:
    """The collections that the recipe of a bundle's id names; none where there is no such recipe."""
    if not (RECIPES / f"{bundle_id}.toml").is_file():
        return {}
    recipe = load_any(bundle_id)
    return recipe.sides if isinstance(recipe, SegmenterRecipe) else {}


def _there(root: Path, sides: Mapping[str, SideFilms], bundle: SegmenterBundle) -> dict[str, SideFilms]:
    if "heart" not in bundle.spec.structures:
        return {}
    return {name: films for name, films in sides.items() if (root / films.manifest).is_file()}


def films_of(manifest: Path, split: str, most: int) -> list[Path]:
    """The pictures of a split, at most so many, evenly over the rows of the manifest.

    Raises
    ------
    TrainingError
        When the manifest names none.
    """
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("split") == split]
    named = [next(row[name] for name in IMAGE if row.get(name)) for row in rows]
    if not named:
        raise TrainingError(f"{manifest} must name films of the split {split!r}; it names none.")
    chosen = np.unique(np.linspace(0, len(named) - 1, min(most, len(named))).round().astype(int))
    return [manifest.parent / named[index] for index in chosen]


def outlines_of(paths: Sequence[Path], bundle: SegmenterBundle, *, turned: bool = True) -> Outlines:
    """Draw every film as it is and flipped, as the app does.

    Parameters
    ----------
    paths : sequence of Path
    bundle : SegmenterBundle
    turned : bool
        With ``False`` the flipped film is taken for the exact opposite, undrawn: more films for the time.

    Raises
    ------
    TrainingError
        Naming the film that cannot be read.
    """
    runtimes, made = RuntimePool(), []
    for path in paths:
        try:
            radiograph = decode(path.read_bytes())
        except FilmError as error:
            raise TrainingError(f"{path} must be a film that can be read; {error.message}") from error
        as_it_is = _outline(radiograph, bundle, runtimes)
        other = _outline(flipped(radiograph), bundle, runtimes) if turned else -as_it_is
        made.append([as_it_is, other])
    both = np.asarray(made, np.float32)
    return Outlines(both[:, 0], both[:, 1])


def _outline(radiograph: Radiograph, bundle: SegmenterBundle, runtimes: RuntimePool) -> Float32Array:
    maps = side_maps(*draw_lungs(radiograph, bundle, runtimes))
    return np.full(SIDE_SHAPE, np.nan, np.float32) if maps is None else half_difference(maps)


def flipped(radiograph: Radiograph) -> Radiograph:
    """The film turned over."""
    pixels: GreyArray = np.flip(radiograph.pixels, axis=1).copy()
    return replace(radiograph, pixels=pixels)


def fit_weights(outlines: Outlines) -> Float64Array:
    """Ridge logistic regression without an intercept: the flipped film has the opposite truth.

    Returns
    -------
    ndarray of float64, shape (3, 16, 8)
    """
    from scipy.optimize import minimize

    rows = np.concatenate([outlines.as_it_is, -outlines.flipped]).astype(np.float64)
    rows = rows[np.isfinite(rows).all(axis=(1, 2, 3))].reshape(-1, int(np.prod(SIDE_SHAPE)))

    def loss(weights: Float64Array) -> tuple[float, Float64Array]:
        logits = rows @ weights
        wrong = 1.0 / (1.0 + np.exp(logits))
        value = float(np.logaddexp(0.0, -logits).mean() + _SHRINKAGE * weights @ weights)
        return value, -(rows * wrong[:, None]).mean(axis=0) + 2.0 * _SHRINKAGE * weights

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(found.x, np.float64).reshape(SIDE_SHAPE)


def choose_limit(logits: Float64Array) -> float:
    """The highest limit, of two decimals, below which at most one in two hundred val films lies."""
    known = np.sort(logits[np.isfinite(logits)])
    said = int(_MOST_SAID * len(known))
    # never above 0: there the film looks more as usual than turned over
    return min(float(np.floor(known[said] * 100.0) / 100.0), 0.0)


def count_sides(collection: str, split: str, outlines: Outlines, spec: SideSpec) -> SideMetrics:
    """Shares of all films that are said to seem mirrored; of a film without lungs nothing is said."""
    weights = spec.rule.weights.astype(np.float64)
    as_it_is, turned = (_logits(part, weights) for part in (outlines.as_it_is, outlines.flipped))
    return SideMetrics(
        collection=collection,
        split=split,
        films=len(as_it_is),
        told=int(np.isfinite(as_it_is).sum()),
        flipped=_share(turned < spec.said_below),
        others=_share(as_it_is < spec.said_below),
    )


def _logits(outlines: Float32Array, weights: Float64Array) -> Float64Array:
    # a rule of outlines alone has two planes of weights
    return np.asarray((outlines[:, : len(weights)] * weights).sum(axis=(1, 2, 3)), np.float64)


def _joined(outlines: Sequence[Outlines]) -> Outlines:
    return Outlines(
        np.concatenate([one.as_it_is for one in outlines]), np.concatenate([one.flipped for one in outlines])
    )


def _share(said: NDArray[np.bool_]) -> Interval:
    low, high = wilson_interval([int(said.sum())], len(said))
    share = round(float(said.mean()), 5)
    return Interval(value=share, low=round(float(low[0]), 5), high=round(float(high[0]), 5))
