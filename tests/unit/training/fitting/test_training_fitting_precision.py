"""What is trained in mixed precision multiplies in bfloat16, and is kept in float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from training.fitting.callbacks import phase_callbacks
from training.fitting.fit import fit
from training.fitting.phases import val_score
from training.fitting.precision import computing_in
from training.fitting.runs import RunFolder
from training.fitting.start import RANDOM
from training.networks import build_network
from training.recipe import FitRecipe, Recipe, SegmenterRecipe, ViewsRecipe, load_any
from training.segmentation.fit import fit_segmenter, val_dice
from training.segmentation.miniature import miniature_recipe, write_masked_miniature
from training.segmentation.network import build_segmenter

FILMS = np.random.default_rng(0).uniform(0, 255, (4, 64, 64, 1)).astype(np.float32)
MIXED = "mixed_bfloat16"


def network(name: str = "small_cnn", **options: Any) -> Any:
    return build_network(
        name, height=64, width=64, labels=2, activation="sigmoid", dropout=0.0, weights=None, **options
    )


def policies(model: Any) -> dict[str, str]:
    return {layer.name: layer.compute_dtype for layer in model.layers}


@pytest.mark.parametrize("name", ["small_cnn", "block_cnn", "xception"])
def test_kernels_compute_in_bfloat16_and_film_and_answer_in_float32(name):
    height = 80 if name == "xception" else 64
    model = build_network(
        name, height=height, width=height, labels=2, activation="sigmoid", dropout=0.0, weights=None
    )
    with computing_in(MIXED, model):
        inside = policies(model)
        kernels = [layer for layer in model.layers if layer.weights and "conv" in layer.name]
        assert kernels
        assert {layer.compute_dtype for layer in kernels} == {"bfloat16"}
        assert {str(weight.dtype) for weight in model.weights} == {"float32"}
        before = list(inside)[: list(inside).index(kernels[0].name)]
        assert {inside[one] for one in (*before, "logits", "probabilities")} == {"float32"}
    assert set(policies(model).values()) == {"float32"}


def test_answers_are_rounded_inside_and_exactly_as_before_outside():
    model = network()
    before = model.predict_on_batch(FILMS)
    with computing_in(MIXED, model):
        rounded = model.predict_on_batch(FILMS)
    np.testing.assert_array_equal(model.predict_on_batch(FILMS), before)
    assert rounded.dtype == np.float32
    assert not np.array_equal(rounded, before)
    # bfloat16 keeps 8 bits: what is multiplied and added up is right to a few hundredths
    np.testing.assert_allclose(rounded, before, atol=0.03)


def test_a_segmenter_answers_in_float32_too():
    loaded = load_any("lungs")
    assert isinstance(loaded, SegmenterRecipe)
    model = build_segmenter(miniature_recipe(loaded).network, height=64, width=64, weights=None)
    with computing_in(MIXED, model):
        inside = [layer.compute_dtype for layer in model.layers]
        assert model.predict_on_batch(FILMS).dtype == np.float32
    assert inside[-3:] == ["float32"] * 3
    assert inside.count("bfloat16") > len(inside) / 2


def test_a_compiled_model_that_measured_before_measures_in_the_precision_inside():
    model, fresh = network(), network()
    fresh.set_weights(model.get_weights())
    truths = np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]
    for one in (model, fresh):
        one.compile("sgd", "mse")
    outside = model.evaluate(FILMS, truths, verbose=0)
    with computing_in(MIXED, model):
        inside = model.evaluate(FILMS, truths, verbose=0)
    with computing_in(MIXED, fresh):
        assert inside == pytest.approx(fresh.evaluate(FILMS, truths, verbose=0), rel=1e-6)
    assert inside != outside
    assert model.evaluate(FILMS, truths, verbose=0) == outside


def test_float32_touches_nothing():
    model = network()
    with computing_in("float32", model):
        assert set(policies(model).values()) == {"float32"}


def test_a_model_whose_training_fails_computes_as_before():
    model = network()
    with pytest.raises(RuntimeError, match="no memory"), computing_in(MIXED, model):
        raise RuntimeError("no memory")
    assert set(policies(model).values()) == {"float32"}


def _in_precision(recipe: Recipe, precision: str, **changes: Any) -> Recipe:
    plan = recipe.fit.model_copy(update={"precision": precision, **changes})
    return recipe.model_copy(update={"fit": FitRecipe.model_validate(plan.model_dump())})


@pytest.mark.thorough
def test_a_run_in_mixed_precision_learns_and_leaves_a_float32_model(tiny_recipe, films_root, tmp_path):
    import keras

    found = {}
    for precision in ("float32", MIXED):
        run = RunFolder(tmp_path / precision)
        record = fit(_in_precision(tiny_recipe, precision), films_root, run.path)
        model = keras.saving.load_model(run.model, compile=False, safe_mode=True)
        found[precision] = record, model
    (full, full_model), (mixed, mixed_model) = found["float32"], found[MIXED]
    assert full.val_macro_auroc > 0.9
    assert mixed.val_macro_auroc > 0.9
    assert {layer.dtype_policy.name for layer in mixed_model.layers} == {"float32"}
    assert mixed_model.to_json() == full_model.to_json()
    kernel = mixed_model.get_layer("logits").kernel.numpy()
    assert not np.array_equal(kernel, full_model.get_layer("logits").kernel.numpy())


@pytest.mark.thorough
@pytest.mark.parametrize("monitor", ["val_loss", "val_macro_auroc"])
def test_an_epoch_has_to_beat_what_the_head_alone_has_in_the_same_precision(
    monitor, tiny_recipe, films_root, tmp_path, monkeypatch
):
    begun = []

    def watched(kept: Any, *rest: Any, baseline: float, **others: Any) -> Any:
        begun.append(({layer.compute_dtype for layer in kept.layers[2:-2]}, baseline))
        return phase_callbacks(kept, *rest, baseline=baseline, **others)

    monkeypatch.setattr("training.fitting.phases.phase_callbacks", watched)
    changes = {"head_epochs": 0, "fine_tune_epochs": 1, "monitor": monitor}
    for precision in ("float32", MIXED):
        fit(_in_precision(tiny_recipe, precision, **changes), films_root, tmp_path / precision)
    (full, full_baseline), (mixed, mixed_baseline) = begun
    assert full == {"float32"}
    assert "bfloat16" in mixed
    # an AUROC of 18 films may be the same
    assert full_baseline == pytest.approx(mixed_baseline, abs=0.1)
    assert monitor != "val_loss" or full_baseline != mixed_baseline


@pytest.mark.thorough
def test_the_kept_figure_is_of_the_float32_model(tiny_recipe, films_root, tmp_path, monkeypatch):
    scored = []

    def watched(tail: Any, *rest: Any) -> float:
        scored.append({layer.compute_dtype for layer in tail.layers})
        return val_score(tail, *rest)

    monkeypatch.setattr("training.fitting.fit.val_score", watched)
    fit(_in_precision(tiny_recipe, MIXED, head_epochs=1, fine_tune_epochs=1), films_root, tmp_path / "run")
    assert scored == [{"float32"}]


@pytest.mark.thorough
def test_a_run_on_views_and_a_segmenter_take_the_precision_too(
    tiny_recipe, films_root, tmp_path, monkeypatch
):
    import keras

    recipe = _in_precision(tiny_recipe, MIXED, head_epochs=0, fine_tune_epochs=1, copies=1)
    fit(recipe.model_copy(update={"views": ViewsRecipe()}), films_root, tmp_path / "views")
    loaded = load_any("lungs")
    assert isinstance(loaded, SegmenterRecipe)
    drawn = miniature_recipe(loaded)
    drawn = drawn.model_copy(update={"fit": drawn.fit.model_copy(update={"precision": MIXED})})
    assert drawn.fit.plan.precision == MIXED
    measured, dice = [], []

    def watched(model: Any, *rest: Any) -> tuple[float, ...]:
        measured.append({layer.compute_dtype for layer in model.layers})
        dice[:] = val_dice(model, *rest)
        return tuple(dice)

    monkeypatch.setattr("training.segmentation.fit.val_dice", watched)
    data = write_masked_miniature(tmp_path / "masks").parent
    record = fit_segmenter(drawn, data, tmp_path / "lungs", weights=RANDOM)
    assert ["bfloat16" in one for one in measured] == [True] * drawn.fit.epochs + [False]
    assert record.val_dice == pytest.approx(sum(dice) / len(dice), abs=1e-5)
    for name in ("views", "lungs"):
        kept = keras.saving.load_model(RunFolder(tmp_path / name).model, compile=False, safe_mode=True)
        assert {layer.dtype_policy.name for layer in kept.layers} == {"float32"}
