"""Readers choose among classifiers; the app's own tools are handed out by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bundle_builder import write_bundle
from segmenter_builder import write_segmenter
from typer.testing import CliRunner

from cxr_dash.cli import app
from cxr_dash.domain import LungField, PreparationSpec, Radiograph
from cxr_dash.errors import BundleMismatchError, BundleNotFoundError
from cxr_dash.imaging import plan_preparation
from cxr_dash.inference.bundle import Bundle, SegmenterBundle, load_any, load_bundle, load_segmenter
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.lungs import plan_with_lungs


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_bundle(tmp_path, "tiny")
    write_bundle(tmp_path, "doorman", kind="gate")
    write_segmenter(tmp_path)
    return tmp_path


def test_a_reader_may_choose_classifiers_alone(models: Path) -> None:
    catalog = Catalog(models)
    assert catalog.ids() == ["tiny"]
    assert catalog.default_id("lungs") == "tiny"
    assert [bundle.kind for bundle in catalog.bundles()] == ["gate", "segmenter", "classifier"]
    assert not catalog.broken()


def test_tools_are_found_by_what_they_do_whatever_they_are_called(models: Path) -> None:
    catalog = Catalog(models)
    lungs, gate = catalog.tool("lungs"), catalog.tool("gate")
    assert isinstance(lungs, SegmenterBundle)
    assert isinstance(gate, Bundle)
    assert (lungs.id, gate.id) == ("lungs", "doorman")


def test_of_several_tools_the_one_that_is_called_so_is_taken(models: Path) -> None:
    write_segmenter(models, "another")
    found = Catalog(models).tool("lungs")
    assert found is not None
    assert found.id == "lungs"


def test_a_folder_without_tools_hands_out_none(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    catalog = Catalog(tmp_path)
    assert catalog.tool("lungs") is None
    assert catalog.tool("gate") is None


@pytest.mark.parametrize(("tool", "kind"), [("lungs", "segmenter"), ("doorman", "gate")])
def test_asking_a_tool_for_a_reading_says_what_it_is(models: Path, tool: str, kind: str) -> None:
    with pytest.raises(BundleNotFoundError, match=f"one of: tiny; '{tool}' is a {kind}, a tool"):
        Catalog(models).get(tool)


def test_each_kind_is_loaded_as_what_it_is(models: Path) -> None:
    assert load_any(models / "lungs").kind == "segmenter"
    assert load_segmenter(models / "lungs").spec.grid == (32, 32)
    assert load_bundle(models / "doorman").spec.kind == "gate"
    with pytest.raises(BundleMismatchError, match="must be of a classifier here; lungs is a segmenter"):
        load_bundle(models / "lungs")
    with pytest.raises(BundleMismatchError, match="must be of a segmenter here; tiny is a classifier"):
        load_segmenter(models / "tiny")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preparation": {"region": "lungs"}}, "`region` must be film"),
        ({"preparation": {"straighten": True}}, "`straighten` false"),
        ({"preparation": {"fit": "stretch"}}, "`fit` must be letterbox or centre_crop"),
        ({"grid": [0, 32]}, "greater than 0"),
        ({"kind": "oracle"}, "kind"),
        ({"metrics": [{"split": "test"}]}, "metrics"),
    ],
)
def test_a_segmenters_bundle_that_makes_no_sense_is_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(BundleMismatchError, match=words):
        load_any(write_segmenter(tmp_path, **changes))


def test_a_changed_file_of_a_segmenter_is_refused(models: Path) -> None:
    (models / "lungs" / "serving.tflite").write_bytes(b"something else")
    catalog = Catalog(models)
    assert "sha256" in catalog.broken()["lungs"]
    assert catalog.tool("lungs") is None


def test_a_model_that_reads_lungs_is_not_run_without_a_segmenter() -> None:
    radiograph = Radiograph(np.full((60, 60), 90, np.uint8), 8, "png", "0" * 64)
    spec = PreparationSpec(region="lungs")
    with pytest.raises(BundleNotFoundError, match="needs a segmenter"):
        plan_with_lungs(radiograph, spec, None)
    nothing = LungField(np.zeros((8, 8), np.float32), plan_preparation(radiograph, PreparationSpec()))
    assert plan_with_lungs(radiograph, spec, nothing).region == "film"
    straight = PreparationSpec(straighten=True)
    assert plan_with_lungs(radiograph, straight, None) == plan_preparation(radiograph, straight)
    assert plan_with_lungs(radiograph, straight, nothing).tilt_degrees == 0.0


def test_models_lists_tools_with_their_kind(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXR_MODELS_DIR", str(models))
    listed = json.loads(CliRunner().invoke(app, ["models", "--json"]).stdout)
    assert {entry["id"]: entry["kind"] for entry in listed} == {
        "tiny": "classifier",
        "doorman": "gate",
        "lungs": "segmenter",
    }
    table = CliRunner().invoke(app, ["models"]).stdout
    assert "segmenter" in table
    answer = CliRunner().invoke(
        app, ["score", str(models), "--model", "lungs", "--out", str(models / "a.csv")]
    )
    assert answer.exit_code == 1
    assert "is a segmenter, a tool" in answer.stderr
