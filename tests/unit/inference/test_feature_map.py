"""A graph's file that also gives out its map: written and read back by LiteRT's own schema."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field, replace
from typing import Any

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from cxr_dash.inference.runtime.feature_map import with_feature_map


@dataclass(frozen=True)
class Graph:
    """A graph as far as it is looked at: shapes of tensors, operators (inputs, outputs), outputs."""

    shapes: list[list[int]] = field(
        default_factory=lambda: [[1, 9, 7, 1], [2], [1, 3, 2, 5], [1, 5], [1, 4], [1, 4, 3, 2]]
    )
    # a convolution with its weights, the pooling with its axes, the logits
    operators: list[tuple[list[int], list[int]]] = field(
        default_factory=lambda: [([0, 1], [2]), ([2, 1], [3]), ([3, 1], [4])]
    )
    outputs: list[int] = field(default_factory=lambda: [4, 3, 5])
    named: dict[str, int] = field(default_factory=lambda: {"logits": 4, "embedding": 3, "cams": 5})
    graphs: int = 1
    signatures: int = 1

    def written(self) -> bytes:
        """The file."""
        graph, model, signature = schema.SubGraphT(), schema.ModelT(), schema.SignatureDefT()
        graph.tensors = []
        for shape in self.shapes:
            tensor = schema.TensorT()
            tensor.shape, tensor.name = shape, "t"
            graph.tensors.append(tensor)
        graph.operators = []
        for inputs, outputs in self.operators:
            operator = schema.OperatorT()
            operator.inputs, operator.outputs = inputs, outputs
            graph.operators.append(operator)
        graph.inputs, graph.outputs, graph.name = [0], self.outputs, "main"
        signature.outputs = []
        for name, number in self.named.items():
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = name, number
            signature.outputs.append(entry)
        signature.signatureKey = "serving_default"
        model.version, model.description = 3, "a model"
        model.subgraphs, model.signatureDefs = [graph] * self.graphs, [signature] * self.signatures
        builder = flatbuffers.Builder(0)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def _read(content: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(content, 0)


def _plain(one: Any) -> Any:
    """Everything in a table, by name, to be compared."""
    if hasattr(one, "__dict__"):
        return {name: _plain(value) for name, value in vars(one).items()}
    if isinstance(one, list):
        return [_plain(value) for value in one]
    return one.tolist() if hasattr(one, "tolist") else one


@pytest.mark.parametrize("behind", [0, 1, 2, 3, 4])
def test_the_map_is_one_output_more_and_nothing_else_is_changed(behind: int) -> None:
    content = Graph().written() + bytes(behind)
    found = with_feature_map(content, "embedding")
    assert found is not None
    assert (found.tensor, found.shape) == (2, (3, 2, 5))
    before, after = _plain(_read(content)), _plain(_read(found.content))
    assert after["subgraphs"][0].pop("outputs") == [4, 3, 5, 2]
    assert before["subgraphs"][0].pop("outputs") == [4, 3, 5]
    assert after == before
    assert len(found.content) == -(-len(content) // 4) * 4 + 4 * (1 + 4)


def test_a_graph_that_gives_its_map_out_already_stays_as_it_is() -> None:
    content = replace(Graph(), outputs=[4, 2, 3]).written()
    found = with_feature_map(content, "embedding")
    assert found is not None
    assert (found.content, found.tensor) == (content, 2)


def test_another_output_has_a_map_of_its_own() -> None:
    shapes = [*Graph().shapes[:4], [1, 2], [1, 4, 3, 2]]
    other = Graph(operators=[([5, 1], [4]), ([2, 1], [3])], shapes=shapes)
    found = with_feature_map(other.written(), "logits")
    assert found is not None
    assert (found.tensor, found.shape) == (5, (4, 3, 2))


@pytest.mark.parametrize(
    "changes",
    [
        {"shapes": [[1, 9, 7, 1], [2], [2, 3, 2, 5], [1, 5], [1, 4], [1]]},
        {"shapes": [[1, 9, 7, 1], [2], [1, 3, 2, 5], [1, 6], [1, 4], [1]]},
        {"shapes": [[1, 9, 7, 1], [2], [1, 3, 2, 5], [5], [1, 4], [1]]},
        {"shapes": [[1, 9, 7, 1], [2], [1, 3, 2, 5], [2, 5], [1, 4], [1]]},
        {"shapes": [[1, 9, 7, 1], [2], [1, 5], [1, 5], [1, 4], [1]]},
        {"operators": [([0, 1], [2])]},
        {"operators": [([], [3])]},
        {"named": {"logits": 4}},
        {"named": {"embedding": 99}},
        {"graphs": 2},
        {"graphs": 0},
        {"signatures": 2},
        {"signatures": 0},
    ],
    ids=str,
)
def test_what_is_not_pooled_of_one_map_has_none_to_give_out(changes: dict[str, Any]) -> None:
    assert with_feature_map(replace(Graph(), **changes).written(), "embedding") is None


def test_a_table_without_a_field_that_is_needed_is_not_understood() -> None:
    assert with_feature_map(b"", "embedding") is None
    assert with_feature_map(b"no graph at all, only words", "embedding") is None
    # a model that ends its list of fields before the signatures
    assert with_feature_map(_model_with_fields(7), "embedding") is None


def _model_with_fields(count: int) -> bytes:
    """A table with ``count`` fields, all of them left at their defaults, as FlatBuffers writes it."""
    listed = struct.pack(f"<HH{count}H", 4 + 2 * count, 4, *[0] * count)
    return struct.pack("<I", 4 + len(listed)) + listed + struct.pack("<i", len(listed))


def test_a_damaged_file_is_none_or_has_a_map_and_never_ends_the_program() -> None:
    content, chance = bytearray(Graph().written()), random.Random(3)  # noqa: S311 - damage, not a secret
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        found = with_feature_map(bytes(damaged[: chance.randint(1, len(damaged))]), "embedding")
        assert found is None or len(found.shape) == 3
