"""A segmenter runs compiled and through Keras alike, and training crops films as the app does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_builder import write_bundle
from compiled_networks import Compiled
from segmenter_builder import write_segmenter

from cxr_dash import imaging
from cxr_dash.cli.doctor import examine
from cxr_dash.domain import PreparationSpec
from cxr_dash.errors import BundleMismatchError, TrainingError
from cxr_dash.imaging.turn import turned
from cxr_dash.inference.bundle import load_segmenter
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.lungs import find_lungs, plan_with_lungs
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.settings import Settings
from training.explain.films import read_film
from training.films.lungs import LungBoxes, installed_boxes
from training.films.manifest import Film
from training.films.prepared import prepare_film, prepared_films

SPEC = PreparationSpec(height=40, width=40, region="lungs", region_margin=0.1, window_region="crop")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A network that calls dark lung, saved and compiled."""
    import keras

    from training.segmentation.export import compiled_segmenter

    film = keras.Input((32, 32, 1))
    layer = keras.layers.Conv2D(1, 1, activation="sigmoid")
    model = keras.Model(film, layer(film))
    layer.set_weights([np.full((1, 1, 1, 1), -0.2, np.float32), np.array([20.0], np.float32)])
    path = tmp_path_factory.mktemp("segmenter") / "model.keras"
    model.save(path)
    return {"model.keras": path.read_bytes(), "serving.tflite": compiled_segmenter(model)}


