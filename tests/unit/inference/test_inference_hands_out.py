"""What the room of models hands out cannot be changed, but for what remembers something beside its fields."""

from __future__ import annotations

from frozen import compared_arrays, loose_dataclasses


def test_what_inference_hands_out_is_frozen() -> None:
    remembering = frozenset(
        {"Bundle", "SegmenterBundle", "Anatomy", "DenseHead", "Explainer", "FlatGraph", "Step"}
    )
    pool = "cxr_dash.inference.runtime.pool"
    assert loose_dataclasses("cxr_dash.inference", remembering) == [f"{pool}._Entry", f"{pool}._ProcessState"]


def test_what_holds_an_array_is_not_compared_by_value() -> None:
    assert compared_arrays("cxr_dash.inference") == []
