"""A bundle is read whole or refused with a reason and a remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bundle_builder import spec_dict, write_bundle

from cxr_dash.errors import BundleError, BundleMismatchError, BundleNotFoundError, LabelNotFoundError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.catalog import Catalog


def _edit(path: Path, **changes: Any) -> None:
    spec = json.loads((path / "bundle.json").read_text(encoding="utf-8"))
    (path / "bundle.json").write_text(json.dumps(spec | changes), encoding="utf-8")


def test_a_valid_bundle_loads_with_its_labels_in_order(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path))
    assert bundle.spec.label_keys == ["effusion", "nodule"]
    assert bundle.label_index("nodule") == 1
    assert bundle.serving_path == tmp_path / "tiny" / "serving.tflite"
    assert bundle.spec.operating_point().thresholds["nodule"] == 0.4


def test_an_unknown_label_is_refused_with_the_labels_there_are(tmp_path: Path) -> None:
    with pytest.raises(LabelNotFoundError, match="effusion, nodule"):
        load_bundle(write_bundle(tmp_path)).label_index("hernia")


def test_a_folder_without_a_spec_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError, match="training export"):
        load_bundle(tmp_path)


def test_a_changed_file_is_refused_by_its_hash(tmp_path: Path) -> None:
    path = write_bundle(tmp_path)
    (path / "serving.tflite").write_bytes(b"tampered")
    with pytest.raises(BundleMismatchError, match=r"sha256 .* received .* copy or export"):
        load_bundle(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = write_bundle(tmp_path)
    (path / "serving.tflite").unlink()
    with pytest.raises(BundleMismatchError, match=r"must contain serving\.tflite"):
        load_bundle(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "`schema_version` of tiny must be one of 1, 3, 4; received 2"),
        ({"id": "other"}, "must equal the folder's name 'tiny'; received 'other'"),
        ({"activation": "tanh"}, "activation"),
        ({"default_operating_point": "missing"}, "must be one of .*balanced.*; received 'missing'"),
        ({"heat_reference": {"effusion": 1.0}}, "`heat_reference` must have one entry per label"),
        ({"labels": []}, "non-empty with unique keys"),
        ({"surprise": 1}, "surprise"),
        (
            {"preparation": {"height": 0, "width": 64}},
            "`height` and `width` must be 1 to 4096; received 0, 64",
        ),
        ({"preparation": {"height": 64, "width": 10**9}}, "must be 1 to 4096"),
        ({"preparation": {"window_low_percentile": float("nan")}}, "should be a finite number"),
        ({"preparation": {"window_low_percentile": 99.9}}, "percentiles must be"),
        ({"preparation": {"polarity": "Auto"}}, "`polarity` must be auto or keep; received 'Auto'"),
        ({"preparation": {"pad_value": 300.0}}, "`pad_value` must be 0 to 255"),
        ({"heat_reference": {"effusion": 1.0, "nodule": float("nan")}}, "heat_reference"),
        ({"cam_grid": [0, 2]}, "cam_grid"),
        ({"operating_points": spec_dict()["operating_points"] * 2}, "unique keys; received .*balanced"),
        ({"files": {}}, r"must name model\.keras or serving\.tflite"),
        ({"files": {"../x": "0" * 64, "serving.tflite": "0" * 64}}, "own folder"),
    ],
)
def test_a_spec_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write_bundle(tmp_path)
    _edit(path, **changes)
    with pytest.raises(BundleError, match=message) as caught:
        load_bundle(path)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mean": [0.0]}, "components of `embedding_size` 3; received lengths"),
        ({"components": []}, "0 components"),
        ({"components": [[1.0, 0.0]]}, "received lengths"),
        ({"variances": [1.0, 1.0]}, "must be one per component, 1; received 2"),
        ({"variances": [0.0]}, "must be above 0"),
        ({"residual_variance": 0.0}, "must be above 0"),
        ({"warn_above": 3.0}, "0 < warn_above <= reject_above"),
        ({"reject_above": float("nan")}, "reject_above"),
    ],
)
def test_a_gate_that_could_not_judge_a_film_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    gate = {
        "mean": [0.0] * 3,
        "components": [[1.0, 0.0, 0.0]],
        "variances": [1.0],
        "residual_variance": 1.0,
        "warn_above": 1.0,
        "reject_above": 2.0,
        "fitted_on": "train",
        "measured": "nothing",
    }
    path = write_bundle(tmp_path)
    _edit(path, out_of_distribution=gate)
    assert load_bundle(path).spec.out_of_distribution
    _edit(path, out_of_distribution=gate | changes)
    with pytest.raises(BundleMismatchError, match=message):
        load_bundle(path)


def test_held_out_scores_and_truths_must_have_the_same_length(tmp_path: Path) -> None:
    held = spec_dict()["held_out"]
    held[0]["truths"]["nodule"] = [1]
    path = write_bundle(tmp_path)
    _edit(path, held_out=held)
    with pytest.raises(BundleMismatchError, match="as many probabilities as truths"):
        load_bundle(path)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b"[" * 100_000])
def test_a_spec_that_is_not_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = write_bundle(tmp_path)
    (path / "bundle.json").write_bytes(content)
    with pytest.raises(BundleMismatchError):
        load_bundle(path)


def test_the_catalog_keeps_the_good_bundles_and_names_the_bad(tmp_path: Path) -> None:
    write_bundle(tmp_path, "good")
    bad = write_bundle(tmp_path, "bad")
    (bad / "serving.tflite").write_bytes(b"tampered")
    (tmp_path / "notes").mkdir()
    catalog = Catalog(tmp_path)
    assert catalog.ids() == ["good"]
    assert list(catalog.broken()) == ["bad"]
    with pytest.raises(BundleNotFoundError, match="refused"):
        catalog.get("bad")
    with pytest.raises(BundleNotFoundError, match="must be one of: good"):
        catalog.get("absent")


def test_the_default_falls_back_to_the_first_bundle_there_is(tmp_path: Path) -> None:
    write_bundle(tmp_path, "b")
    write_bundle(tmp_path, "a")
    assert Catalog(tmp_path).default_id("b") == "b"
    assert Catalog(tmp_path).default_id("gone") == "a"
    with pytest.raises(BundleNotFoundError, match="at least one usable bundle"):
        Catalog(tmp_path / "nowhere").default_id("b")
