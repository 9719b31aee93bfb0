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
from cxr_dash.inference.schema_segmenter import SideSpec
from training.evaluation.run_table import find_models
from training.fitting.runs import RunRecord, is_segmenter_run
from training.recipe import SegmenterRecipe, load_any, load_recipe
from training.recipe.segmenter import collections_of
from training.segmentation.card import render_card
from training.segmentation.collections import (
    divide,
    of_split,
    read_collections,
    read_masked_films,
    read_split,
    write_split,
)
from training.segmentation.dice import dice, make_mask_loss, mean_interval
from training.segmentation.films import GREAT_VESSELS, prepare_mask, prepare_masks
from training.segmentation.measure import FilmDice, drawn_ratio, mask_metrics
from training.segmentation.miniature import FILMS, miniature_recipe, write_masked_miniature
from training.segmentation.sides import (
    SIDE_SHAPE,
    Outlines,
    choose_limit,
    count_sides,
    films_of,
    fit_weights,
    flipped,
)

pytestmark = pytest.mark.thorough


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


def test_what_nobody_drew_on_a_film_adds_nothing_and_what_few_films_have_counts_as_much() -> None:
    loss = make_mask_loss(1.0)
    rng = np.random.default_rng(1)
    # channels: lungs, heart, lungs ignored, heart ignored
    truth = (rng.random((4, 8, 8, 4)) < 0.5).astype(np.float32)
    truth[..., 2:] = 0.0
    truth[1:, :, :, 3] = 1.0
    logits = rng.normal(size=(4, 8, 8, 2)).astype(np.float32)
    other = logits.copy()
    other[1:, :, :, 1] = rng.normal(size=(3, 8, 8))
    assert np.allclose(loss(truth, logits), loss(truth, other))
    # the mean over all films is that of both structures, each over its own
    alone = make_mask_loss(1.0)
    lungs = np.mean(alone(truth[..., [0, 2]], logits[..., :1]))
    heart = np.mean(alone(truth[:1][..., [1, 3]], logits[:1][..., 1:]))
    assert float(np.mean(loss(truth, logits))) == pytest.approx(float(lungs + heart) / 2, rel=1e-5)
    # where it is only known where none is, that counts, and no overlap is asked for
    none = np.concatenate([np.zeros((1, 8, 8, 1)), np.eye(8)[None, :, :, None]], axis=-1).astype(np.float32)
    sure = np.where(np.eye(8)[None, :, :, None] > 0, 9.0, -9.0).astype(np.float32)
    assert float(np.mean(make_mask_loss(1.0)(none, sure))) < 1e-3
    assert float(np.mean(make_mask_loss(1.0)(none, -sure))) > 5.0
    unknown = truth.copy()
    unknown[..., 2:] = 1.0
    assert float(np.mean(loss(unknown, logits))) == 0.0


def test_a_collection_keeps_its_split_whoever_joins(tmp_path: Path, recipe: SegmenterRecipe) -> None:
    write_masked_miniature(tmp_path / "one")
    write_masked_miniature(tmp_path / "two")
    for folder, image in (("one", "image"), ("two", "path")):
        manifest = tmp_path / folder / "manifest.csv"
        text = manifest.read_text(encoding="utf-8").replace("image,", f"{image},")
        manifest.write_text(text.replace("drawn", folder), encoding="utf-8")
    plan = recipe.data["drawn"]
    both = {name: plan.model_copy(update={"manifest": f"{name}/manifest.csv"}) for name in ("one", "two")}
    alone = read_collections(tmp_path, {"one": both["one"]}, 3)
    together = read_collections(tmp_path, both, 3)
    assert together[:FILMS] == alone
    assert len(together) == 2 * FILMS
    with pytest.raises(TrainingError, match="two go by the same"):
        read_collections(tmp_path, {"one": both["one"], "again": both["one"]}, 3)


def test_the_record_of_a_bundle_names_its_collections_also_where_there_was_one(
    recipe: SegmenterRecipe,
) -> None:
    assert collections_of(recipe.flat()) == recipe.data
    old = {"data.manifest": "lungs/manifest.csv", "data.val": 0.1, "data.test": 0.2, "seed": 1}
    (only,) = collections_of(old).values()
    assert (only.manifest, only.val, only.test) == ("lungs/manifest.csv", 0.1, 0.2)


