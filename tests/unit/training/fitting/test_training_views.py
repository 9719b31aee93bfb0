"""Training on views: what is drawn, what is left open, what two views and a box add, and a whole run."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from pydantic import ValidationError

from cxr_dash.errors import TrainingError
from training.films.boxes import Region
from training.films.manifest import Film, read_manifest
from training.films.of_recipe import choose_labels, read_films
from training.fitting.fit import fit
from training.fitting.runs import RunFolder, RunRecord
from training.fitting.views.answers import Answers, answers_of, balanced_by_source, macro_auroc
from training.fitting.views.batches import fresh_views, kept_views, view_batches
from training.fitting.views.cache import cached_views
from training.fitting.views.draw import change_tone, draw_view, lose_resolution, plain_view
from training.fitting.views.fit import AUXILIARY, take_over_head, without_auxiliary
from training.fitting.views.losses import open_cross_entropy
from training.networks import build_network
from training.recipe import Recipe, ViewsRecipe

STILL = ViewsRecipe(
    rotation_degrees=0,
    shift=0,
    zoom=0,
    aspect=0,
    tone_probability=0,
    equalise_probability=0,
    clahe_probability=0,
    shrink_probability=0,
    jpeg_probability=0,
    noise=0,
    frame_probability=0,
    marker_probability=0,
    cutout_probability=0,
)


@pytest.fixture
def film() -> np.ndarray:
    smooth = cv2.GaussianBlur(np.random.default_rng(1).random((64, 64)), (0, 0), 6)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def test_a_view_that_changes_nothing_is_the_film(film):
    view = draw_view(film, (64, 64), STILL, np.random.default_rng(0))
    assert (view.pixels == film).all()
    np.testing.assert_allclose(view.moved, [[1, 0, 0], [0, 1, 0]], atol=1e-12)


def test_the_same_state_gives_the_same_view_and_another_state_another(film):
    recipe = ViewsRecipe()
    drawn = [draw_view(film, (48, 48), recipe, np.random.default_rng(seed)).pixels for seed in (5, 5, 6)]
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


@pytest.mark.parametrize("seed", range(6))
def test_a_place_on_the_film_is_found_on_the_view(seed):
    """A bright spot lies in the view where the view's own table says that it lies."""
    film = np.zeros((96, 80), np.uint8)
    cv2.circle(film, (50, 30), 3, 255, -1)
    recipe = STILL.model_copy(update={"rotation_degrees": 20.0, "shift": 0.1, "zoom": 0.15, "aspect": 0.15})
    view = draw_view(film, (120, 120), recipe, np.random.default_rng(seed))
    x, y = view.moved @ np.array([50.5 / 80, 30.5 / 96, 1.0])
    rows, columns = np.nonzero(view.pixels > 100)
    assert columns.mean() + 0.5 == pytest.approx(x * 120, abs=0.6)
    assert rows.mean() + 0.5 == pytest.approx(y * 120, abs=0.6)


def test_other_tones_keep_the_order_of_the_levels(film):
    recipe = STILL.model_copy(update={"tone_probability": 1.0, "equalise_probability": 1.0})
    ramp = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
    for seed in range(20):
        toned = change_tone(ramp, recipe, np.random.default_rng(seed))[0].astype(int)
        assert (np.diff(toned) >= 0).all()


def test_a_film_that_loses_resolution_keeps_its_size_and_its_grey(film):
    for seed in range(12):
        blurred = lose_resolution(film, ViewsRecipe(smallest_side=16), np.random.default_rng(seed))
        assert blurred.shape == film.shape
        assert blurred.mean() == pytest.approx(film.mean(), abs=4)


def test_a_plain_view_is_the_film_at_the_networks_size(film):
    assert plain_view(film, (64, 64)) is film
    assert plain_view(film, (32, 32)).mean() == pytest.approx(film.mean(), abs=0.6)


def a_film(labels: set[str], source: str = "a", answers: set[str] | None = None) -> Film:
    return Film(
        Path("x.png"), frozenset(labels), "train", source, answers=frozenset(answers) if answers else None
    )


def test_labels_that_a_film_says_nothing_of_are_left_open(tiny_recipe):
    data = tiny_recipe.data.model_copy(update={"auxiliary": ["tuberculosis"]})
    recipe = tiny_recipe.model_copy(update={"data": data})
    films = [a_film({"effusion"}), a_film({"tuberculosis"}, "b", {"tuberculosis", "finding"})]
    labels = ["effusion", "mass", "finding", "tuberculosis"]
    answers = answers_of(films, labels, recipe, balanced=False)
    assert answers.targets.tolist() == [[1, 0, 1, 0], [0, 0, 1, 1]]
    assert answers.weights.tolist() == [[1, 1, 1, 0], [0, 0, 1, 1]]


