"""Folders of a hospital's own become manifests, with a table of what is known of their films."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from collection_files import film, options
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from training.cli import app
from training.films.layouts import LAYOUTS, import_layout
from training.films.manifest import read_manifest
from training.films.splits import SplitPlan


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """Films of two hospitals, one class of which is known nowhere, with a table of what is known of them."""
    root, rows = tmp_path / "ward", []
    for name in ("NORMAL", "Absceso pulmonar"):
        for index in range(20):
            path = root / name / f"{'ab'[index % 2]}-{index}.jpg"
            film(path, len(rows))
            path.rename(path.with_suffix(".jfif"))
            inside = f"{name}/{path.stem}.jfif"
            rows.append([inside, index // 2, ("west", "east")[index % 2], "F", 30 + index, "PA"])
    with (tmp_path / "facts.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "patient_id", "source", "sex", "age", "view"])
        writer.writerows(rows)
    return root


def test_own_folders_may_have_a_new_class_and_a_table_of_facts(ward, tmp_path):
    arguments = ["import", "folders", str(ward), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*arguments, "--facts", str(tmp_path / "facts.csv")])
    assert done.exit_code == 0, done.output
    assert "([labels.absceso_pulmonar]): absceso_pulmonar" in done.stdout
    films = read_manifest(tmp_path / "out" / "manifest.csv", own_labels=["absceso_pulmonar"])
    assert len(films) == 40
    assert Counter(one.source for one in films) == {"east": 20, "west": 20}
    assert {(one.sex, one.view) for one in films} == {("F", "PA")}
    assert {one.age for one in films} == {float(30 + index) for index in range(20)}
    assert {one.group for one in films} == {str(number) for number in range(10)}
    with pytest.raises(TrainingError, match="A label must be one of"):
        read_manifest(tmp_path / "out" / "manifest.csv")


def test_a_film_that_the_table_does_not_have_is_named(ward, tmp_path):
    film(ward / "NORMAL" / "late.png")
    with pytest.raises(TrainingError, match=r"a row for every film; there is none for NORMAL/late\.png"):
        LAYOUTS["folders"].read(ward, options(tmp_path, facts=tmp_path / "facts.csv"))


def facts_table(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_patient_filmed_on_two_devices_is_one_patient_and_two_hospitals_number_their_own(tmp_path):
    for name in ("a", "b", "c"):
        film(tmp_path / "films" / "NORMAL" / f"{name}.png")
    rows = ("a.png,7,device 1,", "b.png,7,device 2,", "c.png,7,device 1,north")
    table = facts_table(tmp_path / "t.csv", "file,patient_id,source,hospital", *rows)
    found = LAYOUTS["folders"].read(tmp_path / "films", options(tmp_path, facts=table)).films
    assert [one.group for one in found] == ["7", "7", "north-7"]
    assert [one.source for one in found] == ["device 1", "device 2", "device 1"]


def test_a_file_name_of_two_films_in_the_table_is_refused(tmp_path):
    for name in ("NORMAL", "COVID"):
        film(tmp_path / "films" / name / "1.png")
    table = facts_table(tmp_path / "t.csv", "file,patient_id", "1.png,7")
    with pytest.raises(TrainingError, match=r"1\.png is of COVID/1\.png and NORMAL/1\.png"):
        LAYOUTS["folders"].read(tmp_path / "films", options(tmp_path, facts=table))


def test_a_table_with_nothing_but_a_header_is_refused(tmp_path):
    film(tmp_path / "films" / "NORMAL" / "1.png")
    table = facts_table(tmp_path / "t.csv", "file,patient_id")
    with pytest.raises(TrainingError, match="received only a header"):
        LAYOUTS["folders"].read(tmp_path / "films", options(tmp_path, facts=table))


def test_the_source_is_found_in_a_path(ward, tmp_path):
    found = LAYOUTS["folders"].read(ward, options(tmp_path, source_pattern=r"/(\w)-")).films
    assert Counter(one.source for one in found) == {"a": 20, "b": 20}


def test_a_collection_may_have_no_test_films(ward, tmp_path):
    films = import_layout("folders", ward, tmp_path / "out", SplitPlan(val=0.2, test=0.0))
    assert Counter(one.split for one in films) == {"train": 32, "val": 8}
    with pytest.raises(TrainingError, match="`test` 0 or more"):
        SplitPlan(test=-0.1)
