"""Films with masks: agreement, splits by patient, geometry, augmentation."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from bundle_builder import write_bundle
from segmenter_builder import write_segmenter

from cxr_dash.domain import PreparationSpec, Radiograph
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import plan_preparation
from cxr_dash.inference.bundle import load_segmenter
from training.evaluation.run_table import find_models
from training.fitting.runs import RunRecord, is_segmenter_run
from training.recipe import SegmenterRecipe, load_any, load_recipe
from training.segmentation.card import render_card
from training.segmentation.dice import dice, make_mask_loss, mean_interval
from training.segmentation.films import (
    divide,
    of_split,
    prepare_mask,
    prepare_masks,
    read_masked_films,
    read_split,
    write_split,
)
from training.segmentation.measure import FilmDice, mask_metrics
from training.segmentation.miniature import FILMS, miniature_recipe, write_masked_miniature


@pytest.fixture
def recipe() -> SegmenterRecipe:
    loaded = load_any("lungs")
    assert isinstance(loaded, SegmenterRecipe)
    return miniature_recipe(loaded)


def test_dice_is_twice_the_common_area_over_both() -> None:
    one, other = np.zeros((2, 10, 10), bool)
    assert dice(one, other) == 1.0
    one[:4], other[2:4] = True, True
    assert dice(one, other) == pytest.approx(2 * 20 / 60)
    assert dice(one, ~one) == 0.0
    ignored = np.zeros((10, 10), bool)
    ignored[:2] = True
    assert dice(one, other, ignored) == 1.0


def test_the_interval_is_of_patients_not_of_films() -> None:
    values = [0.5] * 20 + [1.0] * 20
    alone = mean_interval(values, [str(index) for index in range(40)])
    pairs = mean_interval(values, [str(index // 20) for index in range(40)])
    assert alone.value == pairs.value == 0.75
    assert alone.low is not None
    assert pairs.low is not None
    assert pairs.low == 0.5 < alone.low < 0.75
    assert mean_interval([0.9, 0.8], ["a", "a"]).low is None


def test_the_loss_asks_nothing_of_ignored_pixels_and_falls_as_masks_agree() -> None:
    loss = make_mask_loss(1.0)
    truth = np.zeros((1, 4, 4, 2), np.float32)
    truth[0, :2, :, 0] = 1.0
    right = np.where(truth[..., :1] > 0, 6.0, -6.0).astype(np.float32)
    wrong = right.copy()
    wrong[0, 3, 3, 0] = 6.0
    assert float(loss(truth, right)[0]) < 0.02 < float(loss(truth, wrong)[0])
    truth[0, 3, 3, 1] = 1.0
    assert float(loss(truth, wrong)[0]) == pytest.approx(float(loss(truth, right)[0]), abs=2e-3)


def test_films_are_divided_by_patient_alike_each_time_and_kept(
    tmp_path: Path, recipe: SegmenterRecipe
) -> None:
    films = read_masked_films(write_masked_miniature(tmp_path / "data"))
    made = divide(films, recipe.data, recipe.seed)
    assert made == divide(films, recipe.data, recipe.seed)
    homes: dict[str, set[str]] = {}
    for film in made:
        homes.setdefault(film.patient, set()).add(film.split)
    assert all(len(splits) == 1 for splits in homes.values())
    assert set(Counter(film.split for film in made)) == {"train", "val", "test"}
    write_split(made, tmp_path / "split.csv")
    assert read_split(films, tmp_path / "split.csv") == made
    with pytest.raises(TrainingError, match="must be those that the run split"):
        read_split(films[1:], tmp_path / "split.csv")


def test_a_mask_goes_where_its_film_goes() -> None:
    pixels = np.full((90, 150), 40, np.uint8)
    pixels[20:70, 30:60] = 200
    spec = PreparationSpec(height=64, width=64, polarity="keep")
    plan = plan_preparation(Radiograph(pixels, 8, "png", "0" * 64), spec)
    mask = prepare_mask(pixels > 128, plan)
    rows, columns = np.nonzero(mask)
    scale = plan.content.width / plan.crop.width
    assert columns.min() == pytest.approx(plan.content.x + (30 - plan.crop.x) * scale, abs=1)
    assert rows.max() == pytest.approx(plan.content.y + (70 - plan.crop.y) * scale - 1, abs=1)


def test_what_the_heart_hides_is_ignored_only_where_it_was_drawn(tmp_path: Path) -> None:
    films = read_masked_films(write_masked_miniature(tmp_path / "data"))
    made = prepare_masks(films, PreparationSpec(height=64, width=64, crop_borders=False))
    assert made.pixels.shape == (FILMS, 64, 64, 1)
    for film, lungs, ignored in zip(films, made.lungs, made.ignored, strict=True):
        assert lungs.any()
        assert ignored.any() == (film.behind_heart == "included")


def test_a_mask_of_another_shape_than_its_film_is_named(tmp_path: Path) -> None:
    manifest = write_masked_miniature(tmp_path / "data")
    films = read_masked_films(manifest)
    cv2.imwrite(str(films[2].mask), np.zeros((10, 10), np.uint8))
    with pytest.raises(TrainingError, match=r"2-lungs\.png must be a mask of 96 x 96"):
        prepare_masks(films, PreparationSpec())
    films[3].mask.unlink()
    with pytest.raises(TrainingError, match=r"3-lungs\.png"):
        read_masked_films(manifest)


def test_batches_move_masks_with_films_and_an_epoch_is_the_same_after_a_resume(
    tmp_path: Path, recipe: SegmenterRecipe
) -> None:
    from training.segmentation.batches import training_batches

    films = of_split(
        divide(read_masked_films(write_masked_miniature(tmp_path / "d")), recipe.data, 1), "train"
    )
    made = prepare_masks(films, recipe.preparation)
    # a film that is its own mask shows whether both went the same way
    made.pixels[:] = made.lungs * 200
    changes = dict.fromkeys(
        ("brightness", "contrast", "gamma", "noise", "exposure", "border_darkening", "blur_probability"), 0.0
    ) | dict.fromkeys(
        ("wire_probability", "marker_probability", "opacity_probability", "shrink_probability"), 0.0
    )
    plain = recipe.model_copy(update={"augment": recipe.augment.model_copy(update=changes)})
    whole = training_batches(made, plain)
    for moved, truth in whole:
        assert np.abs(moved.numpy() / 200.0 - truth.numpy()[..., :1]).max() < 1e-3
    again = [batch.numpy() for batch, _ in whole]
    resumed = [batch.numpy() for batch, _ in training_batches(made, plain, first_epoch=1)]
    assert all(np.array_equal(one, other) for one, other in zip(again, resumed, strict=True))
    busy = [batch.numpy() for batch, _ in training_batches(made, recipe)]
    assert all(batch.min() >= 0.0 and batch.max() <= 255.0 for batch in busy)


def test_metrics_and_card_tell_collections_and_customs_apart(tmp_path: Path, recipe: SegmenterRecipe) -> None:
    films = read_masked_films(write_masked_miniature(tmp_path / "data"))
    rows = [FilmDice(film, 0.9 if film.heart else 0.96, 0.95 if film.heart else None) for film in films]
    metrics = mask_metrics("test", rows)
    assert metrics.by_behind_heart["included"].value == 0.9
    assert metrics.by_behind_heart["excluded"].value == 0.96
    assert metrics.outside_heart is not None
    assert (metrics.outside_heart.value, metrics.lowest, metrics.patients) == (0.95, 0.9, FILMS // 2)
    changes = {"metrics": [metrics.model_dump(mode="json")]}
    card = render_card(load_segmenter(write_segmenter(tmp_path, **changes)).spec)
    assert "lung behind the heart drawn | 0.900" in card
    assert "worst film 0.900" in card


def test_recipes_of_segmenters_are_told_from_classifiers(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="must be of a classifier here; lungs is of a segmenter"):
        load_recipe("lungs")
    with pytest.raises(TrainingError, match="32 divides"):
        load_any("lungs", {"preparation.height": "100"})
    assert not is_segmenter_run(tmp_path)
    (tmp_path / "lungs").mkdir()
    record = tmp_path / "lungs" / "run.json"
    record.write_text(json.dumps({"recipe": {"kind": "segmenter"}}), encoding="utf-8")
    assert is_segmenter_run(record.parent)
    with pytest.raises(TrainingError, match="must be of a classifier here"):
        RunRecord.read(record)


def test_a_table_of_all_models_of_a_folder_leaves_segmenters_out(tmp_path: Path) -> None:
    classifier = write_bundle(tmp_path, "tiny")
    write_segmenter(tmp_path)
    assert find_models([tmp_path]) == [classifier]