def test_under_the_weights_a_label_is_as_frequent_in_each_source():
    rng = np.random.default_rng(0)
    sources = ["a"] * 400 + ["b"] * 600
    targets = np.concatenate([rng.random(400) < 0.5, rng.random(600) < 0.2]).astype(np.float32)[:, None]
    weights = balanced_by_source(targets, np.ones((1000, 1), bool), sources)
    shares = [
        (targets[rows] * weights[rows]).sum() / weights[rows].sum() for rows in (slice(400), slice(400, None))
    ]
    assert shares[0] == pytest.approx(targets.mean(), abs=1e-3)
    assert shares[1] == pytest.approx(targets.mean(), abs=1e-3)


def test_a_source_that_has_one_answer_only_teaches_it_to_nobody():
    targets = np.array([[1.0]] * 20 + [[0.0]] * 20 + [[1.0]] * 20, np.float32)
    weights = balanced_by_source(targets, np.ones((60, 1), bool), ["ill"] * 20 + ["both"] * 40)
    assert (weights[:20] == 0).all()
    assert (weights[20:] > 0).all()


def test_the_score_compares_films_of_one_source_only():
    targets = np.array([[1], [0], [1], [0]], np.float32)
    logits = np.array([[2.0], [1.0], [9.0], [8.0]])
    answers = Answers(targets, np.ones_like(targets))
    assert macro_auroc(logits, answers, ["a", "a", "b", "b"]) == 1.0
    assert macro_auroc(logits, answers, ["a", "a", "a", "a"]) == 0.75
    open_ = Answers(targets, np.array([[1], [1], [0], [0]], np.float32))
    assert macro_auroc(logits, open_, ["a"] * 4) == 1.0


def test_an_open_answer_costs_nothing_and_the_rest_is_cross_entropy():
    logits = np.array([[0.3, -2.0], [4.0, 0.5]], np.float32)
    truth = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    weights = np.array([[1.0, 0.0], [2.0, 1.0]], np.float32)
    stacked = np.concatenate([truth, weights], axis=1)
    lost = np.asarray(open_cross_entropy()(stacked, keras.ops.convert_to_tensor(logits)))
    p = 1 / (1 + np.exp(-logits))
    entropy = -(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    np.testing.assert_allclose(lost, (weights * entropy).mean(axis=1), rtol=1e-5)


def test_a_batch_holds_two_views_of_each_film_and_boxes_move_with_them():
    pixels = np.zeros((6, 64, 64, 1), np.uint8)
    for row in range(6):
        pixels[row, 8:24, 32:48] = 40 * (row + 1)
    answers = Answers(np.eye(6, 2, dtype=np.float32), np.ones((6, 2), np.float32))
    places = {row: {1: [Region(0.5, 0.125, 0.75, 0.375)]} for row in range(6)}
    recipe = STILL.model_copy(update={"shift": 0.2})
    draw = fresh_views(pixels, (64, 64), recipe)
    batches = view_batches(draw, answers, recipe, batch_size=4, seed=2, places=places, grid=(64, 64))
    assert len(batches) == 3
    (films, shares), stacked = batches[0]
    assert films.shape == (4, 64, 64, 1)
    assert stacked.shape == (4, 4)
    assert (stacked[:2] == stacked[2:]).all(), "the second half is of the same films"
    assert (films[:2] != films[2:]).any()
    assert films[0].max() == pytest.approx(films[2].max(), abs=2)
    for film, share in zip(films, shares, strict=True):
        assert share[..., 0].max() == 0
        inside = share[..., 1] > 0.9
        assert film[..., 0][inside].min() > 0.9 * film.max()
        assert inside.sum() == pytest.approx(15 * 15, abs=35)


def test_an_epoch_draws_anew_and_one_that_goes_on_draws_the_same():
    pixels = np.random.default_rng(0).integers(0, 255, (8, 32, 32, 1)).astype(np.uint8)
    answers = Answers(np.zeros((8, 1), np.float32), np.ones((8, 1), np.float32))
    plan = {"batch_size": 4, "seed": 1}
    draw = fresh_views(pixels, (32, 32), ViewsRecipe())
    whole = view_batches(draw, answers, ViewsRecipe(), **plan)
    first = whole[0][0]
    whole.on_epoch_end()
    second = whole[0][0]
    assert (first != second).any()
    later = view_batches(draw, answers, ViewsRecipe(), first_epoch=1, **plan)
    assert (later[0][0] == second).all()


@pytest.fixture(scope="module")
def two_hospitals(films_root, tmp_path_factory) -> Path:
    """The drawn films, and a second manifest whose films answer one label of their own."""
    root = tmp_path_factory.mktemp("hospitals")
    shutil.copytree(films_root / "films", root / "films")
    shutil.copytree(films_root / "gate", root / "gate")
    shutil.copytree(films_root / "films", root / "other")
    with (root / "other" / "manifest.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (root / "other" / "manifest.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "twin"])
        writer.writeheader()
        for index, row in enumerate(rows):
            sick = "Tuberculosis" if row["labels"] == "Effusion" else "Normal"
            # the patient of rows 0 and 1 has a twin elsewhere, and row 3's patient is torn
            split = "test" if index == 3 else row["split"]
            writer.writerow(
                row | {"labels": sick, "source": "other", "split": split, "twin": "yes" if index == 0 else ""}
            )
    return root


