"""Whether a library holds together, and whether films near one another in it have labels in common."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.services.library.files import (
    LibraryModel,
    LibrarySpec,
    damaged,
    picture_path,
    read_array,
    read_spec,
)
from cxr_dash.services.library.likeness import similarities

BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

_NEIGHBOURS = 5
_MOST_LABELS = 30


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a film's nearest share a label with it, the film itself left out.

    A library knows no patients: several films of one patient raise these figures.

    Attributes
    ----------
    neighbours : int
    shared, chance : float
        Share of labelled films' nearest that have a label in common with it, and of all films, 0-1.
    labels : dict of str to (int, float, float)
        By label: films with it, share of their nearest that have it, share of all films that have it.
    """

    neighbours: int
    shared: float
    chance: float
    labels: dict[str, tuple[int, float, float]]


def check_library(folder: Path) -> dict[str, Agreement | None]:
    """Read every file; by model id, how far neighbours agree, None where there are too few labelled films.

    Raises
    ------
    LibraryError
        When a file is missing, has the wrong shape, or holds what is no number.
    """
    spec = read_spec(folder)
    for case in spec.cases:
        if not picture_path(folder, case.number).is_file():
            raise damaged(ValueError(f"the picture of case {case.number} is missing"))
    return {model.id: _check(folder, spec, model) for model in spec.models}


def _check(folder: Path, spec: LibrarySpec, model: LibraryModel) -> Agreement | None:
    arrays = {name: read_array(folder, model, name) for name in model.shapes()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise damaged(ValueError(f"{name}.npy of model {model.id} holds what is no number"))
    labels = {case.number: case.labels for case in spec.cases}
    names = [name for name, _ in Counter(x for n in model.cases for x in labels[n]).most_common(_MOST_LABELS)]
    has = np.array([[name in labels[number] for name in names] for number in model.cases], dtype=bool)
    films = len(model.cases)
    if films <= _NEIGHBOURS or not names:
        return None
    nearest = _nearest(arrays["embeddings"], arrays["centre"], arrays["norms"])
    labelled = has.any(axis=1)
    near = has[nearest]
    everyone = (_sharing(has) - labelled) / (films - 1)
    return Agreement(
        neighbours=_NEIGHBOURS,
        shared=float((near & has[:, np.newaxis]).any(axis=2)[labelled].mean()),
        chance=float(everyone[labelled].mean()),
        labels={
            name: (int(has[:, i].sum()), float(near[has[:, i], :, i].mean()), float(has[:, i].mean()))
            for i, name in enumerate(names)
        },
    )


def _sharing(has: BoolArray) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """How many films, itself among them, have a label in common with each; 0 for one without labels.

    Counted by sets of labels, which are few: a table of all pairs of 20,000 films would take gigabytes.
    """
    sets, of_film, films = np.unique(has, axis=0, return_inverse=True, return_counts=True)
    common = sets.astype(np.intp) @ sets.astype(np.intp).T > 0
    return np.asarray((common @ films)[of_film.ravel()])


def _nearest(
    embeddings: Float32Array, centre: Float32Array, norms: Float32Array
) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    rows = []
    for row in range(len(embeddings)):
        found = similarities(embeddings[row : row + 1], embeddings, centre, norms)[0]
        found[row] = -np.inf
        rows.append(np.argsort(-found, kind="stable")[:_NEIGHBOURS])
    return np.stack(rows)
