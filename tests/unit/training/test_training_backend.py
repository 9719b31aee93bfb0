"""Training on another backend than TensorFlow: the same run, and a bundle like any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.backend import BACKENDS, current_backend, graphics, use_backend, use_device
from training.cli import app
from training.export.bundle import export_bundle
from training.films.manifest import of_split, read_manifest
from training.films.prepared import prepare_film
from training.fitting.data import targets_of
from training.fitting.epoch_log import SCORE, EpochLog
from training.fitting.runs import RunRecord
from training.metrics import macro_auroc

pytestmark = pytest.mark.thorough

FIT = """
import sys
from pathlib import Path
from training.backend import use_backend

use_backend("jax")

from training.fitting.fit import fit
from training.recipe import Recipe

recipe = Recipe.model_validate_json(Path(sys.argv[1]).read_text())
fit(recipe, Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def jax_run(films_root, tiny_recipe, tmp_path_factory) -> Path:
    """A run trained with JAX in a process of its own, a running mean of the weights included."""
    folder = tmp_path_factory.mktemp("jax")
    plan = tiny_recipe.fit.model_copy(
        update={"fine_tune_epochs": 2, "ema_momentum": 0.3, "head_epochs": 1, "copies": 1}
    )
    recipe = tiny_recipe.model_copy(update={"fit": plan, "id": "tiny-jax"})
    (folder / "recipe.json").write_text(recipe.model_dump_json())
    command = [sys.executable, "-c", FIT, str(folder / "recipe.json"), str(films_root), str(folder / "run")]
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "run"


def test_a_run_on_jax_measures_val_as_tensorflow_does_on_the_model_it_keeps(jax_run, films_root):
    record = RunRecord.read(jax_run / "run.json")
    assert record.versions["backend"] == "jax"
    assert "jax" in record.versions
    assert keras.backend.backend() == "tensorflow"
    scores = EpochLog(jax_run / "log.csv").values(SCORE)
    assert len(scores) == 2
    assert max(scores.values()) == pytest.approx(record.val_macro_auroc, abs=1e-4)

    val = of_split(read_manifest(films_root / "films" / "manifest.csv", negative_label="no_finding"), "val")
    films = np.stack([prepare_film(film.path, record.recipe.preparation) for film in val])
    model = keras.saving.load_model(jax_run / "model.keras", compile=False)
    probabilities = model.predict(films.reshape(len(val), 48, 48, 1), verbose=0)
    truths = targets_of(val, record.labels, "finding").astype(float)
    # prepared films are kept as whole grey levels, and features as float16
    assert macro_auroc(probabilities.astype(float), truths) == pytest.approx(record.val_macro_auroc, abs=0.02)


def test_a_run_on_jax_exports_to_a_bundle_that_answers(jax_run, films_root, tmp_path):
    bundle = load_bundle(export_bundle(jax_run, tmp_path).path)
    assert list(bundle.spec.label_keys) == ["effusion", "finding"]
    test = of_split(read_manifest(films_root / "films" / "manifest.csv"), "test")
    film = prepare_film(test[0].path, bundle.spec.preparation)
    answer = LiteRtRuntime(bundle.serving_path).run(film)
    model = keras.saving.load_model(jax_run / "model.keras", compile=False)
    expected = model.predict(film.reshape(1, 48, 48, 1), verbose=0)[0]
    np.testing.assert_allclose(1 / (1 + np.exp(-answer.logits)), expected, atol=1e-3)
    assert bundle.spec.training.versions["backend"] == "jax"


@pytest.mark.parametrize(
    "command",
    [
        ["fit", "quick", "--data", ".", "--backend", "torch"],
        ["search", "quick", "--data", ".", "--grid", "fit.copies=1,2", "--backend", "torch"],
        ["bench", "small_cnn", "--backends", "tensorflow,torch"],
    ],
    ids=lambda command: command[0],
)
def test_a_backend_that_is_not_installed_is_named_with_its_remedy(monkeypatch, command, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.backend.find_spec", lambda name: None if name == "torch" else object())
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "there is no module torch" in result.output
    assert "pip install torch" in result.output
    assert not list(tmp_path.iterdir())


def test_a_backend_cannot_be_changed_once_keras_runs():
    assert current_backend() == "tensorflow"
    with pytest.raises(TrainingError, match="before Keras is imported; it runs on tensorflow"):
        use_backend("jax")
    use_backend("tensorflow")


def test_an_unknown_backend_is_refused_with_the_known_ones():
    with pytest.raises(TrainingError, match=f"one of {', '.join(BACKENDS)}; received 'theano'"):
        use_backend("theano")


@pytest.mark.parametrize(
    "command",
    [["fit", "quick", "--data", "."], ["search", "quick", "--data", ".", "--grid", "fit.copies=1,2"]],
)
def test_a_gpu_that_is_not_there_is_said_before_anything_is_read(monkeypatch, command, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.backend.graphics", list)
    result = CliRunner().invoke(app, [*command, "--device", "gpu"])
    assert result.exit_code == 2
    assert "needs a GPU that tensorflow can compute on; no GPU was found" in result.output
    assert "make setup-gpu" in result.output
    assert not list(tmp_path.iterdir())


def test_the_gpus_that_are_named_are_those_that_keras_computes_on():
    assert len(graphics()) == len(keras.distribution.list_devices("gpu"))


def test_on_the_cpu_no_gpu_is_seen(monkeypatch):
    for name in ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS"):
        monkeypatch.setenv(name, "as it was")
    use_device("cpu")
    assert (os.environ["CUDA_VISIBLE_DEVICES"], os.environ["JAX_PLATFORMS"]) == ("-1", "cpu")


def test_an_unknown_device_is_refused_with_the_known_ones():
    with pytest.raises(TrainingError, match="one of cpu, gpu; received 'tpu'"):
        use_device("tpu")