@pytest.fixture(scope="module")
def open_recipe(tiny_recipe) -> Recipe:
    table = tiny_recipe.model_dump(mode="json")
    table["id"] = "tiny-views"
    table["data"] |= {
        "auxiliary": ["tuberculosis"],
        "further": [
            {
                "manifest": "other/manifest.csv",
                "answers": ["tuberculosis", "finding"],
                "rename": {"normal": "no_finding"},
                "leave_out": {"twin": ["yes"]},
            }
        ],
    }
    table["views"] = {"side": 40, "cutout_probability": 0.0, "smallest_side": 24}
    table["fit"] |= {"head_epochs": 0, "fine_tune_epochs": 6, "batch_size": 16, "ema_momentum": 0.5}
    table["sources"] |= {"other": {"title": "Drawings", "population": "nobody", "licence": "MIT"}}
    return Recipe.model_validate(table)


def test_films_of_a_further_manifest_leave_out_whole_patients(two_hospitals, open_recipe):
    films = read_films(open_recipe.data, two_hospitals / "films" / "manifest.csv")
    other = [film for film in films if film.source == "other"]
    names = {film.path.name for film in other}
    assert names.isdisjoint({"0.png", "1.png", "2.png", "3.png"})
    assert {film.split for film in other} == {"train"}
    assert {film.answers for film in other} == {frozenset({"tuberculosis", "finding"})}
    assert {tuple(film.labels) for film in other} == {(), ("tuberculosis",)}
    labels, _ = choose_labels(films, open_recipe.data)
    assert labels == ["effusion", "finding"], "auxiliary labels are no answers"
    with pytest.raises(TrainingError, match="one split"):
        read_manifest(two_hospitals / "other" / "manifest.csv")


def test_a_run_on_views_learns_goes_on_after_a_stop_and_keeps_the_auxiliary_head(
    two_hospitals, open_recipe, tmp_path
):
    data = two_hospitals
    record = fit(open_recipe, data, tmp_path / "whole")
    assert record.labels == ["effusion", "finding"]
    assert record.val_macro_auroc > 0.8
    model = keras.saving.load_model(tmp_path / "whole" / "model.keras", compile=False)
    assert model.output.shape == (None, 2)
    assert model.input.shape == (None, 40, 40, 1)
    with np.load(tmp_path / "whole" / AUXILIARY) as rest:
        assert rest["labels"].tolist() == ["tuberculosis"]
        assert rest["kernel"].shape[1] == 1

    class KilledError(Exception):
        pass

    def kill(epoch: int, _: float) -> None:
        if epoch == 3:
            raise KilledError

    with pytest.raises(KilledError):
        fit(open_recipe, data, tmp_path / "broken", on_epoch=kill)
    again = fit(open_recipe, data, tmp_path / "broken", resume=True)
    assert again.val_macro_auroc == pytest.approx(record.val_macro_auroc, abs=1e-6)
    assert RunRecord.read(tmp_path / "broken" / "run.json").epochs == 6


