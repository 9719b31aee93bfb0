"""Optimizers, losses, schedules, stopping, logs: what a recipe says is what training does."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from cxr_dash.errors import TrainingError
from training.films.manifest import Film
from training.fitting.callbacks import Phase, _finite, _keep
from training.fitting.data import film_weights
from training.fitting.epoch_log import COLUMNS, EpochLog
from training.fitting.fit import _cut, fit
from training.fitting.losses import make_accuracy, make_loss
from training.fitting.optimizers import fine_tune_optimizer, head_optimizer, learning_rate
from training.fitting.runs import RunFolder, RunRecord
from training.networks import NETWORKS, build_network
from training.recipe import FitRecipe, Recipe

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(0, 2, (6, 3)).astype(np.float32)
SEVERAL = (GENERATOR.random((6, 3)) < 0.4).astype(np.float32)
ONE = np.eye(3, dtype=np.float32)[[0, 1, 2, 2, 1, 0]]


def changed(recipe: Recipe, **sections: dict[str, Any]) -> Recipe:
    table = recipe.model_dump(mode="json")
    return Recipe.model_validate(table | {name: table[name] | change for name, change in sections.items()})


def loss_of(recipe: Recipe, truths: np.ndarray, activation: str, **plan: Any) -> np.ndarray:
    made = make_loss(changed(recipe, network={"activation": activation}, fit=plan), truths)
    import keras

    # Keras's own losses give a mean over films, unless they are asked not to
    if isinstance(made, keras.losses.Loss):
        made.reduction = "none"
    return keras.ops.convert_to_numpy(made(truths, LOGITS))


def test_cross_entropy_of_labels_weighs_rare_positive_answers(tiny_recipe):
    made = loss_of(tiny_recipe, SEVERAL, "sigmoid", max_positive_weight=3, label_smoothing=0.1)
    positives = np.maximum(SEVERAL.sum(axis=0), 1)
    weights = np.clip((6 - positives) / positives, 1, 3)
    soft = SEVERAL * 0.9 + 0.05
    expected = -(weights * soft * np.log(expit(LOGITS)) + (1 - soft) * np.log(expit(-LOGITS))).mean(axis=1)
    np.testing.assert_allclose(made, expected, rtol=1e-5)
    assert (weights > 1).any()


def test_cross_entropy_of_classes_smooths_labels(tiny_recipe):
    made = loss_of(tiny_recipe, ONE, "softmax", label_smoothing=0.3)
    expected = -((ONE * 0.7 + 0.1) * log_softmax(LOGITS, axis=1)).sum(axis=1)
    np.testing.assert_allclose(made, expected, rtol=1e-5)


@pytest.mark.parametrize(("activation", "truths"), [("sigmoid", SEVERAL), ("softmax", ONE)])
def test_focal_loss_is_cross_entropy_without_gamma_and_spares_easy_answers_with_it(
    tiny_recipe, activation, truths
):
    plain = loss_of(tiny_recipe, truths, activation)
    np.testing.assert_allclose(
        loss_of(tiny_recipe, truths, activation, loss="focal", focal_gamma=0), plain, rtol=1e-4
    )
    focal = loss_of(tiny_recipe, truths, activation, loss="focal", focal_gamma=2)
    assert (focal < plain).all()
    if activation == "softmax":
        right = (softmax(LOGITS, axis=1) * ONE).sum(axis=1)
        np.testing.assert_allclose(focal, (1 - right) ** 2 * plain, rtol=1e-4)


def test_focal_alpha_shares_the_weight_between_positive_and_negative_answers(tiny_recipe):
    plan = {"loss": "focal", "focal_gamma": 0, "max_positive_weight": 1}
    made = loss_of(tiny_recipe, SEVERAL, "sigmoid", **plan, focal_alpha=0.8)
    share = np.where(SEVERAL == 1, 0.8, 0.2)
    right = np.where(SEVERAL == 1, expit(LOGITS), expit(-LOGITS))
    np.testing.assert_allclose(made, -(share * np.log(right)).mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    ("activation", "truths", "answer"),
    [("sigmoid", SEVERAL, expit(LOGITS)), ("softmax", ONE, softmax(LOGITS, axis=1))],
)
def test_squared_error_is_that_of_probabilities(tiny_recipe, activation, truths, answer):
    made = loss_of(tiny_recipe, truths, activation, loss="mse", max_positive_weight=1)
    np.testing.assert_allclose(made, ((answer - truths) ** 2).mean(axis=1), rtol=1e-4)


def test_accuracy_counts_films_of_the_right_class_or_right_answers(tiny_recipe):
    for activation, truths, expected in (
        ("softmax", ONE, (LOGITS.argmax(axis=1) == ONE.argmax(axis=1)).mean()),
        ("sigmoid", SEVERAL, ((LOGITS > 0) == (SEVERAL == 1)).mean()),
    ):
        metric = make_accuracy(changed(tiny_recipe, network={"activation": activation}))
        metric.update_state(truths, LOGITS)
        assert float(metric.result()) == pytest.approx(expected)


def test_the_default_optimizers_are_adam_for_the_head_and_clipped_adamw_behind_it():
    plan = FitRecipe(weight_decay=0.01, ema_momentum=0.9)
    head, tuned = head_optimizer(plan, 10), fine_tune_optimizer(plan, 10)
    assert (type(head).__name__, head.clipnorm, head.use_ema) == ("Adam", None, False)
    assert (type(tuned).__name__, tuned.clipnorm, tuned.use_ema) == ("AdamW", 1.0, True)
    assert tuned.weight_decay == 0.01


@pytest.mark.parametrize("name", ["adam", "adamw", "adamax", "sgd", "rmsprop"])
def test_every_optimizer_makes_a_loss_smaller(name):
    import keras

    plan = FitRecipe(fine_tune_optimizer=name, fine_tune_learning_rate=0.02, nesterov=True, momentum=0.8)
    optimizer = fine_tune_optimizer(plan, 1)
    assert type(optimizer).__name__.lower() == name
    weight = keras.Variable([3.0])
    for _ in range(5):
        optimizer.apply([2 * weight.value], [weight])
    assert float(weight[0]) < 2.97


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"schedule": "cosine", "final_learning_rate": 0.1}, {0: 1.0, 20: 0.55, 40: 0.1, 50: 0.1}),
        ({"schedule": "exponential", "decay_rate": 0.5}, {0: 1.0, 5: 0.5**0.5, 10: 0.5, 30: 0.125}),
        ({"schedule": "step", "decay_rate": 0.5, "decay_epochs": 2}, {0: 1.0, 19: 1.0, 20: 0.5, 40: 0.25}),
        ({"schedule": "inverse_time", "decay_rate": 2}, {0: 1.0, 5: 0.5, 10: 1 / 3}),
        ({"warmup_epochs": 1}, {0: 0.1, 4: 0.5, 9: 1.0, 10: 1.0, 35: 1.0}),
        ({"schedule": "cosine", "warmup_epochs": 2}, {9: 0.5, 20: 1.0, 30: 0.5, 40: 0.0}),
    ],
)
def test_the_learning_rate_follows_its_schedule_over_batches(entries, expected):
    schedule = learning_rate(FitRecipe(**entries), 1.0, steps=10, epochs=4)
    for step, rate in expected.items():
        assert float(schedule(step)) == pytest.approx(rate, abs=1e-5), step


def test_classes_keep_their_numbers_when_they_are_not_balanced(tmp_path):
    films = [Film(tmp_path, frozenset(), "train", source=source) for source in "xxxyz"]
    targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 0, 1]]
    plan = FitRecipe(balance_classes=False)
    np.testing.assert_allclose(film_weights(films, targets, plan, softmax=True), 1.0)
    by_source = film_weights(
        films, targets, FitRecipe(balance_classes=False, balance_sources=True), softmax=True
    )
    assert by_source[:4].sum() == pytest.approx(4 * by_source[4], rel=1e-5)
    assert by_source[3] == pytest.approx(by_source[0] * math.sqrt(3), rel=1e-5)


def _phase(folder: Path, **changes: Any) -> Phase:
    phase = Phase("fine_tune", 3, "val_loss", EpochLog(folder / "l"), folder / "w", folder / "s")
    return replace(phase, **changes)


def test_a_loss_that_is_not_finite_names_its_epoch(tmp_path):
    guard = _finite(_phase(tmp_path))
    guard.on_epoch_begin(4)
    guard.on_train_batch_end(0, {"loss": 0.3})
    with pytest.raises(TrainingError, match=r"loss became nan in epoch 5 of the phase 'fine_tune'"):
        guard.on_train_batch_end(1, {"loss": math.nan})
    with pytest.raises(TrainingError, match="val_loss became inf"):
        guard.on_epoch_end(4, {"loss": 0.3, "val_loss": math.inf})


class _Weights:
    """Stands for a model whose weights are the number of the epoch."""

    epoch = 0

    def save_weights(self, path: Path) -> None:
        path.write_text(str(self.epoch))


@pytest.mark.parametrize(
    ("monitor", "restore_best", "kept"),
    [("val_loss", True, 2), ("val_accuracy", True, 3), ("val_accuracy", False, 4)],
)
def test_the_kept_epoch_is_the_best_of_what_is_monitored_or_the_last(tmp_path, monitor, restore_best, kept):
    model, phase = _Weights(), _phase(tmp_path, monitor=monitor)
    keep = _keep(model, FitRecipe(restore_best=restore_best), phase, None)
    for epoch, (loss, right) in enumerate([(0.5, 0.5), (0.3, 0.6), (0.4, 0.9), (0.4, 0.9)]):
        model.epoch = epoch + 1
        keep.on_epoch_end(epoch, {"val_loss": loss, "val_accuracy": right})
    assert keep.best_epoch == kept
    assert phase.weights.read_text() == str(kept)


@pytest.fixture(scope="module")
def unusual(films_root, tiny_recipe, tmp_path_factory) -> RunFolder:
    """A run in which hardly an entry is at its default."""
    recipe = changed(
        tiny_recipe,
        network={"normalisation": "featurewise"},
        fit={
            "head_epochs": 2,
            "fine_tune_epochs": 3,
            "head_optimizer": "sgd",
            "fine_tune_optimizer": "rmsprop",
            "fine_tune_learning_rate": 0.001,
            "loss": "focal",
            "schedule": "cosine",
            "warmup_epochs": 1,
            "monitor": "val_loss",
            "head_monitor": "val_accuracy",
        },
    )
    run = RunFolder(tmp_path_factory.mktemp("unusual") / "run")
    told: list[tuple[int, float]] = []
    fit(recipe, films_root, run.path, tensorboard=True, on_epoch=lambda *entry: told.append(entry))
    scores = EpochLog(run.log).values("val_macro_auroc")
    assert dict(told) == pytest.approx(scores)
    return run


def test_both_phases_log_every_column_of_every_epoch(unusual):
    for log, phase, epochs in ((unusual.head_log, "head", 2), (unusual.log, "fine_tune", 3)):
        rows = EpochLog(log).rows()
        assert [(row["phase"], int(row["epoch"])) for row in rows] == [(phase, n) for n in range(epochs)]
        for row in rows:
            assert tuple(row) == COLUMNS
            assert all(math.isfinite(float(row[name])) for name in COLUMNS if name != "phase")
            assert 0 <= float(row["accuracy"]) <= 1
            assert float(row["seconds"]) > 0
    rates = EpochLog(unusual.log).values("learning_rate")
    assert rates[1] == pytest.approx(0.001, rel=0.01)
    assert rates[3] == pytest.approx(0.0, abs=1e-6)


def test_the_record_says_how_large_long_and_good_the_run_was(unusual):
    record, log = RunRecord.read(unusual.record), EpochLog(unusual.log)
    losses = log.values("val_loss")
    assert record.best_epoch in (0, min(losses, key=lambda epoch: losses[epoch]))
    assert record.best_val_loss == min(losses.values())
    assert record.best_val_accuracy == max(log.values("val_accuracy").values())
    assert (record.epochs, record.head_epochs) == (5, 2)
    assert 0 < record.seconds <= record.minutes * 60 + 6
    # moving statistics and the film's mean and variance are not trained
    assert 0 < record.trainable_parameters < record.parameters


def test_tensorboard_has_the_scores_of_every_epoch(unusual):
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(unusual.events / "fine_tune" / "validation"), {"tensors": 0}).Reload()
    logged = events.Tensors("epoch_macro_auroc")
    assert [entry.step for entry in logged] == [0, 1, 2]
    values = [float(tf.make_ndarray(entry.tensor_proto)) for entry in logged]
    assert values == pytest.approx(list(EpochLog(unusual.log).values("val_macro_auroc").values()))


def test_featurewise_normalisation_is_that_of_the_train_films_and_stays_in_the_model(unusual):
    import keras

    model = keras.saving.load_model(unusual.model, compile=False, safe_mode=True)
    films = np.load(unusual.cache / "train.npy")[0].astype(np.float32)
    scaled = keras.ops.convert_to_numpy(model.get_layer("scale")(films))
    assert scaled.mean() == pytest.approx(0, abs=1e-3)
    assert scaled.std() == pytest.approx(1, abs=1e-3)


def test_the_last_blocks_are_those_behind_a_cut_of_the_registry(tiny_recipe):
    recipe = changed(tiny_recipe, network={"name": "mobilenet", "unfreeze_last_blocks": 2})
    model = build_network(
        "mobilenet", height=32, width=32, labels=1, activation="sigmoid", dropout=0.0, weights=None
    )
    _cut(model, recipe)
    start = model.layers.index(model.get_layer(NETWORKS["mobilenet"].cuts[-2]))
    assert not any(layer.trainable for layer in model.layers[1:start])
    assert all(layer.trainable for layer in model.layers[start:])


def test_a_record_of_an_earlier_version_still_loads(unusual, tmp_path):
    table = json.loads(unusual.record.read_text())
    for name in ("parameters", "trainable_parameters", "epochs", "head_epochs", "seconds", "best_val_loss"):
        del table[name]
    for name in set(table["recipe"]["fit"]) - {"batch_size", "copies", "patience"}:
        del table["recipe"]["fit"][name]
    old = tmp_path / "run.json"
    old.write_text(json.dumps(table))
    record = RunRecord.read(old)
    assert (record.parameters, record.seconds, record.best_val_loss) == (0, 0.0, None)
    assert record.recipe.fit.fine_tune_optimizer == "adamw"


def test_phase_two_may_end_before_its_schedule_does(tiny_recipe, tmp_path):
    whole = tiny_recipe.fit.model_copy(update={"schedule": "cosine", "fine_tune_epochs": 8})
    early = whole.model_copy(update={"stop_after": 3})
    phases = {
        name: RunFolder(tmp_path).phases(tiny_recipe.model_copy(update={"fit": plan}))["fine_tune"].epochs
        for name, plan in (("whole", whole), ("early", early))
    }
    assert phases == {"whole": 8, "early": 3}
    rates = [fine_tune_optimizer(plan, 10).learning_rate for plan in (whole, early)]
    assert float(rates[0]) == float(rates[1])
    later = [
        float(learning_rate(plan, 1e-3, steps=10, epochs=plan.fine_tune_epochs)(25))
        for plan in (whole, early)
    ]
    assert later[0] == later[1], "the schedule is that of the epochs it was laid out for"
