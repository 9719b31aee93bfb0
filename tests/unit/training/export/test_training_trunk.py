"""A head on another bundle's features: one run of the trunk's graph answers both, or the export refuses."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from cxr_dash.errors import BundleMismatchError, TrainingError
from cxr_dash.inference.bundle import file_sha256, load_bundle
from cxr_dash.inference.head import HEAD_FILE, Head
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.export.bundle import export_bundle
from training.films.manifest import of_split, read_manifest
from training.films.prepared import prepare_film
from training.fitting.fit import fit
from training.recipe import Recipe

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def trunk_recipe(tiny_recipe) -> Recipe:
    table = tiny_recipe.model_dump(mode="json")
    table["id"] = "tiny-trunk"
    table["preparation"] |= {"height": 64, "width": 64}
    table["data"] |= {"gate_manifest": None}
    table["network"] |= {"name": "mobilenet"}
    table["fit"] |= {"head_epochs": 1, "fine_tune_epochs": 1, "copies": 1, "fine_tune_learning_rate": 1e-3}
    return Recipe.model_validate(table)


@pytest.fixture(scope="module")
def head_recipe(trunk_recipe) -> Recipe:
    table = trunk_recipe.model_dump(mode="json")
    table["id"] = "tiny-head"
    table["data"] |= {"labels": ["effusion"], "any_label": None}
    table["network"] |= {"unfreeze_last": 0, "trunk": "tiny-trunk"}
    table["fit"] |= {"head_epochs": 3, "fine_tune_epochs": 0, "copies": 3}
    table["views"] = {"cutout_probability": 0.0}
    return Recipe.model_validate(table)


@pytest.fixture(scope="module")
def models(trunk_recipe, head_recipe, films_root, tmp_path_factory) -> Path:
    """A folder with the bundle of the trunk, and the run of a head on it beside."""
    root = tmp_path_factory.mktemp("trunk")
    fit(trunk_recipe, films_root, root / "runs" / "trunk")
    _loudly(root / "runs" / "trunk" / "model.keras")
    trunk = export_bundle(root / "runs" / "trunk", root / "models")
    fit(head_recipe, films_root, root / "runs" / "head", weights=str(trunk.model_path))
    return root / "models"


def _loudly(saved: Path) -> None:
    """Random layers make everything they hand on smaller: after 27 of them nothing is left to compare."""
    model = keras.saving.load_model(saved, compile=False)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, *rest = layer.get_weights()
            layer.set_weights([gamma * 6.0, *rest])
    model.save(saved)


def test_one_run_of_the_trunk_answers_the_head_too(models, films_root):
    bundle = export_bundle(models.parent / "runs" / "head", models)
    trunk = load_bundle(models / "tiny-trunk")
    assert bundle.spec.trunk is not None
    assert bundle.spec.trunk.id == "tiny-trunk"
    assert bundle.spec.trunk.sha256 == file_sha256(trunk.serving_path)
    assert HEAD_FILE in bundle.spec.files
    head = Head.read(bundle.path / HEAD_FILE)
    through, alone = LiteRtRuntime(trunk.serving_path), LiteRtRuntime(bundle.serving_path)
    films = of_split(
        read_manifest(films_root / "films" / "manifest.csv", negative_label="no_finding"), "test"
    )
    for film in films[:6]:
        prepared = prepare_film(film.path, bundle.spec.preparation)
        own = alone.run(prepared)
        assert own.embedding.std() > 0.01
        np.testing.assert_allclose(head.logits(through.run(prepared).embedding), own.logits, atol=1e-3)
    assert trunk.spec.trunk is None


def test_a_head_of_other_features_is_not_exported(models, head_recipe, films_root, tmp_path):
    fit(head_recipe, films_root, tmp_path / "head", weights="none")  # on a backbone of its own
    with pytest.raises(TrainingError, match="trunk's features"):
        export_bundle(tmp_path / "head", models, overwrite=True)


def test_a_trunk_that_prepares_films_otherwise_is_refused(models, head_recipe, films_root, tmp_path):
    other = head_recipe.preparation
    changed = head_recipe.model_copy(
        update={"preparation": type(other)(**{**_entries(other), "polarity": "keep"})}
    )
    fit(changed, films_root, tmp_path / "head", weights=str(models / "tiny-trunk" / "model.keras"))
    with pytest.raises(TrainingError, match="must be that of the trunk"):
        export_bundle(tmp_path / "head", models, overwrite=True)


def _entries(spec: object) -> dict[str, object]:
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "network",
    [{"unfreeze_last": 2}, {"unfreeze_last": 0, "dense": [8]}, {"unfreeze_last": 0, "pooling": "flatten"}],
)
def test_a_trunk_is_read_as_it_is_by_one_linear_layer(head_recipe, network):
    table = head_recipe.model_dump(mode="json")
    table["network"] |= network
    with pytest.raises(ValidationError, match=r"network\.trunk"):
        Recipe.model_validate(table)


@pytest.mark.parametrize("content", [b"no archive", None])
def test_a_head_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / HEAD_FILE
    if content is None:
        with path.open("wb") as stream:
            np.savez(stream, kernel=np.zeros((3, 2), np.float32), bias=np.zeros(3, np.float32))
    else:
        path.write_bytes(content)
    with pytest.raises(BundleMismatchError, match=HEAD_FILE):
        Head.read(path)
