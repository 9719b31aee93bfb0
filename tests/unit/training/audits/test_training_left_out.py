"""Features judged by hospitals left out: made-up features whose worth there is known."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from training.audits.left_out import classed_films, leave_sources_out
from training.audits.left_out_recipe import leave_out_of_recipe
from training.cli.app import app
from training.films.of_recipe import read_films
from training.recipe import Recipe

SICK_SOURCES, WELL_SOURCES = ("clinic a", "clinic b"), ("school a", "school b")


@pytest.fixture
def films() -> tuple[np.ndarray, np.ndarray]:
    """Sixty films of each of four sources; sick ones come from clinics, well ones from schools."""
    sources = np.repeat([*SICK_SOURCES, *WELL_SOURCES], 60)
    classes = np.where(np.isin(sources, SICK_SOURCES), "sick", "well")
    return classes, sources


def _embeddings(signal: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(4).normal(size=(len(signal), 20))
    noise[:, 0] += 4.0 * signal
    return noise.astype(np.float32)


def test_features_of_disease_work_where_the_head_has_never_been(films) -> None:
    classes, sources = films
    (found,) = leave_sources_out(_embeddings(classes == "sick"), classes, sources, [("clinic b", "school b")])
    assert found.films == 120
    assert found.auroc["sick"] > 0.95
    assert found.mean == pytest.approx((found.auroc["sick"] + found.auroc["well"]) / 2)


def test_features_of_the_hospital_alone_are_worth_nothing_elsewhere(films) -> None:
    classes, sources = films
    hospital = np.isin(sources, ["clinic a", "school b"])
    (found,) = leave_sources_out(_embeddings(hospital), classes, sources, [("clinic b", "school b")])
    assert found.auroc["sick"] < 0.3


def test_every_class_must_keep_films_to_learn_from(films) -> None:
    classes, sources = films
    with pytest.raises(TrainingError, match=r"without clinic a, clinic b there are none of sick"):
        leave_sources_out(_embeddings(classes == "sick"), classes, sources, [SICK_SOURCES])


def test_an_unknown_source_is_refused_with_those_there_are(films) -> None:
    classes, sources = films
    with pytest.raises(TrainingError, match=r"clinic a, .*school b; received elsewhere"):
        leave_sources_out(_embeddings(classes == "sick"), classes, sources, [("elsewhere",)])


def test_one_class_alone_cannot_be_measured(films) -> None:
    classes, sources = films
    with pytest.raises(TrainingError, match="two classes; received one"):
        leave_sources_out(_embeddings(classes == "sick"), classes, sources, [("clinic b",)])


def test_classes_of_a_manifest_are_of_its_train_and_val_films(films_root):
    films, classes = classed_films(films_root / "films" / "manifest.csv")
    assert {film.split for film in films} == {"train", "val"}
    assert set(classes) == {"effusion", "no_finding"}
    assert [name == "effusion" for name in classes] == ["effusion" in film.labels for film in films]


@pytest.mark.parametrize(("subject", "needed"), [("covid", "--data"), (".", "--manifest")])
def test_a_bundle_needs_a_manifest_and_a_recipe_its_folder(subject, needed, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    answer = CliRunner().invoke(app, ["leave-out", subject, "--sources", "a,b"])
    assert answer.exit_code == 2
    assert f"must be told {needed}" in answer.output


def test_recall_and_pairs_are_counted_on_films_left_out_alone(films) -> None:
    classes, sources = films
    (found,) = leave_sources_out(_embeddings(classes == "sick"), classes, sources, [("clinic b", "school b")])
    assert found.pairs == {("sick", "well"): pytest.approx(found.auroc["sick"])}
    assert set(found.recall) == {"sick", "well"}
    assert found.balanced_recall == pytest.approx(np.mean(list(found.recall.values())))
    assert found.balanced_recall > 0.85


def test_rows_that_may_not_be_asked_teach_and_others_are_asked_only(films) -> None:
    classes, sources = films
    asked = np.arange(len(classes)) % 2 == 0
    told = np.where(asked, classes == "sick", classes == "well")  # the odd rows' features say the contrary
    (found,) = leave_sources_out(
        _embeddings(told), classes, sources, [("clinic b", "school b")], asked=asked, learned=asked
    )
    assert found.films == 60
    assert found.auroc["sick"] > 0.95
    (wrong,) = leave_sources_out(
        _embeddings(told), classes, sources, [("clinic b", "school b")], asked=asked, learned=~asked
    )
    assert wrong.auroc["sick"] < 0.05


def test_a_patient_who_is_asked_about_does_not_teach_in_another_hospital(films) -> None:
    classes, sources = films
    patients = [f"{name} {n}" for n, name in enumerate(sources)]
    patients[0] = patients[60]  # of clinic a, and of clinic b, which is left out
    patients[1] = patients[2] = ""
    seen = []

    def head(known: np.ndarray, *rest: object) -> tuple[list[str], np.ndarray]:
        seen.append(len(known))
        return ["sick", "well"], np.full((len(rest[-1]), 2), 0.5)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.audits.left_out._head", head)
        embeddings = _embeddings(classes == "sick")
        leave_sources_out(embeddings, classes, sources, [("clinic b", "school b")])
        leave_sources_out(embeddings, classes, sources, [("clinic b", "school b")], patients=patients)
    assert seen == [120, 119]


@pytest.fixture(scope="module")
def four_hospitals(films_root, tmp_path_factory) -> Path:
    """Drawn films of two clinics and two schools, and a further manifest of one clinic under another name."""
    root = tmp_path_factory.mktemp("four")
    shutil.copytree(films_root / "films", root / "films")
    with (root / "films" / "manifest.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    counted: Counter[tuple[bool, str]] = Counter()
    for index, row in enumerate(rows):
        sick = row["labels"] == "Effusion"
        counted[sick, row["split"]] += 1
        half = "ab"[counted[sick, row["split"]] % 2]
        row |= {
            "labels": "Pneumonia" if sick else "Normal",
            "source": f"clinic {half}" if sick else f"school {half}",
            "patient_id": f"p{index}",
            "split_group": f"p{index}",
        }
    _write(root / "films" / "manifest.csv", rows)
    shutil.copytree(root / "films", root / "more")
    _write(
        root / "more" / "manifest.csv",
        [
            row | {"source": "annex", "patient_id": f"x{n}", "split_group": f"x{n}"}
            for n, row in enumerate(rows)
        ],
    )
    return root


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("activation", "labels"), [("softmax", ["normal", "pneumonia"]), ("sigmoid", ["pneumonia"])]
)
def test_a_recipe_is_asked_about_its_own_hospitals_with_the_features_that_fit_keeps(
    four_hospitals, tiny_recipe, tmp_path, activation, labels
) -> None:
    table = tiny_recipe.model_dump(mode="json")
    table["data"] |= {
        "labels": labels,
        "negative_label": None if activation == "softmax" else "normal",
        "any_label": None,
        "further": [{"manifest": "more/manifest.csv", "source": "clinic b", "only_labels": ["pneumonia"]}],
    }
    table["network"] |= {"activation": activation, "unfreeze_last": 0, "fine_tune_after": None}
    table["views"] = {"smallest_side": 24}
    table["fit"] |= {"copies": 2, "fine_tune_epochs": 0, "head_epochs": 2}
    recipe = Recipe.model_validate(table)
    sets = [("clinic b", "school b")]
    keras.utils.set_random_seed(0)
    (found,) = leave_out_of_recipe(recipe, four_hospitals, tmp_path, None, sets)
    films = read_films(recipe.data, four_hospitals / "films" / "manifest.csv")
    own = [film for film in films if (four_hospitals / "films") in film.path.parents]
    here = [film for film in own if film.source in sets[0] and film.split in ("train", "val")]
    assert 0 < len(own) < len(films)
    assert found.films == len(here), "neither copies nor films of the further manifest are asked about"
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("views-*.npy")}
    assert len(kept) == 4, "features and moves, of train and of val"
    keras.utils.set_random_seed(0)
    leave_out_of_recipe(recipe, four_hospitals, tmp_path, None, sets)
    assert kept == {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("views-*.npy")}


def test_a_recipe_that_trains_more_than_a_head_is_refused(tiny_recipe, tmp_path) -> None:
    with pytest.raises(TrainingError, match=r"a head alone"):
        leave_out_of_recipe(tiny_recipe, tmp_path, tmp_path, "w.keras", [("a",)])
