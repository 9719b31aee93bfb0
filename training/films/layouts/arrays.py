"""Collections that are one file of arrays: MedMNIST ``.npz`` and LUNA16 nodule patches in HDF5."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import TrainingError
from training.films.layouts.base import Collection, ReadOptions, need_file, save_films
from training.films.manifest import Film

# The official order of the labels, by the file's name.
_CHEST = (
    *("atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia"),
    *("pneumothorax", "consolidation", "edema", "emphysema", "fibrosis", "pleural_thickening", "hernia"),
)
MEDMNIST = {"pneumoniamnist": ("normal", "pneumonia"), "chestmnist": _CHEST}
PATCHES, CLASSES, PATIENTS = "ct_slices", "slice_class", "patient_id"
PATCH_SIDE = 64
# Lung window, Hounsfield units: air to just above soft tissue and calcium-free nodules.
LUNG_WINDOW = (-1000.0, 400.0)


def read_medmnist(path: Path, options: ReadOptions) -> Collection:
    """Read ``<split>_images`` and ``<split>_labels`` of train, val and test; the split is the official one.

    There are no patients in these files; that the split is one by patient is for their makers to say.

    Raises
    ------
    TrainingError
        When the file is no ``.npz``, lacks an array, or has shapes or labels that do not belong together.
    """
    need_file(path, "a MedMNIST .npz file")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise TrainingError(f"{path} must be a MedMNIST .npz file; it cannot be read ({error}).") from error
    family = path.stem.split("_")[0].lower()
    films = []
    for split in ("train", "val", "test"):
        missing = [name for name in (f"{split}_images", f"{split}_labels") if name not in arrays]
        if missing:
            raise TrainingError(f"{path} must hold the array {missing[0]}; it holds {sorted(arrays)}.")
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        if images.dtype != np.uint8 or images.ndim != 3 or labels.ndim != 2 or len(images) != len(labels):
            raise TrainingError(
                f"{path}: {split}_images must be uint8 (n, H, W) and {split}_labels (n, k); received "
                f"{images.dtype} {images.shape} and {labels.shape}.",
                remedy="Colour and volume collections hold no chest films.",
            )
        names = _names(labels, MEDMNIST.get(family, ()), options, path)
        paths = save_films(images, options.films, f"{family}-{split}")
        films += [
            Film(file, found, split, options.source or family, file.stem)
            for file, found in zip(paths, names, strict=True)
        ]
    return Collection(films)


def _names(
    labels: NDArray[Any], known: tuple[str, ...], options: ReadOptions, path: Path
) -> list[frozenset[str]]:
    """Label keys of every row: of the number in it, or, with several columns, of each column that is 1."""

    def name(index: int) -> str:
        fallback = known[index] if 0 <= index < len(known) else str(index)
        return options.key(options.labels.get(str(index), fallback), path)

    if labels.shape[1] == 1:
        keys = {int(value): name(int(value)) for value in np.unique(labels)}
        return [frozenset([keys[int(value)]]) for value in labels[:, 0]]
    columns = [name(index) for index in range(labels.shape[1])]
    return [
        frozenset(columns[index] for index in np.flatnonzero(row)) or frozenset(["no_finding"])
        for row in labels
    ]


def read_nodule_patches(path: Path, options: ReadOptions) -> Collection:
    """Read ``ct_slices`` (n, 64, 64) and ``slice_class`` (0 benign, 1 malignant); ``patient_id`` is optional.

    Bytes stay as they are, levels of 0-1 are spread over 0-255, and Hounsfield units are shown through the
    lung window (-1000 to 400).

    Raises
    ------
    TrainingError
        When the file is no HDF5, lacks a data set, or has shapes or labels that do not belong together.
    """
    import h5py

    need_file(path, "an HDF5 file of nodule patches")
    try:
        with h5py.File(path, "r") as stored:
            arrays = {
                name: np.asarray(stored[name]) for name in stored if isinstance(stored[name], h5py.Dataset)
            }
    except OSError as error:
        raise TrainingError(f"{path} must be an HDF5 file; it cannot be read ({error}).") from error
    for name in (PATCHES, CLASSES):
        if name not in arrays:
            raise TrainingError(f"{path} must hold the data set {name}; it holds {sorted(arrays)}.")
    patches, classes = arrays[PATCHES], arrays[CLASSES].reshape(-1)
    if patches.shape != (len(classes), PATCH_SIDE, PATCH_SIDE):
        raise TrainingError(
            f"{path}: {PATCHES} must be ({len(classes)}, {PATCH_SIDE}, {PATCH_SIDE}), one slice for each of "
            f"{CLASSES}; received {patches.shape}."
        )
    names = _names(classes[:, None], ("benign", "malignant"), options, path)
    patients = _patients(arrays.get(PATIENTS), len(classes), path)
    paths = save_films(_as_bytes(patches), options.films, "patch")
    source = options.source or "luna16"
    return Collection(
        [
            Film(file, found, "", source, f"{source}-{patient or file.stem}", patient)
            for file, found, patient in zip(paths, names, patients, strict=True)
        ]
    )


def _patients(stored: NDArray[Any] | None, count: int, path: Path) -> list[str]:
    if stored is None:
        return [""] * count
    if stored.shape != (count,):
        raise TrainingError(
            f"{path}: {PATIENTS} must be ({count},), like {CLASSES}; received {stored.shape}."
        )
    return [value.decode() if isinstance(value, bytes) else str(value) for value in stored.tolist()]


def _as_bytes(patches: NDArray[Any]) -> NDArray[np.uint8]:
    if patches.dtype == np.uint8:
        return patches
    low, high = LUNG_WINDOW if patches.min() < 0 or patches.max() > 1 else (0.0, 1.0)
    return np.asarray(np.rint(np.clip((patches - low) / (high - low), 0, 1) * 255), dtype=np.uint8)
