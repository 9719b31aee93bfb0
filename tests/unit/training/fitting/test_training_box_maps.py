"""The map loss: class maps of boxed films are pulled into the boxes, wherever augmentation moved them."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Box, Preparation, PreparationSpec
from cxr_dash.errors import TrainingError
from training.films.boxes import BoxedFilm, Region
from training.films.manifest import Film, read_manifest
from training.fitting.augment import augment
from training.fitting.box_maps import (
    FINE,
    box_masks,
    cell_shares,
    divergence,
    in_input,
    supervised_labels,
    with_map_loss,
)
from training.fitting.fit import fit
from training.fitting.runs import RunFolder
from training.networks import build_network, split_at
from training.networks.options import Options
from training.recipe import AugmentRecipe, Recipe

PREPARATION = Preparation(
    film_width=200,
    film_height=100,
    window_low=0,
    window_high=255,
    inverted=False,
    crop=Box(50, 0, 100, 100),
    content=Box(0, 20, 80, 40),
    input_width=80,
    input_height=80,
    pad_value=0,
)


def averaging(**options):
    """A network that pools by the average, with two labels."""
    return build_network(
        "small_cnn",
        height=32,
        width=32,
        labels=2,
        activation="sigmoid",
        dropout=0.0,
        weights=None,
        options=Options(pooling="average", **options),
    )


def test_a_box_goes_through_crop_and_letterbox():
    # the film's right quarter is cut off: half of the box is left, the right half of the crop's width
    moved = in_input(Region(0.5, 0.25, 1.0, 0.75), PREPARATION)
    assert moved == Region(0.5, 30 / 80, 1.0, 50 / 80)
    assert in_input(Region(0.0, 0.0, 0.2, 1.0), PREPARATION) is None


def test_a_box_turns_with_a_film_that_is_straightened_and_keeps_its_sides():
    turned = replace(PREPARATION, tilt_degrees=10.0)
    region = Region(0.48, 0.2, 0.52, 0.3)  # 25 pixels above the middle of the crop
    still, moved = in_input(region, PREPARATION), in_input(region, turned)
    assert moved.right - moved.left == pytest.approx(still.right - still.left)
    # counter-clockwise: what lies above the middle goes to the left, by 25 sin 10 of 100 pixels of the crop
    assert moved.left - still.left == pytest.approx(-0.25 * np.sin(np.radians(10.0)))
    assert moved.top - still.top == pytest.approx(0.25 * (1 - np.cos(np.radians(10.0))) * 40 / 80)


def test_opacity_boxes_supervise_pneumonia_and_what_the_film_is_labelled_with(tmp_path):
    film = Film(path=tmp_path / "a.png", labels=frozenset({"infiltration", "mass"}), split="train")
    opacity = BoxedFilm(film, "lung_opacity", (Region(0, 0, 1, 1),))
    labels = ["infiltration", "mass", "pneumonia", "consolidation"]
    assert supervised_labels(opacity, labels) == ["infiltration", "pneumonia"]
    assert supervised_labels(BoxedFilm(film, "mass", opacity.regions), labels) == ["mass"]
    assert supervised_labels(BoxedFilm(film, "nodule", opacity.regions), labels) == []


def test_the_divergence_is_nought_for_a_map_uniform_in_its_box_and_ignores_labels_without_one():
    shares = np.zeros((2, 2, 2, 2), dtype=np.float32)
    shares[0, 0, :, 0] = 255.0  # the upper two of four cells of the first label
    uniform = np.zeros_like(shares)
    # a flat map: half of its mass lies outside, log 2; the mean over two films halves it
    assert float(divergence(uniform, shares)) == pytest.approx(np.log(2) / 2, abs=1e-6)
    inside = uniform.copy()
    inside[0, 1, :, 0] = -50.0
    assert float(divergence(inside, shares)) == pytest.approx(0.0, abs=1e-6)
    # adding a number to every cell of a map changes nothing, nor does a map without a box
    inside[..., 0] += 7.0
    inside[..., 1] += np.arange(4).reshape(2, 2)
    assert float(divergence(inside, shares)) == pytest.approx(0.0, abs=1e-6)


def test_masks_move_with_their_films():
    import tensorflow as tf

    recipe = AugmentRecipe(
        rotation_degrees=20,
        shift=0.15,
        zoom=0.2,
        flip_probability=0.5,
        brightness=0,
        contrast=0,
        gamma=0,
        noise=0,
        blur_probability=0,
    )
    masks = np.zeros((6, FINE, FINE, 1), dtype=np.uint8)
    masks[:, 10:24, 30:44] = 255
    moved = cell_shares(masks, (FINE, FINE), copies=2, batch_size=4, recipe=recipe, seed=5)
    assert np.array_equal(moved[0], masks)
    for index, rows in enumerate((slice(0, 4), slice(4, 6))):
        seed = tf.random.fold_in(tf.constant((5, 1), tf.int32), index)
        films = augment(masks[rows], seed, recipe).numpy()
        assert np.abs(films - moved[1, rows]).max() <= 1.0
    assert np.abs(moved[1].astype(int) - masks).max() == 255


def test_training_with_the_map_loss_moves_the_heat_into_the_boxes():
    import keras

    keras.utils.set_random_seed(0)
    model = averaging()
    parts = split_at(model, None)
    trained = with_map_loss(parts, 1.0)
    films = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 1)).astype(np.float32)
    films[:, :12, :12] += 150.0
    height, width = parts.mapped.outputs[1].shape[1:3]
    shares = np.zeros((8, height, width, 2), dtype=np.float32)
    shares[:, : height * 12 // 32, : width * 12 // 32, 0] = 255.0

    def inside() -> float:
        maps = parts.mapped.predict_on_batch(films)[1][..., 0]
        heat = np.exp(maps - maps.max(axis=(1, 2), keepdims=True))
        return float((heat * (shares[..., 0] > 0)).sum() / heat.sum())

    before = inside()
    trained.compile(keras.optimizers.Adam(3e-3), lambda _, logits: 0.0 * logits)
    trained.fit([films, shares], np.zeros((8, 2), np.float32), epochs=15, verbose=0)
    assert inside() > before + 0.2
    logits = parts.tail.predict_on_batch(films)
    # the maps are what the logits are the mean of
    np.testing.assert_allclose(
        parts.mapped.predict_on_batch(films)[1].mean(axis=(1, 2)), logits, rtol=1e-3, atol=1e-3
    )


def test_a_head_of_several_layers_has_no_class_maps():
    model = averaging(dense=(8,))
    with pytest.raises(TrainingError, match="global average"):
        with_map_loss(split_at(model, None), 1.0)


def test_the_boxes_of_a_film_are_drawn_for_its_label_and_those_of_others_left_out(films_root):
    films = read_manifest(films_root / "films" / "manifest.csv", negative_label="no_finding")[:2]
    boxed = BoxedFilm(films[1], "effusion", (Region(0.0, 0.0, 0.5, 0.5),))
    spec = PreparationSpec(height=48, width=48, crop_borders=False)
    masks = box_masks(films, [boxed], ["mass", "effusion"], spec)
    assert masks.shape == (2, FINE, FINE, 2)
    assert masks.sum() == 255 * (FINE // 2) ** 2
    assert masks[1, : FINE // 2, : FINE // 2, 1].min() == 255


@pytest.fixture
def boxed_recipe(films_root, tiny_recipe) -> Recipe:
    """The tiny recipe with boxes over the white bases of every film with an effusion."""
    path = films_root / "films" / "boxes.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "kind", "label", "x", "y", "w", "h", "img_w", "img_h"])
        for film in read_manifest(films_root / "films" / "manifest.csv", negative_label="no_finding"):
            if film.labels:
                writer.writerow([film.path.name, "nih_bbox", "Effusion", 10, 55, 76, 28, 96, 96])
    changes = {"fine_tune_epochs": 2, "head_epochs": 1, "map_loss_weight": 0.5, "copies": 2}
    return tiny_recipe.model_copy(
        update={
            "data": tiny_recipe.data.model_copy(update={"boxes": "films/boxes.csv"}),
            "fit": tiny_recipe.fit.model_copy(update=changes),
        }
    )


def test_a_recipe_with_the_map_loss_trains_to_a_plain_model(boxed_recipe, films_root, tmp_path):
    import keras

    run = RunFolder(tmp_path / "run")
    fit(boxed_recipe, films_root, tmp_path / "run")
    model = keras.saving.load_model(run.model, compile=False, safe_mode=True)
    assert len(model.inputs) == 1
    assert "map_loss" not in [layer.name for layer in model.layers]


def test_the_map_loss_needs_boxes(tiny_recipe):
    table = tiny_recipe.model_dump(mode="json")
    table["fit"]["map_loss_weight"] = 0.1
    with pytest.raises(ValueError, match=r"data\.boxes"):
        Recipe.model_validate(table)
