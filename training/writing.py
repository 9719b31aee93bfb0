"""JSON that a person can scroll through: one entry a line, but lists of numbers on one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_json(value: Any, path: Path) -> None:
    """Write a JSON file in UTF-8.

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
