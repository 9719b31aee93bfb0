"""Files written whole or not at all: JSON that a person can scroll through, and large arrays."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def write_json(value: Any, path: Path) -> None:
    """Write a JSON file in UTF-8: one entry a line, but lists of numbers on one line.

    Raises
    ------
    ValueError
        For NaN or infinity, which are not JSON.
    """
    path.write_text(_dump(value, 0) + "\n", encoding="utf-8")


def _dump(value: Any, depth: int) -> str:
    inner, outer = " " * (depth + 1), " " * depth
    if isinstance(value, dict) and value:
        rows = [f"{inner}{json.dumps(str(key))}: {_dump(entry, depth + 1)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
    if isinstance(value, list) and any(isinstance(entry, (dict, list, str)) for entry in value):
        return "[\n" + ",\n".join(f"{inner}{_dump(entry, depth + 1)}" for entry in value) + f"\n{outer}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


@contextmanager
def array_file(target: Path, shape: tuple[int, ...], dtype: DTypeLike) -> Iterator[NDArray[Any]]:
    """An array to fill; its file has its name only when the block ends without an error.

    Several processes may fill the same file at the same time; the last one to finish is kept. What a
    process that was killed had left of it is removed.

    Parameters
    ----------
    target : Path
        ``.npy`` file; its folder is made.
    shape : tuple of int
    dtype : DTypeLike
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial.npy")
    array = np.lib.format.open_memmap(partial, mode="w+", dtype=dtype, shape=shape)
    yield array
    array.flush()
    partial.replace(target)
    for left in target.parent.glob(f"{target.stem}.*.partial.npy"):
        _forget(left)


def _forget(partial: Path) -> None:
    """Remove what a process that was killed has left; one that still runs on this machine goes on."""
    try:
        os.kill(int(partial.name.split(".")[-3]), 0)
    except ProcessLookupError:
        partial.unlink(missing_ok=True)
    except PermissionError:
        # another person's, and alive
        return
