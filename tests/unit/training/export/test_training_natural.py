"""Films at natural prevalence beside val and test: a whole run, its bundle, and measuring it again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.schema import SCHEMA_VERSION
from training.export.bundle import export_bundle
from training.export.card import render_card
from training.export.measure import films_of_bundle, measure_bundle
from training.films.of_recipe import read_films
from training.films.split_names import chosen_on
from training.fitting.fit import fit
from training.fitting.runs import RunFolder
from training.fitting.start import check_start
from training.recipe import DataRecipe, FurtherFilms, Recipe

SPLITS = {"train": "train", "val": "natural_val", "test": "natural"}


@pytest.fixture(scope="module")
def natural_root(films_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn films, and 120 more of which one in four has an effusion."""
    root = tmp_path_factory.mktemp("natural") / "root"
    shutil.copytree(films_root, root)
    (root / "small").mkdir()
    with (root / "small" / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "labels", "patient_id", "split", "source"])
        for index in range(120):
            split, effusion = ("train", "val", "test")[index % 3], index % 12 < 3
            # of the drawn films, every other pair has an effusion
            like = 4 * (index % 18) + (0 if effusion else 2)
            film = cv2.imread(str(root / "films" / f"{like}.png"), cv2.IMREAD_GRAYSCALE)
            noise = np.random.default_rng(index).normal(0, 8, film.shape)
            noisy = np.clip(film + noise, 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / "small" / f"{index}.png"), noisy)
            label = "Effusion" if effusion else "No Finding"
            writer.writerow([f"{index}.png", label, f"s{index}", split, "small"])
    return root


@pytest.fixture(scope="module")
def natural_recipe(tiny_recipe: Recipe) -> Recipe:
    table = tiny_recipe.model_dump(mode="json")
    table["id"] = "tiny-natural"
    table["data"]["further"] = [{"manifest": "small/manifest.csv", "splits": SPLITS}]
    table["views"] = {"side": 48, "cutout_probability": 0.0, "smallest_side": 24}
    table["fit"] |= {"head_epochs": 0, "fine_tune_epochs": 4, "batch_size": 16}
    return Recipe.model_validate(table)


