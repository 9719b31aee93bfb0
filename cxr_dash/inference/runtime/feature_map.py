"""A compiled graph that also gives out the feature map before its pooling; the file stays as it is.

A bundle's graph pools its last feature map and gives out what is left, the embedding. A head on such a trunk
(``inference.head``) needs the map itself for its Grad-CAM. In a LiteRT file, a FlatBuffer, the outputs of a
graph are a list of tensor numbers: a list with one number more is put behind the file's bytes in memory, and
the graph's entry points to it. Numbers of fields are those of LiteRT's ``schema.fbs``; the library's own
reader of that schema takes a tenth of a second to import.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# Numbers of the fields of each table in schema.fbs.
_MODEL_SUBGRAPHS, _MODEL_SIGNATURES = 2, 7
_GRAPH_TENSORS, _GRAPH_OUTPUTS, _GRAPH_OPERATORS = 0, 2, 3
_TENSOR_SHAPE = 0
_OPERATOR_INPUTS, _OPERATOR_OUTPUTS = 1, 2
_SIGNATURE_OUTPUTS = 1
_MAP_NAME, _MAP_TENSOR = 0, 1


@dataclass(frozen=True, slots=True)
class MappedGraph:
    """A graph with one output more.

    Attributes
    ----------
    content : bytes
        The whole of the file, changed.
    tensor : int
        Number of the feature map's tensor, float32.
    shape : tuple of int
        Of the map, (h, w, D).
    """

    content: bytes
    tensor: int
    shape: tuple[int, int, int]


def with_feature_map(content: bytes, pooled: str) -> MappedGraph | None:
    """Let a graph give out the map that one of its outputs is pooled from.

    Parameters
    ----------
    content : bytes
        A graph's file.
    pooled : str
        Name of the output (1, D) in the graph's one signature.

    Returns
    -------
    MappedGraph or None
        None where that output is not made of one map (1, h, w, D), or the file is none that is understood.
        That the map's mean is the output is for the caller to try.
    """
    try:
        graph = _one(content, _root(content), _MODEL_SUBGRAPHS)
        signature = _one(content, _root(content), _MODEL_SIGNATURES)
        named = dict(_signature_outputs(content, signature))
        shapes = [_numbers(content, at, _TENSOR_SHAPE) for at in _tables(content, graph, _GRAPH_TENSORS)]
        outputs = _numbers(content, graph, _GRAPH_OUTPUTS)
        tensor = _made_of(content, graph, named[pooled])
        one, height, width, depth = shapes[tensor]
        if one != 1 or shapes[named[pooled]] != [1, depth]:
            return None
        if tensor not in outputs:
            content = _with_list(content, graph, _GRAPH_OUTPUTS, [*outputs, tensor])
        return MappedGraph(content, tensor, (height, width, depth))
    except (struct.error, LookupError, ValueError):
        return None


def _made_of(content: bytes, graph: int, tensor: int) -> int:
    """The first input of the operation that makes a tensor."""
    for operator in _tables(content, graph, _GRAPH_OPERATORS):
        if tensor in _numbers(content, operator, _OPERATOR_OUTPUTS):
            return _numbers(content, operator, _OPERATOR_INPUTS)[0]
    raise LookupError("no operation makes the output")


def _signature_outputs(content: bytes, signature: int) -> Iterator[tuple[str, int]]:
    for entry in _tables(content, signature, _SIGNATURE_OUTPUTS):
        at = _target(content, _field(content, entry, _MAP_NAME))
        (length,) = struct.unpack_from("<I", content, at)
        (tensor,) = struct.unpack_from("<I", content, _field(content, entry, _MAP_TENSOR))
        yield content[at + 4 : at + 4 + length].decode("utf-8"), tensor


def _with_list(content: bytes, table: int, number: int, values: list[int]) -> bytes:
    """The file with another list in one field of a table, behind all that was there."""
    changed = bytearray(content)
    changed += bytes(-len(changed) % 4)
    at, field = len(changed), _field(content, table, number)
    changed += struct.pack(f"<I{len(values)}i", len(values), *values)
    struct.pack_into("<I", changed, field, at - field)
    return bytes(changed)


# ---- FlatBuffers: an offset counts from where it stands; a table's first entry leads to its list of fields


def _root(content: bytes) -> int:
    return _target(content, 0)


def _target(content: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", content, at)[0])


def _field(content: bytes, table: int, number: int) -> int:
    """Where a field of a table stands."""
    listed = table - int(struct.unpack_from("<i", content, table)[0])
    size, _ = struct.unpack_from("<HH", content, listed)
    place = 4 + 2 * number
    offset = int(struct.unpack_from("<H", content, listed + place)[0]) if place < size else 0
    if not offset:
        raise LookupError(f"the table has no field {number}")
    return table + offset


def _numbers(content: bytes, table: int, number: int) -> list[int]:
    at = _target(content, _field(content, table, number))
    (length,) = struct.unpack_from("<I", content, at)
    return list(struct.unpack_from(f"<{length}i", content, at + 4))


def _tables(content: bytes, table: int, number: int) -> Iterator[int]:
    at = _target(content, _field(content, table, number))
    (length,) = struct.unpack_from("<I", content, at)
    return (_target(content, at + 4 + 4 * index) for index in range(length))


def _one(content: bytes, table: int, number: int) -> int:
    """The only table of a list."""
    (only,) = _tables(content, table, number)
    return only
