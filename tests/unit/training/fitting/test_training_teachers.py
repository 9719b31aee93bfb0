"""Teachers: what finished runs say of the train films has its share beside the labels."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from cxr_dash.errors import TrainingError
from training.fitting.fit import fit
from training.fitting.runs import RunFolder
from training.fitting.views.answers import Answers
from training.fitting.views.fit import between
from training.fitting.views.teachers import taught, teacher_logits
from training.networks import build_network
from training.recipe import Recipe

pytestmark = pytest.mark.thorough

FILMS = 80


@pytest.fixture(scope="module")
def bright() -> np.ndarray:
    """Films of one grey each, the first half darker."""
    greys = np.concatenate([np.linspace(20, 90, FILMS // 2), np.linspace(110, 230, FILMS // 2)])
    return np.tile(greys.astype(np.uint8)[:, None, None, None], (1, 16, 16, 1))


@pytest.fixture(scope="module")
def runs(films_root, tiny_recipe, tmp_path_factory) -> Path:
    """A finished run whose logit of effusion is how bright a film is, and that answers a second label."""
    folder = tmp_path_factory.mktemp("runs")
    fit(tiny_recipe, films_root, folder / "bright")
    inputs = keras.Input((16, 16, 1))
    grey = keras.layers.GlobalAveragePooling2D()(inputs)
    logits = keras.layers.Dense(2, name="logits", kernel_initializer="ones")(grey)
    run = RunFolder(folder / "bright")
    keras.Model(inputs, logits).save(run.model)
    record = json.loads(run.record.read_text(encoding="utf-8")) | {"labels": ["effusion", "finding"]}
    run.record.write_text(json.dumps(record), encoding="utf-8")
    return folder


def _answers(open_rows: slice = slice(0, 0)) -> Answers:
    truth = np.zeros((FILMS, 2), np.float32)
    truth[FILMS // 2 :] = 1.0
    truth[[5, -5]] = 1.0 - truth[[5, -5]]  # a wrong label on either side
    weights = np.ones((FILMS, 2), np.float32)
    weights[open_rows] = 0.0
    truth[open_rows] = 0.0
    return Answers(truth, weights)


def test_teachers_pull_a_wrong_label_towards_what_they_see(bright, runs):
    before = _answers()
    after = taught(before, bright, ["effusion", "mass"], ["bright"], weight=0.5, runs=runs)
    np.testing.assert_array_equal(after.targets[:, 1], before.targets[:, 1], "nobody teaches mass")
    np.testing.assert_array_equal(after.weights, before.weights)
    effusion = after.targets[:, 0]
    assert ((effusion >= 0.5) == (before.targets[:, 0] > 0)).all(), "half of a target is the label's own"
    assert 0.5 < effusion[5] < 0.75, "called ill, and dark"
    assert 0.25 < effusion[-5] < 0.5, "called healthy, and bright"
    alone = taught(before, bright, ["effusion", "mass"], ["bright"], weight=1.0, runs=runs)
    assert (np.diff(alone.targets[:, 0]) >= 0).all(), "a teacher alone orders the films as it sees them"
    assert alone.targets[:, 0].mean() == pytest.approx(before.targets[:, 0].mean(), abs=0.02)


def test_open_answers_stay_open_and_a_teacher_named_twice_alone_is_the_same(bright, runs):
    before = _answers(slice(10, 20))
    once = taught(before, bright, ["effusion", "finding"], ["bright"], weight=0.5, runs=runs)
    twice = taught(before, bright, ["effusion", "finding"], ["bright", "bright"], weight=0.5, runs=runs)
    assert (once.targets[10:20] == 0).all()
    assert (once.weights[10:20] == 0).all()
    np.testing.assert_allclose(once.targets, twice.targets, atol=1e-6)


def test_teachers_are_finished_runs_that_know_a_label(bright, runs, tmp_path):
    with pytest.raises(TrainingError, match=r"finished runs beside this one; absent is none"):
        teacher_logits(RunFolder(runs / "absent"), bright)
    with pytest.raises(TrainingError, match=r"one of the recipe's labels; bright has none"):
        taught(_answers(), bright, ["mass", "nodule"], ["bright"], weight=0.5, runs=runs)


@pytest.mark.parametrize("entry", [{"teachers": ["bright"]}, {"interpolation": 0.5}])
def test_a_head_alone_has_no_teachers_and_lies_nowhere_between(tiny_recipe, entry):
    table = tiny_recipe.model_dump(mode="json")
    table["network"] |= {"unfreeze_last": 0, "fine_tune_after": None}
    table["fit"] |= {"fine_tune_epochs": 0}
    table["views"] = {**entry, "smallest_side": 24}
    with pytest.raises(ValidationError, match=r"more than the head"):
        Recipe.model_validate(table)


def test_a_model_lies_between_what_its_run_began_with_and_came_to(
    films_root, tiny_recipe, tmp_path, monkeypatch
):
    plan = {"height": 32, "width": 32, "activation": "sigmoid", "dropout": 0.0, "weights": None}
    before = RunFolder(tmp_path / "before")
    before.path.mkdir()
    build_network("mobilenet", labels=2, **plan).save(before.model)
    before.record.write_text(json.dumps({"labels": ["effusion", "finding"]}), encoding="utf-8")
    table = tiny_recipe.model_dump(mode="json")
    table["network"] |= {"name": "mobilenet", "fine_tune_after": "conv_pw_11_relu"}
    table["preparation"] |= {"height": 32, "width": 32}
    table["fit"] |= {"head_epochs": 0, "fine_tune_epochs": 1, "copies": 1, "batch_size": 16}
    table["views"] = {"interpolation": 0.25, "smallest_side": 24, "consistency": 0.0}
    seen = []
    monkeypatch.setattr(
        "training.fitting.views.fit.between", lambda *given: seen.append(given) or between(*given)
    )
    recipe = Recipe.model_validate(table)
    fit(recipe, films_root, tmp_path / "after", weights=str(before.model))
    ((begun, came_to, share),) = seen
    old, new = (
        [weights for layer in model.layers[-8:] for weights in layer.get_weights()]
        for model in (
            keras.saving.load_model(before.model, compile=False),
            keras.saving.load_model(tmp_path / "after" / "model.keras", compile=False),
        )
    )
    assert share == 0.25
    assert any((start != end).any() for start, end in zip(begun, came_to, strict=True))
    for start, end, first, part in zip(begun[-len(old) :], came_to[-len(old) :], old, new, strict=True):
        np.testing.assert_array_equal(first, start)
        np.testing.assert_allclose(part, start + 0.25 * (end - start), atol=1e-6)
    with pytest.raises(TrainingError, match=r"needs a run to go on from"):
        fit(recipe, films_root, tmp_path / "alone", weights="none")


def test_a_run_learns_from_a_teacher_beside_it(films_root, tiny_recipe, tmp_path):
    fit(tiny_recipe, films_root, tmp_path / "teacher")
    table = tiny_recipe.model_dump(mode="json")
    table["views"] = {"teachers": ["teacher"], "teacher_weight": 0.5, "smallest_side": 24, "consistency": 0.0}
    table["fit"] |= {"head_epochs": 0, "fine_tune_epochs": 4, "batch_size": 16}
    record = fit(Recipe.model_validate(table), films_root, tmp_path / "student")
    assert record.val_macro_auroc > 0.8