@pytest.fixture(scope="module")
def bundle_folder(
    natural_root: Path, natural_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny-natural"
    fit(natural_recipe, natural_root, folder)
    return export_bundle(folder, tmp_path_factory.mktemp("models")).path


def test_a_further_manifests_splits_get_the_names_they_have_here(
    natural_root: Path, natural_recipe: Recipe
) -> None:
    films = read_films(natural_recipe.data, natural_root / "films" / "manifest.csv")
    splits = {split: sum(film.split == split for film in films) for split in ("train", "val", "test")}
    assert splits["train"] > 40
    assert all(film.source == "drawn" for film in films if film.split in ("val", "test"))
    assert {film.split for film in films if film.source == "small"} == {"train", "natural_val", "natural"}
    assert chosen_on(films) == "natural_val"
    assert chosen_on(film for film in films if film.source == "drawn") == "val"


def test_the_bundle_is_calibrated_and_cut_on_films_at_natural_prevalence(bundle_folder: Path) -> None:
    spec = load_bundle(bundle_folder).spec
    assert spec.schema_version == SCHEMA_VERSION
    assert spec.calibration.fitted_on == "natural_val: 40 films, 40 patients"
    assert {point.chosen_on for point in spec.operating_points} == {spec.calibration.fitted_on}
    assert [one.split for one in spec.metrics] == ["val", "natural_val", "natural", "test"]
    assert [one.split for one in spec.held_out] == ["natural", "test"]
    assert (
        spec.held_out[0].description.said_in("es")
        == "40 placas, pacientes no vistos, con prevalencia natural"
    )
    assert spec.prevalence["effusion"] == pytest.approx(0.25, abs=0.05)
    assert spec.calibrated_at is not None
    assert spec.calibrated_at.natural
    val, natural_val = spec.metrics[:2]
    assert "calibration" not in val.description.en
    assert "calibration and thresholds" in natural_val.description.en
    assert "ece" in spec.metrics[2].macro
    (further,) = spec.training.recipe["data.further"]  # type: ignore[misc, union-attr]
    kept = FurtherFilms.model_validate_json(str(further))
    assert (kept.manifest, kept.here) == ("small/manifest.csv", SPLITS)


def test_every_point_says_what_it_does_to_films_of_every_split(bundle_folder: Path) -> None:
    spec = load_bundle(bundle_folder).spec
    keys = [point.key for point in spec.operating_points]
    assert {"one_in_20", "one_in_10", "one_in_5"} & set(keys)
    for point in spec.operating_points:
        assert [one.split for one in point.achieved] == ["val", "natural_val", "natural", "test"]
    (joint,) = (point for point in spec.operating_points if point.key == "one_in_10")
    on_val = joint.achieved[1]
    assert on_val.flagged is not None
    assert on_val.flagged.value <= 0.1
    assert on_val.flagged.high is not None
    assert spec.film_score is not None
    assert spec.film_score.label == "finding"
    assert [one.split for one in spec.film_score.points[0].achieved] == [one.split for one in joint.achieved]
    (curve,) = spec.free_response
    assert curve.split == "natural"


def test_measuring_again_reads_the_same_films_and_gives_the_same_figures(
    bundle_folder: Path, natural_root: Path
) -> None:
    bundle = load_bundle(bundle_folder)
    films = films_of_bundle(bundle.spec, natural_root)
    assert len(films.of("natural")) == 40
    again = measure_bundle(bundle, natural_root, None)
    assert again.operating_points == bundle.spec.operating_points
    assert again.free_response == bundle.spec.free_response
    assert again.held_out == bundle.spec.held_out
    assert again.metrics == bundle.spec.metrics


def test_the_card_says_at_what_prevalence_and_what_the_points_do_to_films(bundle_folder: Path) -> None:
    card = render_card(load_bundle(bundle_folder).spec)
    assert "Test films at natural prevalence" in card
    assert "Stated at the prevalence of 40 films of 40 patients at natural prevalence" in card
    assert "| 1 in 10 films without a finding flagged |" in card
    assert "Findings shown per film without one" in card


def test_films_of_other_hospitals_may_come_from_a_further_manifest_and_are_only_measured() -> None:
    elsewhere = FurtherFilms(manifest="elsewhere/manifest.csv", splits=["external"])
    assert elsewhere.here == {"external": "external"}
    assert elsewhere.learned() == "", "a finished run may be measured on them"
    for split in ("train", "val", "test"):
        with pytest.raises(ValidationError, match="external can only be external"):
            FurtherFilms.model_validate({"manifest": "elsewhere/manifest.csv", "splits": {"external": split}})


def test_splits_that_only_measure_are_as_free_as_the_texts(natural_recipe: Recipe, tmp_path: Path) -> None:
    """A run begun before they were named goes on, and its bundle may be measured on them."""
    entry = natural_recipe.data.further[0]
    before = entry.model_copy(update={"splits": ["train"]})
    assert entry.learned() == before.learned()
    assert FurtherFilms(manifest="a/manifest.csv", splits={"test": "natural"}).learned() == ""
    run = RunFolder(tmp_path)
    old = natural_recipe.flat() | {
        "weights": "",
        "data.further": [{**before.model_dump(mode="json"), "splits": ["train"]}],
    }
    run.start.write_text(json.dumps(old), encoding="utf-8")
    check_start(run, natural_recipe, None, resume=True)


def test_films_that_leave_labels_open_are_not_measured_under_another_name() -> None:
    with pytest.raises(ValidationError, match="only train"):
        FurtherFilms(manifest="a/manifest.csv", answers=["finding"], splits={"train": "natural"})
    with pytest.raises(ValidationError, match="Input should be"):
        DataRecipe.model_validate(
            {"manifest": "a", "labels": ["mass"], "further": [{"manifest": "b", "splits": {"test": "extra"}}]}
        )
