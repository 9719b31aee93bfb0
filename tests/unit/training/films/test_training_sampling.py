"""Classes are balanced by leaving films out or by repeating them, the same way for the same seed."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.films.manifest import Film
from training.films.of_recipe import training_films
from training.films.sampling import balanced_subset, class_names, oversample, undersample
from training.fitting.fit import fit
from training.recipe import DataRecipe, Recipe


def films_of(counts: dict[str, int], split: str = "train") -> list[Film]:
    return [
        Film(Path(f"{split}-{label}-{index}.png"), frozenset([label]), split)
        for label, count in counts.items()
        for index in range(count)
    ]


def test_undersampling_leaves_as_many_of_each_class_as_the_smallest_has():
    films = films_of({"normal": 9, "covid": 4, "pneumonia": 6})
    kept = undersample(films, seed=1)
    assert Counter(class_names(kept)) == {"normal": 4, "covid": 4, "pneumonia": 4}
    assert kept == [film for film in films if film in set(kept)]
    assert kept == undersample(films, seed=1)
    assert kept != undersample(films, seed=2)


def test_oversampling_repeats_evenly_and_loses_no_film():
    films = films_of({"normal": 11, "covid": 4})
    made = oversample(films, seed=1)
    assert Counter(class_names(made)) == {"normal": 11, "covid": 11}
    repeats = Counter(made)
    assert set(repeats) == set(films)
    assert {repeats[film] for film in films if "covid" in film.labels} == {2, 3}
    assert {repeats[film] for film in films if "normal" in film.labels} == {1}


def test_films_with_several_labels_are_balanced_as_finding_and_no_finding():
    films = [Film(Path(f"{i}"), frozenset({"edema", "mass"} if i < 2 else ()), "train") for i in range(7)]
    assert Counter(class_names(undersample(films, seed=0))) == {"finding": 2, "no_finding": 2}


def test_a_balanced_subset_is_balanced_inside_every_split():
    films = films_of({"normal": 5, "covid": 3}) + films_of({"normal": 2, "covid": 4}, "test")
    kept = balanced_subset(films, seed=0)
    assert Counter((film.split, *film.labels) for film in kept) == {
        ("train", "normal"): 3,
        ("train", "covid"): 3,
        ("test", "normal"): 2,
        ("test", "covid"): 2,
    }
    with pytest.raises(TrainingError, match="'val' has none of covid"):
        balanced_subset(films + films_of({"normal": 1}, "val"), seed=0)


def test_a_recipe_undersamples_its_train_films_only():
    films = films_of({"normal": 5, "covid": 3}) + films_of({"normal": 9}, "val")
    data = DataRecipe(manifest="m.csv", labels=["normal", "covid"], sampling="undersample")
    assert Counter(class_names(training_films(films, data, seed=0))) == {"normal": 3, "covid": 3}


def test_a_recipe_repeats_train_films_and_records_how_many_there_are(films_root, tiny_recipe, tmp_path):
    with (films_root / "films" / "manifest.csv").open() as stream:
        rows = [row | {"path": films_root / "films" / row["path"]} for row in csv.DictReader(stream)]
    positive = [row for row in rows if row["split"] == "train" and row["labels"] == "Effusion"]
    kept = [row for row in rows if row not in positive[5:]]
    with (tmp_path / "manifest.csv").open("w") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)
    changes = {
        "data": {"manifest": "manifest.csv", "sampling": "oversample", "gate_manifest": None},
        "fit": {"head_epochs": 0, "fine_tune_epochs": 1},
    }
    table = tiny_recipe.model_dump()
    recipe = Recipe.model_validate(table | {name: table[name] | change for name, change in changes.items()})
    record = fit(recipe, tmp_path, tmp_path / "run")
    negative = sum(row["split"] == "train" and row["labels"] == "No Finding" for row in rows)
    assert record.train_films == negative + 5
    assert np.load(tmp_path / "run" / "features" / "train.npy", mmap_mode="r").shape[1] == 2 * negative
