"""Which installed bundle answers for a head: the one it was made on, as it was then, and no other."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import pytest
from bundle_builder import write_bundle
from segmenter_builder import write_segmenter

from cxr_dash.inference.bundle import Bundle, load_bundle, read_spec
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.schema_age import AgeGroup
from cxr_dash.inference.trunks import answered_together, missing_trunk, reads_alike, trunk_bundle, trunk_of

OTHER = "cd" * 32


@pytest.fixture
def trunk(tmp_path: Path) -> Bundle:
    """What heads are made on, installed as `trunk`."""
    return load_bundle(write_bundle(tmp_path, "trunk"))


def head(folder: Path, on: Bundle, **changes: Any) -> Bundle:
    """A bundle that is a head on the trunk, installed beside it."""
    own = {"serving.tflite": on.serving_sha256, "head.npz": OTHER}
    path = write_bundle(
        folder,
        "head",
        **({"trunk": {"id": "trunk", "sha256": on.serving_sha256}, "files": own} | changes),
    )
    (path / "head.npz").write_bytes(b"")
    # its files are of no interest here, only what it says of them
    return Bundle(path, read_spec(path))


def test_a_head_is_answered_by_its_trunk_and_a_whole_network_by_itself(tmp_path: Path, trunk: Bundle) -> None:
    catalog = Catalog(tmp_path)
    found = trunk_bundle(catalog, head(tmp_path, trunk))
    assert found is catalog.get("trunk")
    assert trunk_bundle(catalog, trunk) is None


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"trunk": None}, False),
        ({"files": {"serving.tflite": OTHER}}, False),
        ({"trunk": {"id": "trunk", "sha256": OTHER}}, True),
        ({"trunk": {"id": "gone", "sha256": OTHER}}, True),
        ({"preparation": {"height": 32, "width": 64}}, True),
    ],
)
def test_a_head_whose_trunk_is_not_there_as_it_was_runs_by_its_own_graph(
    tmp_path: Path, trunk: Bundle, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], warned: bool
) -> None:
    caplog.set_level(logging.WARNING)
    bundle = head(tmp_path, trunk, **changes)
    caplog.clear()
    assert trunk_bundle(Catalog(tmp_path), bundle) is None
    assert ("runs by its own graph: its trunk" in caplog.text) is warned


def test_a_trunk_without_a_compiled_graph_answers_for_none(tmp_path: Path, trunk: Bundle) -> None:
    (tmp_path / "trunk" / "serving.tflite").unlink()
    (tmp_path / "trunk" / "model.keras").write_bytes(b"saved")
    digest = hashlib.sha256(b"saved").hexdigest()
    table = (tmp_path / "trunk" / "bundle.json").read_text()
    table = table.replace("serving.tflite", "model.keras").replace(trunk.serving_sha256, digest)
    (tmp_path / "trunk" / "bundle.json").write_text(table)
    saved = load_bundle(tmp_path / "trunk")
    bundle = head(tmp_path, trunk, trunk={"id": "trunk", "sha256": saved.serving_sha256})
    assert trunk_bundle(Catalog(tmp_path), bundle) is None


def test_one_run_answers_the_trunk_and_its_heads_and_nobody_else(tmp_path: Path) -> None:
    trunk = load_bundle(write_bundle(tmp_path, "trunk"))
    named = {"id": "trunk", "sha256": trunk.serving_sha256}
    _with_a_head(tmp_path, "first", named)
    _with_a_head(tmp_path, "second", named)
    _with_a_head(tmp_path, "doorman", named, kind="gate")
    write_bundle(tmp_path, "apart")
    write_segmenter(tmp_path)
    catalog = Catalog(tmp_path)

    def together(model: str) -> list[str]:
        return [one.id for one in answered_together(catalog, catalog.get(model))]

    assert together("trunk") == together("first") == together("second") == ["first", "second", "trunk"]
    assert together("apart") == ["apart"]


def _with_a_head(folder: Path, bundle_id: str, trunk: dict[str, str], **changes: Any) -> None:
    """Install a bundle whose files are all there."""
    digest = hashlib.sha256(b"head").hexdigest()
    files = {"serving.tflite": trunk["sha256"], "head.npz": digest}
    path = write_bundle(folder, bundle_id, trunk=trunk, files=files, **changes)
    (path / "head.npz").write_bytes(b"head")


def _group(sha256: str) -> AgeGroup:
    return AgeGroup.model_validate(
        {
            "trunk": {"id": "trunk", "sha256": sha256},
            "children_below_years": 6,
            "adults_from_years": 18,
            "adult_below": 0.2,
            "child_above": 0.8,
            "chosen_on": "val",
        }
    )


def test_a_group_of_ages_is_read_from_its_trunk_or_from_a_head_on_it(tmp_path: Path, trunk: Bundle) -> None:
    group, other = _group(trunk.serving_sha256), _group(OTHER)
    assert reads_alike(trunk, group)
    assert not reads_alike(trunk, other)
    on_it = head(tmp_path, trunk, files={"serving.tflite": OTHER, "head.npz": OTHER})
    assert reads_alike(on_it, group)
    assert not reads_alike(on_it, other)


def test_the_trunk_of_ages_is_looked_for_among_classifiers(tmp_path: Path) -> None:
    write_segmenter(tmp_path, "first")
    write_bundle(tmp_path, "trunk")
    catalog = Catalog(tmp_path)
    found = trunk_of(catalog, _group(catalog.get("trunk").serving_sha256))
    assert found is catalog.get("trunk")
    assert trunk_of(catalog, _group(OTHER)) is None


@pytest.mark.parametrize(("installed", "ages", "missing"), [(1, 1, None), (0, 1, "trunk"), (1, 0, None)])
def test_a_gate_says_which_trunk_it_lacks(tmp_path: Path, installed: int, ages: int, missing: str) -> None:
    trunk = load_bundle(write_bundle(tmp_path / "elsewhere", "trunk"))
    models = tmp_path / "models"
    if installed:
        write_bundle(models, "trunk")
    graph = b"a gate's own graph"
    digests = {"serving.tflite": hashlib.sha256(graph).hexdigest()}
    if ages:
        digests["age_group.npz"] = hashlib.sha256(b"").hexdigest()
    group = _group(trunk.serving_sha256).model_dump(mode="json") if ages else None
    path = write_bundle(models, "gate", kind="gate", age_group=group, files=digests)
    (path / "serving.tflite").write_bytes(graph)
    (path / "age_group.npz").write_bytes(b"")
    assert missing_trunk(Catalog(models)) == missing


def test_without_a_gate_no_trunk_is_missing(tmp_path: Path) -> None:
    write_bundle(tmp_path, "trunk")
    assert missing_trunk(Catalog(tmp_path)) is None