def test_a_heart_is_asked_for_only_where_one_was_drawn_and_more_often_when_told(tmp_path: Path) -> None:
    films = read_masked_films(write_masked_miniature(tmp_path / "data"))
    spec = PreparationSpec(height=64, width=64, crop_borders=False)
    made = prepare_masks(films, spec, ["lungs", "heart"])
    for film, masks, ignored in zip(films, made.masks, made.ignored, strict=True):
        assert masks[..., 1].any() == (film.heart is not None)
        between = ignored[30:45, 30:34, 1]
        assert (between == (film.heart is None)).all()
        # beside, above and inside of the lungs lies no heart, whoever drew it
        assert not ignored[:, :8, 1].any()
        assert not ignored[:10, :, 1].any()
        assert not (ignored[..., 1] & masks[..., 0]).any() or film.heart
    more = made.repeated(1, 3)
    assert len(more.pixels) == FILMS + 2 * FILMS // 4
    assert np.array_equal(more.masks[:FILMS], made.masks)
    assert more.masks[FILMS:, ..., 1].any(axis=(1, 2)).all()


def test_great_vessels_that_some_draw_with_the_heart_are_not_asked_for(tmp_path: Path) -> None:
    films = [film for film in read_masked_films(write_masked_miniature(tmp_path / "data")) if film.heart]
    tall = cv2.imread(str(films[0].heart), cv2.IMREAD_GRAYSCALE)
    assert tall is not None
    tall[15:60, 45:60] = 255
    cv2.imwrite(str(films[0].heart), tall)
    spec = PreparationSpec(height=96, width=96, crop_borders=False, polarity="keep")
    made = prepare_masks(films[:1], spec, ["lungs", "heart"])
    lungs, heart = made.masks[0, ..., 0], made.masks[0, ..., 1]
    top = int(np.flatnonzero(lungs.any(axis=1))[0] + round(GREAT_VESSELS * lungs.any(axis=1).sum()))
    assert not heart[:top].any()
    assert heart[top].any()
    assert made.ignored[0, top - 1, 46:59, 1].all()
    assert not made.ignored[0, top:, :, 1].any()


def test_films_are_divided_by_patient_alike_each_time_and_kept(
    tmp_path: Path, recipe: SegmenterRecipe
) -> None:
    films = read_masked_films(write_masked_miniature(tmp_path / "data"))
    made = divide(films, recipe.data["drawn"], recipe.seed)
    assert made == divide(films, recipe.data["drawn"], recipe.seed)
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
    for film, lungs, ignored in zip(films, made.masks, made.ignored, strict=True):
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
        divide(read_masked_films(write_masked_miniature(tmp_path / "d")), recipe.data["drawn"], 1), "train"
    )
    made = prepare_masks(films, recipe.preparation)
    # a film that is its own mask shows whether both went the same way
    made.pixels[:] = made.masks * 200
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


def test_what_nobody_drew_stays_unknown_wherever_a_film_is_moved(
    tmp_path: Path, recipe: SegmenterRecipe
) -> None:
    from training.segmentation.batches import training_batches

    films = read_masked_films(write_masked_miniature(tmp_path / "d"))
    made = prepare_masks(films, recipe.preparation, ["lungs", "heart"])
    made.ignored[[film.heart is None for film in films], ..., 1] = 1
    known = 0
    for _, truth in training_batches(made, recipe):
        ignored = truth.numpy()[..., 3]
        unknown = ignored.min(axis=(1, 2)) == 1.0
        assert (ignored[~unknown] == 0.0).all()
        known += int((~unknown).sum())
    assert known == FILMS // 4


def test_the_heart_is_found_on_either_side_after_flips_of_film_and_mask(
    tmp_path: Path, recipe: SegmenterRecipe
) -> None:
    from training.segmentation.batches import training_batches

    films = [film for film in read_masked_films(write_masked_miniature(tmp_path / "d")) if film.heart]
    made = prepare_masks(films * 8, recipe.preparation, ["lungs", "heart"])
    centres = [
        np.nonzero(mask > 0.5)[1].mean() / mask.shape[1]
        for _, truth in training_batches(made, recipe)
        for mask in truth.numpy()[..., 1]
        if (mask > 0.5).any()
    ]
    assert min(centres) < 0.46
    assert max(centres) > 0.54


def test_an_earlier_segmenters_weights_are_taken_over_and_what_it_did_not_draw_begins_anew(
    tmp_path: Path, recipe: SegmenterRecipe
) -> None:
    from training.segmentation.network import build_segmenter

    one = recipe.network.model_copy(update={"structures": ["lungs"], "decoder": [8, 8, 8, 8]})
    both = one.model_copy(update={"structures": ["lungs", "heart"]})
    earlier = build_segmenter(one, height=64, width=64, weights=None)
    earlier.save(tmp_path / "earlier.keras")
    model = build_segmenter(both, height=64, width=64, weights=str(tmp_path / "earlier.keras"))
    film = np.random.default_rng(2).uniform(0, 255, (1, 64, 64, 1)).astype(np.float32)
    answer = model.predict_on_batch(film)
    assert answer.shape == (1, 64, 64, 2)
    assert np.allclose(answer[..., :1], earlier.predict_on_batch(film), atol=1e-5)
    wider = both.model_copy(update={"decoder": [16, 8, 8, 8]})
    with pytest.raises(TrainingError, match="segmenter of the same shape"):
        build_segmenter(wider, height=64, width=64, weights=str(tmp_path / "earlier.keras"))
    (tmp_path / "broken.keras").write_bytes(b"no archive")
    with pytest.raises(TrainingError, match="loads in safe mode"):
        build_segmenter(both, height=64, width=64, weights=str(tmp_path / "broken.keras"))


