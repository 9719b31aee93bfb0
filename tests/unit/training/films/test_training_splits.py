"""Splits keep patients whole and labels in proportion, follow the seed, and respect official ones."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from training.cli import app
from training.films.manifest import Film, check_disjoint, read_manifest
from training.films.manifest_writer import copy_manifest, write_manifest
from training.films.splits import SplitPlan, complete_splits, split_by_patient, split_by_time


def some_films(patients: int = 200) -> list[Film]:
    """One to five films a patient; `normal` 70 %, `covid` 25 %, `hernia` 5 % of the patients."""
    rng = np.random.default_rng(5)
    films = []
    for patient in range(patients):
        label = ("normal", "covid", "hernia")[int(np.searchsorted([0.7, 0.95], rng.random()))]
        films += [
            Film(
                Path(f"{patient}-{i}.png"),
                frozenset([label]),
                "",
                "a",
                f"g{patient}",
                str(patient),
                taken=str(i),
            )
            for i in range(rng.integers(1, 6))
        ]
    return films


def test_every_split_gets_its_share_of_every_label_and_whole_patients():
    films = some_films()
    made = complete_splits(films, SplitPlan(val=0.1, test=0.2, seed=3))
    assert [replace(film, split="") for film in made] == films
    check_disjoint(made, "made")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for film in made:
        counts[next(iter(film.labels))][film.split] += 1
    for label, found in counts.items():
        for split, share in (("train", 0.7), ("val", 0.1), ("test", 0.2)):
            assert found[split] / found.total() == pytest.approx(share, abs=0.08), (label, split)


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    films, shares = some_films(), {"train": 0.8, "val": 0.2}
    assert split_by_patient(films, shares, 1) == split_by_patient(films, shares, 1)
    assert split_by_patient(films, shares, 1) != split_by_patient(films, shares, 2)


def test_a_patient_with_two_split_groups_still_stays_in_one_split():
    films = [
        Film(Path(f"{i}.png"), frozenset(["normal"]), "", "a", f"study{i}", str(i // 4)) for i in range(80)
    ]
    made = split_by_patient(films, {"train": 0.5, "test": 0.5}, 0)
    assert all(len({film.split for film in made[i : i + 4]}) == 1 for i in range(0, 80, 4))


def test_official_splits_stay_and_a_missing_val_is_taken_out_of_train():
    films = [replace(f, split="test" if int(f.patient) % 4 == 0 else "train") for f in some_films()]
    made = complete_splits(films, SplitPlan(val=0.1, test=0.1, seed=1))
    before = {film.path: film.split for film in films}
    assert {(before[film.path], film.split) for film in made} == {
        ("test", "test"),
        ("train", "train"),
        ("train", "val"),
    }
    found = Counter(film.split for film in made)
    assert found["val"] / (found["val"] + found["train"]) == pytest.approx(1 / 9, abs=0.02)
    complete = [*made, *(replace(film, split="external", patient="x", group="x") for film in films[:1])]
    assert complete_splits(complete, SplitPlan()) == complete


def test_films_of_other_hospitals_are_never_dealt_out(tmp_path):
    for name in range(20):
        (tmp_path / f"{name}.png").write_bytes(b"not decoded here")
    rows = [f"{n}.png,{('normal', 'covid')[n % 2]},{'external' if n < 3 else 'train'}" for n in range(20)]
    manifest, out = tmp_path / "manifest.csv", tmp_path / "split.csv"
    manifest.write_text("\n".join(["path,label,split", *rows]) + "\n")
    arguments = ["split", str(manifest), "--out", str(out), "--balanced"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    films = read_manifest(out)
    assert [film.path.name for film in films if film.split == "external"] == ["0.png", "1.png", "2.png"]
    assert {film.split for film in films} == {"train", "val", "test", "external"}


def test_wrong_official_splits_are_refused():
    films = some_films()
    with pytest.raises(TrainingError, match="Either no film or every film must have a split"):
        complete_splits([replace(films[0], split="train"), *films[1:]], SplitPlan())
    torn = [replace(f, split="train" if i % 2 else "test") for i, f in enumerate(films)]
    with pytest.raises(TrainingError, match="The official split must keep all films of a patient"):
        complete_splits(torn, SplitPlan())
    with pytest.raises(TrainingError, match=r"received val=0\.5, test=0\.5"):
        SplitPlan(val=0.5, test=0.5)


def test_a_temporal_split_leaves_no_moment_and_no_patient_in_two_splits():
    rng = np.random.default_rng(2)
    films = [
        replace(film, taken=f"20{rng.integers(10, 20)}-0{rng.integers(1, 10)}-1{rng.integers(0, 10)}")
        for film in some_films()
    ]
    made = complete_splits(films, SplitPlan(temporal=True))
    check_disjoint(made, "made")
    dates = {
        split: [film.taken for film in made if film.split == split] for split in ("train", "val", "test")
    }
    assert max(dates["train"]) < min(dates["val"]) <= max(dates["val"]) < min(dates["test"])
    left_out = {film.path for film in films} - {film.path for film in made}
    last = {film.patient: max(f.taken for f in films if f.patient == film.patient) for film in films}
    assert left_out
    assert all(film.taken < last[film.patient] for film in films if film.path in left_out)


def test_a_temporal_split_works_on_follow_up_numbers_and_needs_them():
    made = split_by_time(some_films(), {"train": 0.2, "val": 0.3, "test": 0.5})
    last = {split: {int(f.taken) for f in made if f.split == split} for split in ("train", "test")}
    assert max(last["train"]) < min(last["test"])
    with pytest.raises(TrainingError, match=r"0-0.png: `study_date` must be a date .*'last spring'"):
        split_by_time([replace(f, taken="last spring") for f in some_films()], {"train": 1, "test": 1})
    with pytest.raises(TrainingError, match="too many are of one moment"):
        split_by_time([replace(f, taken="2020-01-01") for f in some_films()], {"train": 1, "test": 1})


def test_a_written_manifest_reads_back_as_the_same_films(tmp_path):
    (tmp_path / "films").mkdir()
    films = [
        Film(
            tmp_path / "films" / f"{i}.png",
            frozenset(["edema", "mass"][: i + 1]),
            "train",
            "a",
            f"g{i}",
            f"{i}",
            age=41.5 if i else None,
            sex="F",
            view="PA",
            population="adult",
            taken="2020-01-02",
        )
        for i in range(2)
    ]
    for film in films:
        film.path.write_bytes(b"not decoded here")
    read = write_manifest(films, tmp_path / "lists" / "manifest.csv")
    assert [replace(film, where="", path=film.path.resolve()) for film in read] == films


def test_copied_rows_keep_their_columns_and_find_their_films(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(b"not decoded here")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("path,label,licence\na.png,covid,MIT\nb.png,normal,BSD\nc.png,covid,MIT\n")
    out = tmp_path / "lists" / "split.csv"
    copy_manifest(manifest, out, {0: "train", 2: "test"})
    assert [film.split for film in read_manifest(out)] == ["train", "test"]
    with out.open() as stream:
        assert [row["licence"] for row in csv.DictReader(stream)] == ["MIT", "MIT"]
    with pytest.raises(TrainingError, match="`out` must be another file"):
        copy_manifest(manifest, tmp_path / "lists" / ".." / "manifest.csv", {0: "train"})
