"""A child or an adult: whose films teach it, what it may not learn from, and how it comes into the gate."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.schema_age import AGE_FILE, AgeGroup
from cxr_dash.settings import ROOT
from training.cli import app
from training.evaluation.age_group import (
    AgeLimits,
    AgeTable,
    age_figures,
    balanced_weights,
    child_probabilities,
    choose_limits,
    fit_age_head,
)
from training.evaluation.text import age_lines
from training.export import age_group as exporting
from training.films import drawn_adults
from training.films.ages import AgeCollection, read_age_films


def a_table(seed: int = 0, *, films: int = 240) -> AgeTable:
    """Two hospitals with both age groups, a third with children alone.

    Feature 0 tells the age, faintly; feature 1 the third hospital, beyond doubt.
    """
    rng = np.random.default_rng(seed)
    hospital = np.arange(films) % 3
    children = (hospital == 2) | (rng.random(films) < 0.3)
    embeddings = rng.normal(0, 1, (films, 6)).astype(np.float32)
    embeddings[:, 0] += 2.0 * children
    embeddings[:, 1] += 8.0 * (hospital == 2)
    names = [("north", "south", "children only")[one] for one in hospital]
    return AgeTable(embeddings, children, names, [str(index // 2) for index in range(films)])


def test_an_age_group_counts_as_much_as_the_other_and_a_hospital_as_much_as_another():
    films = a_table()
    weights, names = balanced_weights(films), np.asarray(films.collections)
    assert weights.mean() == pytest.approx(1.0)
    assert weights[films.children].sum() == pytest.approx(weights[~films.children].sum())
    sums = [weights[films.children & (names == name)].sum() for name in ("north", "south", "children only")]
    assert sums == pytest.approx([sums[0]] * 3)


def test_the_head_tells_age_groups_within_hospitals_on_embeddings_as_they_are():
    head, told = fit_age_head(a_table())
    fresh = a_table(seed=1)
    stated = child_probabilities(head, fresh.embeddings)
    assert ((stated >= 0) & (stated <= 1)).all()
    both = np.asarray(fresh.collections) != "children only"
    children, adults = stated[both & fresh.children], stated[both & ~fresh.children]
    assert (children[:, None] > adults[None]).mean() > 0.8
    assert "AUROC within collections 0." in told
    # the app multiplies the embedding itself: one film alone gives the same
    alone = head.logits(fresh.embeddings[0])
    assert 1 / (1 + np.exp(-float(alone[0]))) == pytest.approx(stated[0], abs=1e-5)


def test_limits_refuse_at_most_one_in_a_hundred_of_each_collection():
    rng = np.random.default_rng(2)
    children = np.arange(900) < 300
    names = ["kids" if child else ("a", "b")[index % 2] for index, child in enumerate(children)]
    stated = np.where(children, rng.beta(8, 2, 900), rng.beta(2, 8, 900))
    # collection b looks younger throughout
    stated = np.clip(stated + 0.1 * np.array([name == "b" for name in names]), 0, 1)
    films = AgeTable(np.zeros((900, 1), np.float32), children, names, [str(i) for i in range(900)])
    limits = choose_limits(films, stated)
    for name in ("a", "b"):
        inside = np.asarray(names) == name
        assert (stated[inside] >= limits.child_above).mean() <= 0.01
    assert (stated[children] < limits.adult_below).mean() <= 0.01
    adults_of_b = stated[np.asarray(names) == "b"]
    assert (adults_of_b < limits.adult_below).mean() <= 0.96, "no more than it takes"
    assert 0 < limits.adult_below <= limits.child_above < 1


def test_a_collection_with_few_films_of_an_age_group_does_not_set_its_limit():
    stated = np.array([0.1] * 200 + [0.99] * 3 + [0.9] * 100)
    names = ["many"] * 200 + ["few"] * 3 + ["kids"] * 100
    children = np.array([False] * 203 + [True] * 100)
    films = AgeTable(np.zeros((303, 1), np.float32), children, names, [str(i) for i in range(303)])
    assert choose_limits(films, stated).child_above < 0.2


def test_figures_count_both_age_groups_of_each_collection_with_intervals():
    stated = np.array([0.9, 0.9, 0.5, 0.1, 0.05, 0.95])
    children = np.array([True, True, True, False, False, False])
    films = AgeTable(np.zeros((6, 1), np.float32), children, ["x"] * 6, list("aabcde"))
    (row,) = age_figures(films, stated, AgeLimits(0.1, 0.9))
    assert (row.children, row.adults) == (3, 3)
    found = [
        row.children_found,
        row.children_taken_for_adults,
        row.adults_found,
        row.adults_taken_for_children,
    ]
    assert [round(one.value, 3) for one in found if one] == [0.667, 0.0, 0.333, 0.333]
    assert all(one and one.low is not None and one.high is not None and one.low < one.high for one in found)


def a_manifest(folder: Path, rows: list[tuple[str, str, str, str]]) -> None:
    folder.mkdir()
    with (folder / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "split", "source", "age", "population"])
        for index, (split, source, age, population) in enumerate(rows):
            (folder / f"{index}.png").touch()
            writer.writerow([f"{index}.png", "normal", split, source, age, population])


def test_films_of_unknown_or_middling_age_and_of_other_hospitals_take_no_part(tmp_path):
    a_manifest(
        tmp_path / "one",
        [
            ("train", "s", "4", ""),
            ("train", "s", "12", "adult"),
            ("train", "s", "18", ""),
            ("train", "s", "", ""),
            ("val", "s", "", "adult"),
            ("test", "s", "", "paediatric"),
            ("external", "s", "50", ""),
            ("train", "other", "50", ""),
        ],
    )
    learned = AgeCollection("one", "one/manifest.csv", ("s",))
    found = read_age_films(tmp_path, [learned])
    assert [(one.film.path.name, one.child, one.part) for one in found] == [
        ("0.png", True, "train"),
        ("2.png", False, "train"),
        ("4.png", False, "val"),
        ("5.png", True, "test"),
    ]
    judged = AgeCollection("one", "one/manifest.csv", ("s",), learned=False)
    assert {one.part for one in read_age_films(tmp_path, [judged])} == {"test"}
    children = AgeCollection("one", "one/manifest.csv", children=True, most=2)
    kept = [one for one in read_age_films(tmp_path, [children]) if one.part == "train"]
    assert [one.film.path.name for one in kept] == ["0.png", "2.png"], "as many as asked for, evenly"
    adults = AgeCollection("one", "one/manifest.csv", adults=True)
    assert not any(one.child for one in read_age_films(tmp_path, [adults])), "whatever its rows say"


def test_drawn_chests_are_adults_and_the_pages_own_is_none_that_the_head_learned_from(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn_adults, "_LEARNED", range(1000, 1002))
    monkeypatch.setattr(drawn_adults, "_JUDGED", range(2))
    drawn = drawn_adults.drawn_adults(tmp_path)
    assert not any(one.child for one in drawn)
    parts = ("train", "val", "test")
    builds = {part: {one.film.group for one in drawn if one.part == part} for part in parts}
    assert builds == {"train": {"1000", "1001"}, "val": set(), "test": {"0", "1"}}
    times = {one.film.path: one.film.path.stat().st_mtime_ns for one in drawn}
    assert len(times) == 4 * 7, "four builds, as drawn and in six tones"
    again = drawn_adults.drawn_adults(tmp_path)
    assert {one.film.path: one.film.path.stat().st_mtime_ns for one in again} == times, "drawn once"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in ("findings", "lungs"):
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / name).symlink_to(ROOT / "models" / name)
    shutil.copytree(ROOT / "models" / "gate", tmp_path / "models" / "gate")
    return tmp_path / "models"


def test_the_command_trains_on_a_trunks_features_and_puts_the_head_into_the_gate(
    models, tmp_path, monkeypatch, films_root
):
    """The trunk is the shipped one; drawn films stand for children and adults."""
    collection = AgeCollection("drawn", "films/manifest.csv")
    films = read_age_films(films_root, [collection])
    films = [one.__class__(one.film, int(one.film.path.stem) % 4 < 2, collection) for one in films]
    monkeypatch.setattr(exporting, "read_age_films", lambda _: films)
    monkeypatch.setattr(drawn_adults, "_LEARNED", range(1000, 1002))
    monkeypatch.setattr(drawn_adults, "_JUDGED", range(1))
    arguments = ["age-group", str(models), "--data", str(films_root), "--prepared", str(tmp_path / "kept")]
    before = load_bundle(models / "gate").spec
    dry = CliRunner().invoke(app, arguments)
    assert dry.exit_code == 0, dry.output
    assert load_bundle(models / "gate").spec == before, "nothing is written without --write"
    assert len(list((tmp_path / "kept").glob("embeddings-*.npz"))) == 1
    done = CliRunner().invoke(app, [*arguments, "--write"])
    assert done.exit_code == 0, done.output
    gate = load_bundle(models / "gate")
    group = gate.spec.age_group
    assert group is not None
    assert group.trunk.sha256 == load_bundle(models / "findings").serving_sha256
    assert AGE_FILE in gate.spec.files
    row, drawn = group.figures
    assert row.children + row.adults == sum(one.part == "test" for one in films)
    assert (drawn.collection, drawn.children, drawn.adults) == ("Drawn chests", 0, 7)
    assert "## A child or an adult" in gate.card
    assert json.loads((models / "gate" / "bundle.json").read_text())["age_group"]["trunk"]["id"] == "findings"
    assert done.stdout.splitlines() == age_lines(group)


def test_a_folder_without_a_gate_is_refused(tmp_path):
    head, _ = fit_age_head(a_table())
    group = AgeGroup.model_validate(
        {
            "trunk": {"id": "findings", "sha256": "0" * 64},
            "children_below_years": 10,
            "adults_from_years": 18,
            "adult_below": 0.1,
            "child_above": 0.9,
            "chosen_on": "val",
        }
    )
    with pytest.raises(TrainingError, match="kind gate"):
        exporting.write_age_group(tmp_path, head, group)