def test_metrics_and_card_tell_heart_ratio_and_sides(tmp_path: Path, recipe: SegmenterRecipe) -> None:
    films = read_masked_films(write_masked_miniature(tmp_path / "data"))
    rows = [
        FilmDice(film, 0.96, 0.95, 0.9, None if index == 0 else 0.52, 0.5)
        if film.heart
        else FilmDice(film, 0.96, None)
        for index, film in enumerate(films)
    ]
    heart = mask_metrics("test", rows).heart
    assert heart is not None
    assert (heart.films, heart.dice.value) == (FILMS // 4, 0.9)
    assert heart.ratio is not None
    assert (heart.ratio.films, heart.ratio.measured) == (FILMS // 4, FILMS // 4 - 1)
    assert heart.ratio.error.value == pytest.approx(0.02)
    ones = np.ones((3, *SIDE_SHAPE), np.float32)
    ones[1], ones[2] = np.nan, -1.0
    half = np.full(SIDE_SHAPE[1:], 0.1).tolist()
    spec = SideSpec(lungs=half, heart=half, said_below=-1.0)
    counted = count_sides("drawn", "test", Outlines(ones, -ones), spec)
    assert (counted.films, counted.told) == (3, 2)
    assert counted.flipped.value == counted.others.value == pytest.approx(1 / 3, abs=1e-4)
    changes = {
        "metrics": [mask_metrics("test", rows).model_dump(mode="json")],
        "sides": [counted.model_dump(mode="json")],
        "structures": ["lungs", "heart"],
    }
    card = render_card(load_segmenter(write_segmenter(tmp_path, **changes)).spec)
    assert "a ratio on 3 of 4 films" in card
    assert "| drawn (test) | 3 | 0.333" in card


def test_the_rule_of_sides_is_learned_from_outlines_and_their_mirror_images() -> None:
    rng = np.random.default_rng(4)
    films = rng.normal(0.0, 0.5, (80, *SIDE_SHAPE)).astype(np.float32)
    films[:, 1, 4:8, 2:5] -= 0.6  # less heart at the left of the picture
    films[7] = np.nan
    weights = fit_weights(Outlines(films, -films))
    told = np.delete((films * weights).sum(axis=(1, 2, 3)), 7)
    assert (told > 0).mean() > 0.95
    assert weights[1, 4:8, 2:5].mean() < 5 * min(-abs(weights[0]).mean(), weights[1].mean())
    assert choose_limit(np.linspace(-0.995, 199.0, 400)) == pytest.approx(0.0, abs=0.01)
    assert choose_limit(np.array([3.0, 5.0, np.nan])) == 0.0
    assert choose_limit(np.array([-2.345, 5.0])) == -2.35


def test_films_of_a_split_are_taken_evenly_and_flipped_left_for_right(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    rows = [f"{number}.png,{'test' if number % 2 else 'train'}" for number in range(20)]
    manifest.write_text("\n".join(["path,split", *rows]), encoding="utf-8")
    assert [path.name for path in films_of(manifest, "test", 3)] == ["1.png", "9.png", "19.png"]
    assert len(films_of(manifest, "train", 100)) == 10
    with pytest.raises(TrainingError, match="names none"):
        films_of(manifest, "val", 3)
    film = Radiograph(np.arange(6, dtype=np.uint8).reshape(2, 3), 8, "png", "0" * 64)
    assert flipped(film).pixels.tolist() == [[2, 1, 0], [5, 4, 3]]


def test_people_s_ratio_is_the_hearts_width_over_that_of_both_lungs() -> None:
    lungs, heart = np.zeros((2, 50, 100), bool)
    lungs[10:40, 10:40] = lungs[5:45, 60:90] = True
    heart[30:40, 35:67] = True
    assert drawn_ratio(lungs, heart) == pytest.approx(32 / 80)


def test_metrics_and_card_tell_collections_and_customs_apart(tmp_path: Path, recipe: SegmenterRecipe) -> None:
    films = read_masked_films(write_masked_miniature(tmp_path / "data"))
    rows = [FilmDice(film, 0.9 if film.heart else 0.96, 0.95 if film.heart else None) for film in films]
    metrics = mask_metrics("test", rows)
    assert metrics.heart is None
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
