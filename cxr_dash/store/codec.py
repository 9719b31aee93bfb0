"""Frozen dataclasses as bytes and back, by a schema: what is read runs no code, whoever wrote it.

An entry is a JSON text and the bytes of arrays and files behind it. Only the dataclasses and enumerations
that the given types are made of are built, and only where every field holds what its annotation allows.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

_LENGTH_BYTES = 8
_KINDS = "fiub"  # of arrays: numbers and truths, no objects


class UnreadableEntryError(ValueError):
    """The bytes are no entry of this schema."""


class Codec:
    """Writes and reads objects of some types.

    Parameters
    ----------
    roots : iterable of type
        Frozen dataclasses; what their fields are made of is found by their annotations.
    """

    def __init__(self, roots: Iterable[type]) -> None:
        self._known: dict[str, type] = {}
        self._hints: dict[type, dict[str, Any]] = {}
        for root in roots:
            self._learn(root)

    def _learn(self, kind: Any) -> None:
        kind = meant(kind)
        for part in get_args(kind):
            self._learn(part)
        if not isinstance(kind, type) or self._known.get(kind.__name__) is kind:
            return
        if dataclasses.is_dataclass(kind):
            self._known[kind.__name__] = kind
            self._hints[kind] = get_type_hints(kind)
            for hint in self._hints[kind].values():
                self._learn(hint)
        elif issubclass(kind, Enum):
            self._known[kind.__name__] = kind

    def encode(self, value: Any) -> bytes:
        """The object as bytes."""
        blobs: list[bytes] = []
        text = json.dumps(self._plain(value, blobs), separators=(",", ":")).encode("utf-8")
        return b"".join((len(text).to_bytes(_LENGTH_BYTES, "big"), text, *blobs))

    def decode(self, data: bytes | memoryview) -> Any:
        """The object that was encoded.

        Raises
        ------
        UnreadableEntryError
            When the bytes are cut, changed, or of another schema.
        """
        try:
            length = int.from_bytes(data[:_LENGTH_BYTES], "big")
            end = _LENGTH_BYTES + length
            plain = json.loads(bytes(data[_LENGTH_BYTES:end]))
            return self._built(plain, memoryview(data)[end:])
        except Exception as error:
            # of any kind: the classes that are built may refuse what they are given in words of their own
            raise UnreadableEntryError(f"not an entry: {type(error).__name__}") from None

    def _plain(self, value: Any, blobs: list[bytes]) -> Any:  # noqa: PLR0911  (a table)
        if isinstance(value, Enum):
            return {"enum": type(value).__name__, "value": value.value}
        if value is None or isinstance(value, bool | int | float | str):
            # a number of NumPy's is written as the number that it is
            return value.item() if isinstance(value, np.generic) else value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, bytes):
            return {"bytes": self._blob(value, blobs)}
        if isinstance(value, np.ndarray):
            place = self._blob(np.ascontiguousarray(value).tobytes(), blobs)
            return {"array": place, "dtype": value.dtype.str, "shape": list(value.shape)}
        if isinstance(value, tuple | list):
            parts = [self._plain(one, blobs) for one in value]
            return {"tuple": parts} if isinstance(value, tuple) else {"list": parts}
        if isinstance(value, Mapping):
            return {"dict": {str(key): self._plain(one, blobs) for key, one in value.items()}}
        kind = type(value)
        if kind not in self._hints:
            raise TypeError(f"{kind.__name__} is not of the schema")
        fields = {name: self._plain(getattr(value, name), blobs) for name in self._hints[kind]}
        return {"is": kind.__name__, "with": fields}

    def _blob(self, data: bytes, blobs: list[bytes]) -> list[int]:
        begin = sum(map(len, blobs))
        blobs.append(data)
        return [begin, len(data)]

    def _built(self, plain: Any, blobs: memoryview) -> Any:  # noqa: PLR0911  (a table)
        if not isinstance(plain, dict):
            if isinstance(plain, list):
                raise TypeError("a list must say what it is")
            return plain
        if "bytes" in plain:
            return bytes(self._taken(plain["bytes"], blobs))
        if "array" in plain:
            dtype = np.dtype(plain["dtype"])
            if dtype.kind not in _KINDS:
                raise TypeError("an array must be of numbers")
            taken = self._taken(plain["array"], blobs)
            return np.frombuffer(taken, dtype=dtype).reshape(plain["shape"]).copy()
        if "tuple" in plain:
            return tuple(self._built(one, blobs) for one in plain["tuple"])
        if "list" in plain:
            return [self._built(one, blobs) for one in plain["list"]]
        if "dict" in plain:
            return {key: self._built(one, blobs) for key, one in plain["dict"].items()}
        if "enum" in plain:
            choices = self._known[plain["enum"]]
            if not issubclass(choices, Enum):
                raise TypeError("no enumeration")
            return choices(plain["value"])
        kind = self._known[plain["is"]]
        fields = {name: self._built(one, blobs) for name, one in plain["with"].items()}
        hints = self._hints[kind]
        if fields.keys() != hints.keys() or not all(fits(fields[name], hints[name]) for name in hints):
            raise TypeError(f"the fields of {kind.__name__} do not fit")
        return kind(**fields)

    @staticmethod
    def _taken(place: list[int], blobs: memoryview) -> memoryview:
        begin, length = place
        taken = blobs[begin : begin + length]
        if begin < 0 or len(taken) != length:
            raise ValueError("cut short")
        return taken


def meant(hint: Any) -> Any:
    """What a named annotation stands for: ``NDArray`` of NumPy 2.5 is such a name, an array before."""
    while hasattr(name := get_origin(hint) or hint, "__value__"):
        hint = name.__value__
    return hint


def fits(value: Any, hint: Any) -> bool:  # noqa: PLR0911  (a table of what annotations mean)
    """Whether a value is what an annotation allows."""
    hint = meant(hint)
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any or hint is object:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(parts) == 2 and parts[1] is Ellipsis:
            return all(fits(one, parts[0]) for one in value)
        return len(value) == len(parts) and all(map(fits, value, parts))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, dict) and all(fits(one, parts[1]) for one in value.values())
    if origin is list:
        return isinstance(value, list) and all(fits(one, parts[0]) for one in value)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray)
    if hint is float:
        return isinstance(value, float | int) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint if isinstance(hint, type) else type(hint))
