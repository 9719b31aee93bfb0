"""Files written whole or not at all: JSON that a person can scroll through, and large arrays."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A file to write under another name; it has its own only when the block ends without an error.

    A kill in between leaves the file that was there. Several processes may write the same file at the same
    time; the last one to finish is kept. What a process that was killed had left of it is removed.

    Parameters
    ----------
    target : Path
        Its folder is made.

    Yields
    ------
    Path
        Beside the target, with the end of its name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"partial-{os.getpid()}-{target.name}")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    for left in target.parent.glob(f"partial-*-{glob.escape(target.name)}"):
        _forget(left)


def write_text(text: str, target: Path) -> None:
    """Write UTF-8, whole or not at all; lines end as they do in the text."""
    with whole_file(target) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def write_json(value: Any, path: Path) -> None:
    """Write a JSON file in UTF-8: one entry a line, but lists of numbers on one line.

    Raises
    ------
    ValueError
        For NaN or infinity, which are not JSON.
    """
    write_text(_dump(value, 0) + "\n", path)


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
    with whole_file(target) as partial:
        array = np.lib.format.open_memmap(partial, mode="w+", dtype=dtype, shape=shape)
        yield array
        array.flush()


def _forget(partial: Path) -> None:
    """Remove what a process that was killed has left; one that still runs on this machine goes on."""
    try:
        os.kill(int(partial.name.split("-")[1]), 0)
    except ProcessLookupError:
        partial.unlink(missing_ok=True)
    except PermissionError:
        # another person's, and alive
        return
