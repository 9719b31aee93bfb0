"""Where a bundle's files lie, what is read of them, and how the folder of models hands bundles out."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from bundle_builder import spec_dict, write_bundle
from segmenter_builder import segmenter_dict, write_segmenter

from cxr_dash import imaging
from cxr_dash.domain import LungField, PreparationSpec, Radiograph
from cxr_dash.errors import BundleMismatchError, BundleNotFoundError
from cxr_dash.inference import catalog as catalogs
from cxr_dash.inference import lungs
from cxr_dash.inference.bundle import Bundle, SegmenterBundle, file_sha256, load_any, load_bundle, read_spec
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.digests import bundle_digest, write_digests
from cxr_dash.inference.head import Head
from cxr_dash.inference.lungs import draw_lungs, find_lungs, measure_heart
from cxr_dash.inference.schema import READ_VERSIONS, SCHEMA_VERSION, BundleSpec
from cxr_dash.inference.schema_films import ONE_IN
from cxr_dash.inference.schema_segmenter import SegmenterSpec
from cxr_dash.inference.verified import read_verified

KERNEL, BIAS = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([10.0, -10.0], np.float32)


def test_versions_that_are_read_and_how_strict_points_are() -> None:
    # what bundles of other versions say, and what "one in ten" flags: both are published
    assert (SCHEMA_VERSION, READ_VERSIONS) == (4, (1, 3, 4))
    assert ONE_IN == {"one_in_20": 20, "one_in_10": 10, "one_in_5": 5}


def test_the_graph_answers_where_there_is_one_and_the_saved_model_otherwise(tmp_path: Path) -> None:
    both = {"serving.tflite": "a" * 64, "model.keras": "b" * 64}
    compiled = Bundle(tmp_path, BundleSpec.model_validate(spec_dict(files=both)))
    saved = Bundle(tmp_path, BundleSpec.model_validate(spec_dict(files={"model.keras": "b" * 64})))
    assert (compiled.serving_path, compiled.serving_sha256) == (tmp_path / "serving.tflite", "a" * 64)
    assert (saved.serving_path, saved.serving_sha256) == (None, "b" * 64)
    assert saved.model_path == tmp_path / "model.keras"


def test_a_card_is_read_where_there_is_one(tmp_path: Path) -> None:
    path = write_bundle(tmp_path)
    assert load_bundle(path).card == ""
    (path / "CARD.md").write_text("Señales", encoding="utf-8")
    assert load_bundle(path).card == "Señales"


def test_a_spec_is_read_alone_with_its_digest_beside_it(tmp_path: Path) -> None:
    path = write_bundle(tmp_path)
    loaded = load_bundle(path)
    assert read_spec(path) == loaded.spec
    assert loaded.digest == bundle_digest((path / "bundle.json").read_bytes())
    assert file_sha256(path / "serving.tflite") == loaded.serving_sha256
    segmenter = write_segmenter(tmp_path)
    assert load_any(segmenter).digest == bundle_digest((segmenter / "bundle.json").read_bytes())
    with pytest.raises(BundleMismatchError, match="must be of a classifier here; lungs is a segmenter"):
        read_spec(segmenter)


def test_an_entry_that_does_not_fit_is_named_by_where_it_stands(tmp_path: Path) -> None:
    table = spec_dict()["operating_points"]
    table[0]["thresholds"]["nodule"] = 2.0
    words = r"schema 1: operating_points\.0\.thresholds\.nodule: .* \(1 problem\(s\) in all\)"
    with pytest.raises(BundleMismatchError, match=words):
        load_bundle(write_bundle(tmp_path, operating_points=table))


@pytest.mark.parametrize("raw", ["[]", "{}", '{"schema_version": null}', '"text"', "7"])
def test_what_has_no_version_is_no_bundle(tmp_path: Path, raw: str) -> None:
    path = write_bundle(tmp_path)
    (path / "bundle.json").write_text(raw)
    with pytest.raises(BundleMismatchError, match="must be one of 1, 3, 4; received None"):
        load_bundle(path)


def test_a_file_is_what_answers_and_both_digests_begin_as_sha256sum_says(tmp_path: Path) -> None:
    file = tmp_path / "models" / "graph"
    file.parent.mkdir()
    file.write_bytes(b"graph")
    digest, other = hashlib.sha256(b"graph").hexdigest(), "0123456789abcdef" * 4
    assert read_verified(file, digest) == read_verified(file, None) == b"graph"
    words = f"models/graph must have sha256 {other[:12]}… when it is loaded; received {digest[:12]}…."
    with pytest.raises(BundleMismatchError, match=re.escape(words)):
        read_verified(file, other)
    with pytest.raises(BundleMismatchError, match="models/gone must be readable; received: No such file"):
        read_verified(file.with_name("gone"), None)


def test_a_head_is_written_read_and_weighs_features(tmp_path: Path) -> None:
    Head(KERNEL, BIAS).write(tmp_path / "head.npz")
    read = Head.read(tmp_path / "head.npz", file_sha256(tmp_path / "head.npz"))
    assert read.logits(np.array([1.0, 10.0, 100.0], np.float32)).tolist() == [430.0, 521.0]
    assert read.logits(np.zeros(3, np.float32)).dtype == np.float32
    with pytest.raises(BundleMismatchError, match="must have sha256"):
        Head.read(tmp_path / "head.npz", "0" * 64)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"kernel": KERNEL, "bias": BIAS[:1]}, r"a kernel \(D, C\) and a bias"),
        ({"kernel": KERNEL[0], "bias": BIAS}, r"a kernel \(D, C\) and a bias"),
        ({"kernel": KERNEL[0], "bias": np.float32(1.0)}, r"a kernel \(D, C\) and a bias"),
        ({"kernel": KERNEL[None], "bias": KERNEL}, r"a kernel \(D, C\) and a bias"),
        ({"kernel": KERNEL}, "must hold the tables kernel and bias"),
        ({"kernel": KERNEL, "bias": np.array([print], object)}, "must hold the tables kernel and bias"),
    ],
)
def test_a_head_that_is_none_is_refused_and_code_in_it_is_not_run(
    tmp_path: Path, tables: dict[str, Any], words: str
) -> None:
    with (tmp_path / "head.npz").open("wb") as stream:
        np.savez(stream, **tables)
    with pytest.raises(BundleMismatchError, match=words):
        Head.read(tmp_path / "head.npz")


class _Segmenters:
    """A pool whose segmenter draws one plane a structure: its number in halves."""

    def segmenter(self, bundle: SegmenterBundle) -> Any:
        rows, columns = bundle.spec.grid
        planes = [np.full((rows, columns), n / 2, np.float32) for n in range(len(bundle.spec.structures))]

        def run(film: Any) -> Any:
            assert film.shape == (32, 32, 1)
            return np.stack(planes)

        return SimpleNamespace(run=run)


@pytest.mark.parametrize("structures", [["lungs"], ["heart", "lungs"]])
def test_each_plane_is_of_the_structure_that_the_bundle_names(tmp_path: Path, structures: list[str]) -> None:
    bundle = SegmenterBundle(tmp_path, SegmenterSpec.model_validate(segmenter_dict(structures=structures)))
    radiograph = Radiograph(np.arange(2400, dtype=np.uint8).reshape(60, 40), 8, "png", "0" * 64)
    field, seen = draw_lungs(radiograph, bundle, cast("Any", _Segmenters()))
    assert np.unique(field.probability).tolist() == [structures.index("lungs") / 2]
    assert (field.heart is None) is ("heart" not in structures)
    assert field.heart is None or np.unique(field.heart).tolist() == [0.0]
    np.testing.assert_array_equal(seen, imaging.prepare(radiograph, bundle.spec.preparation)[..., 0])
    found = find_lungs(radiograph, bundle, cast("Any", _Segmenters()))
    np.testing.assert_array_equal(found.probability, field.probability)
    assert (measure_heart(field, seen, bundle) is None) is (field.heart is None)
    assert isinstance(bundle.spec.preparation, PreparationSpec)


@pytest.mark.parametrize("straighten", [True, False])
def test_a_leaning_film_is_straightened_where_the_spec_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, straighten: bool
) -> None:
    radiograph = Radiograph(np.arange(2400, dtype=np.uint8).reshape(60, 40), 8, "png", "0" * 64)
    field = LungField(np.ones((8, 8), np.float32), imaging.plan_preparation(radiograph, PreparationSpec()))
    monkeypatch.setattr(lungs, "measure_tilt", lambda _: 8.0)
    plan = lungs.plan_with_lungs(radiograph, PreparationSpec(straighten=straighten), field)
    assert (plan.tilt_degrees != 0.0) is straighten


def test_a_tool_of_the_usual_name_is_found_without_reading_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_segmenter(tmp_path)
    write_bundle(tmp_path, "gate")  # a classifier that is called like the tool
    write_bundle(tmp_path, "zgate", kind="gate")
    read: list[str] = []
    original = catalogs.read_bundle

    def noted(folder: Path, name: str) -> Any:
        read.append(name)
        return original(folder, name)

    monkeypatch.setattr(catalogs, "read_bundle", noted)
    catalog = Catalog(tmp_path)
    segmenter = catalog.tool("lungs")
    assert (segmenter and segmenter.id, read) == ("lungs", ["lungs"])
    assert catalog.tool("lungs") is segmenter
    gate = catalog.tool("gate")
    assert gate is not None
    assert (gate.id, sorted(read)) == ("zgate", ["gate", "lungs", "zgate"])
    assert catalog.get("gate").kind == "classifier"
    assert len(read) == 3


def test_a_bundle_that_the_list_does_not_know_is_read_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    path = write_bundle(tmp_path)
    assert Catalog(tmp_path).ids() == ["tiny"]
    assert not caplog.records
    write_digests(tmp_path, {"tiny": bundle_digest((path / "bundle.json").read_bytes())})
    assert Catalog(tmp_path).ids() == ["tiny"]
    assert not caplog.records
    write_digests(tmp_path, {"other": "0" * 64})
    assert Catalog(tmp_path).ids() == ["tiny"]
    assert "bundle tiny is not in DIGESTS: nobody vouches for it" in caplog.text
    write_digests(tmp_path, {"tiny": "0" * 64})
    assert list(Catalog(tmp_path).broken()) == ["tiny"]


def test_a_folder_that_may_not_be_read_is_named_and_the_others_are_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(tmp_path, "good")
    (tmp_path / "locked").mkdir()
    (tmp_path / "file").write_text("")
    original = Path.is_file

    def is_file(path: Path) -> bool:
        if {"locked", "file"} & set(path.parts):
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    monkeypatch.setattr(catalogs, "load_any", _locked)
    catalog = Catalog(tmp_path)
    assert catalogs.bundle_folders(tmp_path) == ["good", "locked"]
    assert "must be readable for the server's user; received: Permission denied" in catalog.broken()["locked"]
    with pytest.raises(BundleNotFoundError, match="'locked' was refused: The files of locked"):
        catalog.get("locked")


def _locked(path: Path) -> Any:
    if path.name == "locked":
        raise PermissionError(13, "Permission denied")
    return load_any(path)


def test_without_a_bundle_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError, match="must be one of: none; received 'x'"):
        Catalog(tmp_path).get("x")
    assert json.dumps(catalogs.bundle_folders(tmp_path / "nowhere")) == "[]"
