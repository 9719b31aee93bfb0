"""The whole collection of the gate, planned from other collections: what trains, decides and measures."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from cxr_dash.errors import TrainingError
from cxr_dash.imaging import film_suffixes
from training.films.gate.changed import READABLE, UNREADABLE
from training.films.gate.drawn import DRAWN
from training.films.gate.pictures import FRONTAL, LATERAL, OTHER, GatePicture
from training.films.manifest import Film, read_manifest
from training.films.splits import split_by_patient

# Never trained on and never chosen on: what the gate does on kinds it has not met is measured on these.
TEST_ONLY = ("contours", "jigsaw", "swirled", "packages")
SPLITS = ("train", "val", "test")
_SHARES = {"train": 0.5, "val": 0.2, "test": 0.3}
# At most so many films of one source; test and external films are all measured.
_FILMS = {"train": 700, "val": 250}
_DRAWN = {"train": 120, "val": 40, "test": 40}
_READABLE = {"train": 220, "val": 60, "test": 60}
_UNREADABLE = {"train": 220, "val": 60, "test": 60}
_TINY = {"train": 400, "val": 150, "test": 300}
# How often a real non-film of train is shown again, changed a little: there are few of them.
_AGAIN = {LATERAL: 9, OTHER: 3}
_PACKAGES = ("sklearn", "skimage", "matplotlib", "imageio", "scipy")
_SAMPLES = ("images", "data", "sample_data")


def plan_pictures(data: Path, *, seed: int = 0, leave_out: Collection[str] = ()) -> list[GatePicture]:
    """Every picture of the collection; nothing is drawn or written yet.

    Parameters
    ----------
    data : Path
        The folder of collections: ``findings``, ``covid``, ``lungs``, ``gate``, ``pneumoniamnist.npz``.
    seed : int
        Decides which films are taken and how the non-films are divided.
    leave_out : collection of str
        Kinds of non-films that neither train nor decide, to see how the gate does on what it never met.

    Returns
    -------
    list of GatePicture
        No patient or group in two splits.

    Raises
    ------
    TrainingError
        When a collection is missing, or a kind in ``leave_out`` is unknown.
    """
    films = _frontal_films(data, seed)
    pictures = [
        *(_plain(film, FRONTAL, "film") for film in films),
        *_tiny_films(data, seed),
        *_changed(films, READABLE, _READABLE, FRONTAL, seed),
        *_shared_others(data, seed),
        *_drawn(),
        *_changed(films, UNREADABLE, _UNREADABLE, OTHER, seed + 1),
        *_of_packages(),
    ]
    unknown = set(leave_out) - {picture.kind for picture in pictures if picture.label != FRONTAL}
    if unknown:
        raise TrainingError(
            f"`leave_out` must name kinds of non-films; received {', '.join(sorted(unknown))}.",
            remedy="The kinds are in the column `view` of the manifest.",
        )
    unmet = {*TEST_ONLY, *leave_out}
    return [p for p in pictures if p.kind not in unmet or p.split not in ("train", "val")]


def _frontal_films(data: Path, seed: int) -> list[Film]:
    """Real frontal films, each file once, at most so many of a source."""
    listed = [f for name in ("findings", "covid") for f in read_manifest(data / name / "manifest.csv")]
    listed += _lung_films(data / "lungs", seed)
    films = list({film.path.resolve(): film for film in reversed(listed)}.values())[::-1]
    split_of = {film.group: film.split for film in films if film.split == "test"}
    films = [film for film in films if split_of.get(film.group, film.split) == film.split]
    kept: list[Film] = []
    rng = np.random.default_rng(seed)
    for (_, split), inside in sorted(_by(films, "source", "split").items()):
        order = rng.permutation(len(inside))[: _FILMS.get(split, len(inside))]
        kept += [inside[int(index)] for index in sorted(order)]
    return kept


def _lung_films(folder: Path, seed: int) -> list[Film]:
    """Films of the lung sets, divided by patient: their manifest has no split."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise TrainingError(f"`data` must hold lungs/manifest.csv; there is none at {manifest}.")
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    films = [
        Film(
            path=folder / row["image"],
            labels=frozenset([FRONTAL]),
            split="",
            source=f"lungs {row['source']}",
            group=f"lungs-{row['source']}-{row['patient_id'] or row['image']}",
        )
        for row in rows
    ]
    return split_by_patient(films, _SHARES, seed)


