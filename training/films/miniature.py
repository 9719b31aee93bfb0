"""Collections in miniature: a few drawn films in each published layout, to try everything that reads them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import TrainingError
from cxr_dash.imaging.phantom import chest_phantom
from training.labels import LABELS

SIDE = 96
PATCH_SIDE = 64
SPLITS = {"train": 4, "val": 2, "test": 2}
"""Films of each class in each split."""

_RADIUS = 8
_CHESTS = 12
"""Chests of different build that films are drawn on in turn."""
_NEGATIVE = ("normal", "no_finding", "benign")


def write_miniature(layout: str, labels: Sequence[str], out: Path) -> Path:
    """Write a collection with :data:`SPLITS` films of every class.

    Parameters
    ----------
    layout : {"manifest", "folders", "nih", "medmnist", "luna16"}
    labels : sequence of str
        Label keys; every film has one of them.
    out : Path
        New folder.

    Returns
    -------
    Path
        What ``python -m training import LAYOUT`` takes; for ``"manifest"`` the manifest itself.

    Raises
    ------
    TrainingError
        When the layout is unknown.
    """
    if layout not in _WRITERS:
        raise TrainingError(f"`layout` must be one of {', '.join(_WRITERS)}; received {layout!r}.")
    out.mkdir(parents=True)
    return _WRITERS[layout](list(labels), out)


def write_boxes(manifest: Path) -> Path:
    """Write ``boxes.csv`` beside the manifest of a miniature: a box around every drawn disease.

    Parameters
    ----------
    manifest : Path
        As :func:`write_miniature` wrote it for the layout ``"manifest"``.
    """
    target = manifest.with_name("boxes.csv")
    with manifest.open(encoding="utf-8", newline="") as rows, target.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "kind", "label", "x", "y", "w", "h", "img_w", "img_h"])
        for row in csv.DictReader(rows):
            for label in row["labels"].split("|"):
                if label not in _NEGATIVE:
                    x, y = _centre(label)
                    box = [x - _RADIUS, y - _RADIUS, 2 * _RADIUS, 2 * _RADIUS]
                    writer.writerow([row["path"], "nih_bbox", label, *box, SIDE, SIDE])
    return target


def _film(seed: int, label: str) -> NDArray[np.uint8]:
    """A drawn chest; what stands for disease is drawn where the label's number puts it."""
    # quantum noise of its own: two films of one chest are two films
    noise = np.random.default_rng(seed).integers(-4, 5, (SIDE, SIDE))
    film: NDArray[np.uint8] = np.clip(_chest(seed % _CHESTS) + noise, 0, 255).astype(np.uint8)
    if label not in _NEGATIVE:
        cv2.circle(film, _centre(label), _RADIUS, 230, -1)
    return film


@cache
def _chest(number: int) -> NDArray[np.int16]:
    """A drawn chest, drawn once: it takes longer than all else of a film."""
    return chest_phantom(SIDE, SIDE, number).astype(np.int16)


def _centre(label: str) -> tuple[int, int]:
    """Column and row of the middle of a label's drawn disease."""
    known = list(LABELS)
    # a recipe's own label has its place too, behind the known ones
    place = known.index(label) if label in LABELS else len(known) + sum(label.encode())
    return 30 + 36 * (place % 2), 36 + 5 * (place // 2 % 6)


def _each(labels: Sequence[str]) -> list[tuple[str, str, int]]:
    """Split, label and a number of its own for every film."""
    rows = [(split, label) for split, count in SPLITS.items() for label in labels for _ in range(count)]
    return [(split, label, number) for number, (split, label) in enumerate(rows)]


def _write(film: NDArray[np.uint8], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), film):
        raise TrainingError(f"{path} must be writable; the film could not be written.")


def _manifest(labels: list[str], out: Path) -> Path:
    path = out / "manifest.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["path", "labels", "split", "patient_id", "source", "sex", "age", "view"])
        for split, label, number in _each(labels):
            _write(_film(number, label), out / "films" / f"{number}.png")
            facts = ("drawn", "FM"[number % 2], 20 + number % 60, "PA")
            writer.writerow([f"films/{number}.png", label, split, number, *facts])
    return path


def _folders(labels: list[str], out: Path) -> Path:
    """``train/ val/ test/`` of class folders, so that every split has every class."""
    for split, label, number in _each(labels):
        _write(_film(number, label), out / split / label / f"{number}.png")
    return out


def _nih(labels: list[str], out: Path) -> Path:
    """Two image folders, the table, the two official lists and one box."""
    header = ["Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", "Patient Gender"]
    lists: dict[str, list[str]] = {"train_val_list.txt": [], "test_list.txt": []}
    with (out / "Data_Entry_2017.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*header, "View Position"])
        for split, label, number in _each(labels):
            name = f"{number:08d}_000.png"
            _write(_film(number, label), out / f"images_{1 + number % 2:03d}" / "images" / name)
            title = "No Finding" if label == "no_finding" else label.title()
            writer.writerow([name, title, 0, number, 20 + number % 60, "FM"[number % 2], "PA"])
            lists["test_list.txt" if split == "test" else "train_val_list.txt"].append(name)
    for file, names in lists.items():
        (out / file).write_text("\n".join(names) + "\n", encoding="utf-8")
    return out


def _medmnist(labels: list[str], out: Path) -> Path:
    """28 x 28 arrays with the official split, named after the member of the family they stand for."""
    arrays: dict[str, NDArray[np.uint8]] = {}
    rows = _each(labels)
    for split in SPLITS:
        inside = [(label, number) for found, label, number in rows if found == split]
        films = [cv2.resize(_film(number, label), (28, 28)) for label, number in inside]
        arrays[f"{split}_images"] = np.stack(films).astype(np.uint8)
        arrays[f"{split}_labels"] = np.array([[labels.index(label)] for label, _ in inside], dtype=np.uint8)
    path = out / "pneumoniamnist.npz"
    np.savez(path, allow_pickle=False, **arrays)
    return path


def _luna16(labels: list[str], out: Path) -> Path:
    """Patches with a round nodule, larger in the malignant class, and a patient each."""
    import h5py

    rows = _each(labels) * 3
    patches = np.zeros((len(rows), PATCH_SIDE, PATCH_SIDE), dtype=np.uint8)
    for index, (_, label, _) in enumerate(rows):
        rng = np.random.default_rng(index)
        patches[index] = rng.integers(20, 60, patches.shape[1:])
        cv2.circle(patches[index], (32, 32), 5 if label == labels[0] else 12, 200, -1)
    path = out / "patches.h5"
    with h5py.File(path, "w") as stream:
        stream["ct_slices"] = patches
        stream["slice_class"] = np.array([labels.index(label) for _, label, _ in rows], dtype=np.int64)
        stream["patient_id"] = np.arange(len(rows), dtype=np.int64)
    return path


_WRITERS: dict[str, Callable[[list[str], Path], Path]] = {
    "manifest": _manifest,
    "folders": _folders,
    "nih": _nih,
    "medmnist": _medmnist,
    "luna16": _luna16,
}
