"""The out-of-distribution check of a bundle, fitted and measured on films that should and should not pass."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import FilmError
from cxr_dash.imaging import decode
from cxr_dash.inference.runtime import Runtime
from cxr_dash.inference.schema import OutOfDistribution
from training.evaluation.ood import GateFilms, choose_thresholds, distances, first_half, fit_distribution
from training.evaluation.scoring import Scores, score_films
from training.films.manifest import Film, read_manifest
from training.recipe import Recipe

logger = logging.getLogger(__name__)

POSITIVE_SUFFIX = "POSITIVE"
MAX_PER_SOURCE = 400


def measure_gate(
    runtime: Runtime,
    recipe: Recipe,
    root: Path,
    *,
    train: Sequence[Film],
    train_scores: Scores,
    val: Sequence[Film],
    val_scores: Scores,
    held: Sequence[tuple[Sequence[Film], Scores]],
) -> OutOfDistribution | None:
    """Fit the statistics on training films, choose both thresholds, describe what they do.

    Chest films of other collections (their train split only) take part: half of them, by patient, in the
    statistics, the other half in choosing. The list of non-films is halved by group: one half to choose
    on, one half to measure on; measured are also ``held``, the bundle's own test and external films, and the
    other collections' test films, which nothing else uses.

    Returns
    -------
    OutOfDistribution or None
        None when the recipe names no list of non-films.
    """
    if recipe.data.gate_manifest is None:
        return None
    own = {film.source for film in train}
    lists = [read_manifest(root / name, own_labels=None) for name in recipe.data.other_manifests]
    others = [film for films in lists for film in films]
    # the same public films may be listed under two names; what another list keeps for tests stays unseen
    strangers = [film for film in others if film.split == "train" and film.source not in own]
    strangers = _thinned(_unseen(strangers, [*train, *val]))
    fitting = first_half(strangers) if strangers else np.zeros(0, dtype=bool)
    embeddings = [train_scores.embeddings]
    stranger_embeddings = _embeddings(runtime, strangers, recipe)
    if fitting.any():
        embeddings.append(stranger_embeddings[fitting])
    listed = read_manifest(root / recipe.data.gate_manifest, free_labels=True)
    gate = [film for film in listed if _readable(film)]
    gate_embeddings, choosing = _embeddings(runtime, gate, recipe), first_half(gate)
    is_chest = np.array([_kind(film).endswith(POSITIVE_SUFFIX) for film in gate])
    fitted = fit_distribution(
        np.concatenate(embeddings),
        gate_embeddings[choosing & ~is_chest],
        f"{len(train)} training films, {int(fitting.sum())} training films of other collections and "
        f"{int((choosing & ~is_chest).sum())} pictures that are not frontal chest films",
    )
    gate_distances = distances(gate_embeddings, fitted)
    chest_choose = {"val": distances(val_scores.embeddings, fitted)}
    for source in sorted({film.source for film in strangers}):
        mask = ~fitting & np.array([film.source == source for film in strangers])
        if mask.sum() >= 100:
            chest_choose[source] = distances(stranger_embeddings[mask], fitted)
    mine = [film for films, _ in held for film in films]
    strange = [film for film in others if film.split in ("test", "external") and film.source not in own]
    strange = _unseen(strange, [*train, *mine])
    seen = [scores.embeddings for _, scores in held]
    if strange:
        seen.append(_embeddings(runtime, strange, recipe))
    held_distances = distances(np.concatenate(seen), fitted)
    chest_measure = _by_source([*mine, *strange], held_distances)
    for name, where in ((chest_choose, choosing), (chest_measure, ~choosing)):
        name |= {k: v for k, v in _kinds(gate, gate_distances, where, positive=True).items() if len(v) >= 10}
    done = choose_thresholds(
        fitted,
        GateFilms(chest_choose, _kinds(gate, gate_distances, choosing, positive=False)),
        GateFilms(chest_measure, _kinds(gate, gate_distances, ~choosing, positive=False)),
        warn_only=recipe.data.gate_warn_only,
    )
    unread = len(listed) - len(gate)
    note = f" {unread} more non-films are refused by their shape before any model runs." if unread else ""
    return done.model_copy(update={"measured": done.measured + note})


def _thinned(films: Sequence[Film]) -> list[Film]:
    """At most :data:`MAX_PER_SOURCE` films of a source, evenly spaced in the manifest."""
    kept: list[Film] = []
    for source in sorted({film.source for film in films}):
        inside = [film for film in films if film.source == source]
        count = min(len(inside), MAX_PER_SOURCE)
        kept += [inside[int(index)] for index in np.linspace(0, len(inside) - 1, count)]
    return kept


def _readable(film: Film) -> bool:
    try:
        decode(film.path.read_bytes())
    except FilmError:
        return False
    return True


def _embeddings(runtime: Runtime, films: Sequence[Film], recipe: Recipe) -> NDArray[np.float32]:
    if not films:
        return np.zeros((0, 0), dtype=np.float32)
    return score_films(runtime, [film.path for film in films], recipe.preparation).embeddings


def _unseen(films: Sequence[Film], used: Sequence[Film]) -> list[Film]:
    paths = {film.path.resolve() for film in used}
    return [film for film in films if film.path.resolve() not in paths]


def _by_source(films: Sequence[Film], values: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    names = np.array([film.source or "films" for film in films])
    return {str(name): values[names == name] for name in sorted(set(names))}


def _kind(film: Film) -> str:
    return "|".join(sorted(film.labels))


def _kinds(
    gate: Sequence[Film], values: NDArray[np.float64], where: NDArray[np.bool_], *, positive: bool
) -> dict[str, NDArray[np.float64]]:
    kinds = np.array([_kind(film) for film in gate])
    return {
        str(kind): values[where & (kinds == kind)]
        for kind in sorted(set(kinds))
        if kind.endswith(POSITIVE_SUFFIX) is positive and (where & (kinds == kind)).any()
    }