def _shared_others(data: Path, seed: int) -> Iterator[GatePicture]:
    """The shared non-films, and the frontal films at the same 64 px among them."""
    listed = read_manifest(data / "gate" / "manifest.csv", free_labels=True)
    for number, film in enumerate(split_by_patient(listed, _SHARES, seed)):
        (kind,) = film.labels
        lateral = LATERAL if kind == "chest_lateral" else OTHER
        label = FRONTAL if kind.endswith("POSITIVE") else lateral
        yield _plain(film, label, kind)
        for copy in range(_AGAIN.get(label, 0) if film.split == "train" else 0):
            yield GatePicture(
                label, kind, film.split, film.source, film.group, film.path, "varied", number * 10 + copy
            )


def _tiny_films(data: Path, seed: int) -> Iterator[GatePicture]:
    """Films of 28 x 28 pixels, as PneumoniaMNIST publishes them."""
    file = data / "pneumoniamnist.npz"
    if not file.is_file():
        raise TrainingError(f"`data` must hold pneumoniamnist.npz; there is none at {file}.")
    rng = np.random.default_rng(seed)
    with np.load(file) as arrays:
        counts = {split: len(arrays[f"{split}_labels"]) for split in SPLITS}
    for split in SPLITS:
        for row in sorted(rng.permutation(counts[split])[: _TINY[split]].tolist()):
            group = f"pneumoniamnist-{split}-{row}"
            yield GatePicture(FRONTAL, "film_28", split, "pneumoniamnist", group, file, "row", row)


def _changed(
    films: Sequence[Film], changes: Collection[str], counts: dict[str, int], label: str, seed: int
) -> Iterator[GatePicture]:
    """Each change of so many films, an equal number of each source."""
    for split in SPLITS:
        sources = _by([film for film in films if film.split == split], "source")
        for place, change in enumerate(sorted(changes)):
            rng = np.random.default_rng([seed, place])
            shuffled = [cycle(rng.permutation(len(inside)).tolist()) for inside in sources.values()]
            turns = islice(cycle(zip(sources.values(), shuffled, strict=True)), counts[split])
            for number, (inside, order) in enumerate(turns):
                film = inside[next(order)]
                yield GatePicture(
                    label, change, split, "changed films", film.group, film.path, change, number
                )


def _drawn() -> Iterator[GatePicture]:
    for split in SPLITS:
        for kind in DRAWN:
            for number in range(_DRAWN[split]):
                group = f"drawn-{split}-{kind}-{number}"
                yield GatePicture(OTHER, kind, split, "drawn pictures", group, None, kind, number)


def _of_packages() -> Iterator[GatePicture]:
    """Sample pictures that come with the Python packages installed here."""
    for package in _PACKAGES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for file in sorted(Path(folder).rglob("*")):
                # elsewhere lie icons and pictures of tests
                if file.suffix in film_suffixes() and file.parent.name in _SAMPLES:
                    yield GatePicture(OTHER, "packages", "test", package, f"package-{file.name}", file)


def _plain(film: Film, label: str, kind: str) -> GatePicture:
    return GatePicture(label, kind, film.split, film.source, film.group, film.path)


def _by(films: Sequence[Film], *names: str) -> dict[tuple[str, ...], list[Film]]:
    groups: dict[tuple[str, ...], list[Film]] = defaultdict(list)
    for film in films:
        groups[tuple(getattr(film, name) for name in names)].append(film)
    return dict(sorted(groups.items()))
