"""Films of several manifests in one: what a network is pre-trained on before each task."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, check_disjoint, read_manifest

POOLED_SPLITS = ("train", "val")


def pool_films(
    manifests: Sequence[Path],
    *,
    sources: Collection[str] = (),
    rename: Mapping[str, str] | None = None,
) -> list[Film]:
    """The train and val films of several manifests, each film once.

    Films of ``test`` and ``external`` stay out, and so does every film of a patient who has one there.

    Parameters
    ----------
    manifests : sequence of Path
        The first is taken whole; of the others only ``sources``.
    sources : collection of str
        A source in which every film has the same answer teaches its looks, not disease: name those that
        have diseased and healthy films.
    rename : mapping, optional
        Label keys to be read as others, for example ``{"normal": "no_finding"}``.

    Raises
    ------
    TrainingError
        As :func:`read_manifest`; when a source is in no further manifest, or a patient would be in two
        splits.
    """
    names = dict(rename or {})
    every = [read_manifest(path, own_labels=None) for path in manifests]
    further = [film for films in every[1:] for film in films]
    known = sorted({film.source for film in further})
    missing = sorted(set(sources) - set(known))
    if missing:
        raise TrainingError(
            f"`source` must be one of {', '.join(known) or 'none'}; received {', '.join(missing)}.",
            remedy="Sources are looked for in the manifests behind the first, which is taken whole.",
        )
    held = {film.group for films in every for film in films if film.split not in POOLED_SPLITS}
    listed = [*every[0], *(film for film in further if film.source in sources)]
    pooled: dict[Path, Film] = {}
    for film in listed:
        if film.split in POOLED_SPLITS and film.group not in held:
            labels = frozenset(names.get(key, key) for key in film.labels)
            pooled.setdefault(film.path.resolve(), replace(film, labels=labels))
    films = list(pooled.values())
    check_disjoint(films, "the pool")
    return films