def test_a_head_goes_on_from_a_run_without_auxiliary_labels(tmp_path):
    plan = {"height": 32, "width": 32, "activation": "sigmoid", "dropout": 0.0, "weights": None}
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    earlier, later, other = (build_network("small_cnn", labels=labels, **plan) for labels in (2, 2, 2))
    earlier.save(run.model)
    run.record.write_text(json.dumps({"labels": ["effusion", "finding"]}))
    assert take_over_head(later, str(run.model), ["effusion", "finding"])
    assert not take_over_head(other, str(run.model), ["finding", "effusion"])
    for now, wanted in zip(
        later.get_layer("logits").get_weights(), earlier.get_layer("logits").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(now, wanted)


@pytest.mark.parametrize("same", [True, False])
def test_a_head_goes_on_from_an_earlier_run_of_the_same_labels(tmp_path, same):
    def network(labels: int) -> keras.Model:
        plan = {"height": 32, "width": 32, "activation": "sigmoid", "dropout": 0.0, "weights": None}
        return build_network("small_cnn", labels=labels, **plan)

    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    earlier, answer = network(3), network(2)
    without_auxiliary(earlier, answer, ["effusion", "finding"], ["tuberculosis"], run)
    answer.save(run.model)
    run.record.write_text(json.dumps({"labels": ["effusion", "finding"]}))
    labels = ["effusion", "finding", "tuberculosis" if same else "covid"]
    later = network(3)
    before = later.get_layer("logits").get_weights()
    assert take_over_head(later, str(run.model), labels) is same
    expected = earlier.get_layer("logits").get_weights() if same else before
    for now, wanted in zip(later.get_layer("logits").get_weights(), expected, strict=True):
        np.testing.assert_array_equal(now, wanted)
    films = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype(np.float32)
    np.testing.assert_allclose(
        answer.predict(films, verbose=0), earlier.predict(films, verbose=0)[:, :2], atol=1e-6
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"views": None}, "needs a section"),
        ({"network": {"name": "small_cnn", "activation": "softmax"}}, "sigmoid"),
        ({"views": {"map_loss_weight": 0.1}}, "boxes.csv"),
        ({"views": {"cutout_size": 0.9}}, "at most 0.6"),
    ],
)
def test_views_that_cannot_be_are_refused(open_recipe, change, words):
    table = open_recipe.model_dump(mode="json") | change
    with pytest.raises(ValidationError, match=words):
        Recipe.model_validate(table)


def test_films_that_leave_labels_open_only_train(open_recipe):
    table = open_recipe.model_dump(mode="json")
    table["data"]["further"][0]["splits"] = ["train", "test"]
    with pytest.raises(ValidationError, match="only train"):
        Recipe.model_validate(table)


def test_a_cached_front_draws_its_copies_once_and_trains_the_layers_above(
    two_hospitals, open_recipe, tmp_path
):
    table = open_recipe.model_dump(mode="json")
    table["id"] = "tiny-cached"
    table["network"]["fine_tune_after"] = "relu_1"
    table["fit"] |= {"copies": 3, "fine_tune_epochs": 8, "fine_tune_learning_rate": 0.01}
    recipe = Recipe.model_validate(table)
    record = fit(recipe, two_hospitals, tmp_path / "runs" / "cached")
    assert record.val_macro_auroc > 0.7
    assert record.trainable_parameters < record.parameters
    kept = sorted((tmp_path / "runs" / "prepared").glob("views-*.npy"))
    assert len(kept) == 4, "features and moves, of train and of val"
    times = [path.stat().st_mtime_ns for path in kept]
    again = fit(recipe, two_hospitals, tmp_path / "runs" / "again")
    assert again.val_macro_auroc == pytest.approx(record.val_macro_auroc, abs=1e-6)
    assert [path.stat().st_mtime_ns for path in kept] == times


def test_two_copies_of_a_film_differ_and_copy_0_is_the_film(tmp_path):
    film = keras.Input((32, 32, 1))
    front = keras.Model(film, keras.layers.Identity()(film))
    pixels = np.random.default_rng(0).integers(0, 255, (5, 32, 32, 1)).astype(np.uint8)
    cached = cached_views(front, pixels, (32, 32), ViewsRecipe(), tmp_path, copies=3, seed=4)
    assert (cached.features[0] == pixels).all()
    assert (cached.features[1] != cached.features[2]).any()
    answers = Answers(np.arange(5, dtype=np.float32)[:, None], np.ones((5, 1), np.float32))
    batches = view_batches(kept_views(cached), answers, ViewsRecipe(), batch_size=4, seed=0)
    films, stacked = batches[0]
    assert films.shape == (4, 32, 32, 1)
    for one, other, row in zip(films[:2], films[2:], stacked[:2, 0].astype(int), strict=True):
        found = [
            [copy for copy in range(3) if (cached.features[copy, row] == view).all()] for view in (one, other)
        ]
        assert found[0]
        assert found[1]
        assert found[0] != found[1]