@pytest.fixture
def models(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with the segmenter in it, and that is where everyone looks."""
    folder = tmp_path / "models"
    write_segmenter(folder, content=files["serving.tflite"])
    monkeypatch.setenv("CXR_MODELS_DIR", str(folder))
    return folder


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two dark lungs on a bright film, 160 wide and 128 high."""
    pixels = np.full((128, 160), 200, np.uint8)
    pixels += np.random.default_rng(3).integers(0, 30, pixels.shape, dtype=np.uint8)
    pixels[30:100, 30:70] -= 180
    pixels[30:100, 90:130] -= 180
    path = tmp_path / "film.png"
    path.write_bytes(imaging.encode_png(pixels, {}))
    return path


def test_the_lungs_are_found_where_they_are(models: Path, film: Path) -> None:
    radiograph = imaging.decode(film.read_bytes())
    field = find_lungs(radiograph, load_segmenter(models / "lungs"), RuntimePool())
    assert field.probability.shape == (32, 32)
    mask = imaging.film_mask(field)
    drawn = np.zeros(mask.shape, bool)
    drawn[30:100, 30:70] = drawn[30:100, 90:130] = True
    assert 2 * (mask & drawn).sum() / (mask.sum() + drawn.sum()) > 0.93


def test_keras_and_the_compiled_graph_draw_alike(files: dict[str, bytes], tmp_path: Path, film: Path) -> None:
    radiograph = imaging.decode(film.read_bytes())
    fields = []
    for file, content in files.items():
        path = write_segmenter(tmp_path / file, content=content, file=file)
        runtimes, bundle = RuntimePool(), load_segmenter(path)
        fields.append(find_lungs(radiograph, bundle, runtimes).probability)
        assert runtimes.loaded_ids() == ("lungs",)
    np.testing.assert_allclose(fields[0], fields[1], atol=1e-4)


def test_a_segmenter_whose_answer_is_not_of_the_promised_size_is_refused(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    path = write_segmenter(tmp_path, content=files["serving.tflite"], grid=[16, 16])
    with pytest.raises(BundleMismatchError, match=r"must answer with probabilities of shape \(1, 16, 16\)"):
        RuntimePool().segmenter(load_segmenter(path))


def test_a_graph_of_a_classifier_is_no_segmenter(small: Compiled, tmp_path: Path) -> None:
    path = write_segmenter(tmp_path, content=small.serving_path.read_bytes())
    with pytest.raises(BundleMismatchError, match="give probability"):
        RuntimePool().segmenter(load_segmenter(path))


def test_a_segmenter_runs_without_tensorflow_and_after_a_fork(models: Path, film: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from cxr_dash import imaging
from cxr_dash.inference.bundle import load_segmenter
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool
bundle, runtimes = load_segmenter(Path(sys.argv[1])), RuntimePool()
film = imaging.decode(Path(sys.argv[2]).read_bytes())
find_lungs(film, bundle, runtimes)
child = os.fork()
if not child:
    os._exit(0 if find_lungs(film, bundle, runtimes).probability.shape == (32, 32) else 1)
assert os.waitpid(child, 0)[1] == 0
assert "tensorflow" not in sys.modules
"""
    command = [
        sys.executable,
        "-W",
        "ignore::DeprecationWarning",
        "-c",
        code,
        str(models / "lungs"),
        str(film),
    ]
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"PYTHONPATH": str(Path.cwd())})


@pytest.mark.parametrize("fit", ["letterbox", "centre_crop"])
def test_training_and_serving_make_the_same_pixels_of_a_film_cropped_to_the_lungs(
    models: Path, film: Path, tmp_path: Path, fit: str
) -> None:
    spec = replace(SPEC, fit=fit)
    radiograph = imaging.decode(film.read_bytes())
    segmenter = Catalog(models).tool("lungs")
    assert segmenter is not None
    plan = plan_with_lungs(radiograph, spec, find_lungs(radiograph, segmenter, RuntimePool()))
    served = imaging.apply_preparation(radiograph, plan)
    assert plan.region == "lungs"
    assert plan.crop.width < 130
    assert np.array_equal(prepare_film(film, spec), served)
    assert read_film(film, spec).preparation == plan
    cached = prepared_films([_row(film)], spec, tmp_path / "prepared")
    assert np.array_equal(cached[0], np.rint(served).astype(np.uint8))


def test_training_and_serving_straighten_a_leaning_film_alike(
    models: Path, film: Path, tmp_path: Path
) -> None:
    upright = imaging.decode(film.read_bytes()).pixels.astype(np.float32)
    tall = np.pad(upright, 40, constant_values=215.0)
    film.write_bytes(imaging.encode_png(turned(tall, -9.0, 215.0).astype(np.uint8), {}))
    spec = PreparationSpec(height=40, width=40, crop_borders=False, straighten=True)
    radiograph = imaging.decode(film.read_bytes())
    segmenter = Catalog(models).tool("lungs")
    assert segmenter is not None
    field = find_lungs(radiograph, segmenter, RuntimePool())
    plan = plan_with_lungs(radiograph, spec, field)
    assert plan.tilt_degrees == pytest.approx(9.0, abs=1.5)
    assert plan_with_lungs(radiograph, spec, None).tilt_degrees == 0.0
    served = imaging.apply_preparation(radiograph, plan)
    assert np.array_equal(prepare_film(film, spec), served)
    cached = prepared_films([_row(film)], spec, tmp_path / "prepared")
    assert np.array_equal(cached[0], np.rint(served).astype(np.uint8))
    assert not np.array_equal(served, prepare_film(film, replace(spec, straighten=False)))


def test_boxes_are_kept_beside_prepared_films_for_the_segmenter_that_found_them(
    models: Path, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "prepared"
    first = prepared_films([_row(film)], SPEC, cache)
    (kept,) = cache.glob("lungs-*.json")
    assert kept.name == f"lungs-2-{installed_boxes().sha256[:16]}.json"
    (entry,) = json.loads(kept.read_text(encoding="utf-8")).values()
    fresh = LungBoxes(installed_boxes().bundle)
    fresh.read(cache)
    monkeypatch.setattr("training.films.lungs.find_lungs", _fail)
    radiograph = imaging.decode(film.read_bytes())
    found = fresh.of(radiograph)
    assert found.box is not None
    assert found.box.width == entry["box"]["width"]
    assert found.tilt == entry["tilt"]
    # another segmenter: neither its boxes nor the films cropped with the old ones are taken
    other = tmp_path / "other"
    write_segmenter(other, content=(models / "lungs" / "serving.tflite").read_bytes() + b"\0")
    monkeypatch.setenv("CXR_MODELS_DIR", str(other))
    with pytest.raises(AssertionError, match="looked again"):
        prepared_films([_row(film)], SPEC, cache)
    assert first.shape == (1, 40, 40, 1)


def test_training_on_lungs_without_a_segmenter_says_what_is_missing(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "nothing"))
    for spec in (SPEC, PreparationSpec(straighten=True)):
        with pytest.raises(TrainingError, match="need a segmenter"):
            prepare_film(film, spec)


def test_doctor_tries_the_segmenter(models: Path, tmp_path: Path) -> None:
    settings = Settings(models_dir=models, cache_type="memory", cache_dir=tmp_path / "cache")
    (line,) = [check for check in examine(settings) if check.name == "lungs"]
    assert line.state == "ok"
    assert "lung fields through litert" in line.detail


def _row(path: Path) -> Film:
    return Film(path=path, labels=frozenset(), split="train")


def _fail(*_: Any) -> None:
    raise AssertionError("looked again")


def test_doctor_warns_of_a_model_that_learned_with_another_segmenter(models: Path, tmp_path: Path) -> None:
    write_bundle(models, "tiny", lungs_sha256="a" * 64)
    settings = Settings(models_dir=models, cache_type="memory", cache_dir=tmp_path / "cache")
    found = [check for check in examine(settings) if check.name == "tiny" and check.state == "warn"]
    assert "another segmenter, aaaaaaaaaaaa" in found[0].detail
