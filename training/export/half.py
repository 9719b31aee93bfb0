"""Saved models with weights of half the bytes: IEEE float16 on disk, float32 in memory.

A float16 number keeps 11 binary digits, so that a weight changes by one part in 2,000 at most. Only kernels
are stored so: vectors (biases, means, variances) are few bytes, and a variance may be too small for float16.
Kernels are rounded first, and everything else (the compiled graph, calibration, figures) is made of the
rounded ones: the files of a bundle agree with each other as closely as before.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cxr_dash.errors import TrainingError

WEIGHTS_FILE = "model.weights.h5"
LARGEST = float(np.finfo(np.float16).max)


def save_half(model: Any, target: Path) -> None:
    """Round a model's weights to float16 and save it with them stored so.

    Parameters
    ----------
    model : keras.Model
        Its float32 kernels are rounded in place; vectors, and weights of other types, are kept.
    target : Path
        A new ``.keras`` file.

    Raises
    ------
    TrainingError
        When a weight is too large for float16.
    """
    rounded = [_rounded(weight.path, np.asarray(weight)) for weight in model.weights]
    model.set_weights(rounded)
    whole = target.with_name(f"whole-{target.name}")
    model.save(whole)
    try:
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(target, "w") as shrunk:
            for name in source.namelist():
                content = source.read(name)
                shrunk.writestr(name, _halved(content) if name == WEIGHTS_FILE else content)
    finally:
        whole.unlink(missing_ok=True)


def _rounded(name: str, weight: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if not _is_kernel(weight):
        return weight
    if weight.size and not np.abs(weight).max() <= LARGEST:
        raise TrainingError(
            f"Weights must be at most {LARGEST:g} in size to be kept in half precision; {name} has "
            f"{np.abs(weight).max():g}."
        )
    return weight.astype(np.float16).astype(np.float32)


def _is_kernel(table: Any) -> bool:
    return bool(getattr(table, "dtype", None) == np.float32 and table.ndim > 1)


def _halved(content: bytes) -> bytes:
    """An HDF5 file with its float32 tables stored as float16; groups, names and attributes as they were."""
    made = io.BytesIO()
    with h5py.File(io.BytesIO(content), "r") as source, h5py.File(made, "w") as target:

        def copy(name: str, item: Any) -> None:
            if isinstance(item, h5py.Group):
                kept: Any = target.require_group(name)
            else:
                table = item[()]
                half = table.astype(np.float16) if _is_kernel(table) else table
                kept = target.create_dataset(name, data=half)
            for key, value in item.attrs.items():
                kept.attrs[key] = value

        for key, value in source.attrs.items():
            target.attrs[key] = value
        source.visititems(copy)
    return made.getvalue()
