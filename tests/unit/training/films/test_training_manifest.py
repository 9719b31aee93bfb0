"""A manifest is checked before training, and a wrong one is refused with file, row and rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_model import subject_of

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.settings import ROOT
from training.evaluation.subject import data_of_bundle
from training.films.manifest import of_split, read_manifest
from training.films.of_recipe import choose_labels, read_films, training_films
from training.fitting.data import targets_of
from training.recipe import DataRecipe


def write(folder: Path, text: str, *films: str) -> Path:
    for name in films:
        (folder / name).write_bytes(b"not decoded here")
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_are_read_from_either_column_and_become_stable_keys(tmp_path):
    path = write(
        tmp_path,
        "path,labels,split\na.png,Pleural_Thickening|Edema,train\nb.png,No Finding,val\n",
        "a.png",
        "b.png",
    )
    films = read_manifest(path, negative_label="no_finding")
    assert films[0].labels == {"pleural_thickening", "edema"}
    assert films[1].labels == frozenset()
    path = write(tmp_path, "path,label,split\na.png,covid,train\n")
    assert read_manifest(path)[0].labels == {"covid"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,labels\na.png,Edema\n", "columns path, split and labels"),
        ("path,split\na.png,train\n", "Missing: labels"),
        (
            "path,labels,split\na.png,Edema,train\ngone.png,Edema,train\n",
            "row 3: `path` must be a file.*gone.png",
        ),
        ("path,labels,split\na.png,Oedema,train\n", "row 2: A label must be one of .*'Oedema'"),
        ("path,labels,split\na.png,,train\n", "row 2: `labels` must name at least one label"),
        ("path,labels,split\na.png,No Finding|Edema,train\n", "row 2: 'no_finding' must stand alone"),
        ("path,labels,split\n", "only a header"),
    ],
)
def test_a_wrong_manifest_is_refused_with_row_and_rule(tmp_path, text, said):
    path = write(tmp_path, text, "a.png")
    with pytest.raises(TrainingError, match=said):
        read_manifest(path, negative_label="no_finding")


def test_a_missing_manifest_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="there is none at"):
        read_manifest(tmp_path / "manifest.csv")


@pytest.mark.parametrize("column", ["patient_id", "split_group"])
def test_a_patient_in_two_splits_is_refused(tmp_path, column):
    text = f"path,labels,split,{column}\na.png,Edema,train,p7\nb.png,Edema,test,p7\n"
    with pytest.raises(TrainingError, match=r"all films of a patient in one split; .*p7.* is in test, train"):
        read_manifest(write(tmp_path, text, "a.png", "b.png"))


TORN = (
    "path,labels,split,patient_id\n"
    "a.png,Edema,train,p1\nb.png,Edema,test,p1\nc.png,Edema,val,p1\n"
    "d.png,Edema,train,p2\ne.png,Edema,val,p2\nf.png,Edema,train,p3\n"
)


@pytest.mark.parametrize(
    ("torn", "left"), [("train_gives_way", ["b.png", "e.png", "f.png"]), ("leave_out", ["f.png"])]
)
def test_a_patient_in_two_splits_keeps_the_films_that_measure_or_none(tmp_path, torn, left):
    path = write(tmp_path, TORN, *(f"{name}.png" for name in "abcdef"))
    assert [film.path.name for film in read_manifest(path, torn=torn)] == left
    data = _data(labels=["edema"], torn_patients=torn)
    assert [film.path.name for film in read_films(data, path)] == left
    with pytest.raises(TrainingError, match="one split"):
        read_films(_data(labels=["edema"]), path)


def test_a_film_that_is_left_out_takes_its_patient_along(tmp_path):
    text = "path,labels,split,patient_id\na.png,Edema,test,p1\nb.png,Edema,test,p1\nc.png,Edema,test,p2\n"
    path = write(tmp_path, text, "a.png", "b.png", "c.png")
    films = read_films(_data(leave_out=["path=b.png"]), path)
    assert [film.path.name for film in films] == ["c.png"]


def test_further_films_of_the_same_hospital_leave_out_patients_who_measure_here(tmp_path):
    (tmp_path / "there").mkdir()
    first = "path,labels,split,patient_id,source\na.png,Edema,test,p1,h\nb.png,Edema,train,p2,h\n"
    path = write(tmp_path, first, "a.png", "b.png")
    rows = "c.png,Edema,p1,1\nd.png,Mass,p2,2\ne.png,Hernia,p3,3\nf.png,Edema,,4\n"
    rows = rows.replace("\n", ",train,H\n")
    header = "path,labels,patient_id,split_group,split,source\n"
    write(tmp_path / "there", header + rows, "c.png", "d.png", "e.png", "f.png")
    further = {"manifest": "there/manifest.csv", "only_labels": ["edema", "mass"]}

    def read(**changes: object) -> list[tuple[str, str]]:
        films = read_films(_data(further=[further | changes]), path)
        return [(film.path.name, film.source) for film in films[2:]]

    assert read() == [("c.png", "H"), ("d.png", "H"), ("f.png", "H")]
    assert read(source="h") == [("d.png", "h"), ("f.png", "h")]
    assert read(most=1) == [("c.png", "H"), ("d.png", "H")], "one of each label"
    assert read(most=2) == read()
    assert read(leave_out_rows={"path": ["c.png"]}) == [("d.png", "H"), ("f.png", "H")]


def test_a_split_without_films_is_refused(tmp_path):
    films = read_manifest(write(tmp_path, "path,labels,split\na.png,Edema,train\n", "a.png"))
    with pytest.raises(TrainingError, match="split 'external'"):
        of_split(films, "external")


def _data(**changes) -> DataRecipe:
    return DataRecipe.model_validate({"manifest": "m.csv", "labels": ["edema", "mass"]} | changes)


def test_labels_with_too_few_films_are_left_out_but_still_count_as_a_finding(tmp_path):
    rows = "a.png,Edema,train\nb.png,Edema,val\nc.png,Mass,train\nd.png,No Finding,train\n"
    path = write(tmp_path, "path,labels,split\n" + rows, "a.png", "b.png", "c.png", "d.png")
    films = read_manifest(path, negative_label="no_finding")
    labels, left_out = choose_labels(films, _data(any_label="finding"))
    assert labels == ["edema", "finding"]
    assert left_out == {"mass": (1, 0)}
    assert targets_of(films, labels, "finding").tolist() == [[1, 1], [1, 1], [0, 1], [0, 0]]
    natural = replace(films[1], split="natural_val", labels=frozenset({"mass"}))
    labels, left_out = choose_labels([*films, natural], _data(any_label="finding"))
    assert (labels, left_out) == (["edema", "mass", "finding"], {})


def test_sources_are_excluded_and_capped_in_train_only(tmp_path):
    names = [f"{i}.png" for i in range(9)]
    rows = "".join(f"{name},Edema,train,{'ab'[i % 2]}\n" for i, name in enumerate(names[:8]))
    path = write(tmp_path, f"path,labels,split,source\n{rows}8.png,Edema,val,b\n", *names)
    films = read_manifest(path)
    chosen = training_films(films, _data(exclude_train_sources=["b"], max_train_films_per_source=3), seed=1)
    assert [film.source for film in chosen] == ["a"] * 3
    assert chosen == training_films(
        films, _data(exclude_train_sources=["b"], max_train_films_per_source=3), seed=1
    )


def test_films_of_other_classes_are_left_out_when_the_recipe_says_so(films_root, tiny_recipe):
    path = films_root / tiny_recipe.data.manifest
    data = tiny_recipe.data.model_copy(update={"labels": ["mass"], "negative_label": None})
    assert len(read_films(data, path)) == 72
    assert read_films(data.model_copy(update={"other_films": "leave_out"}), path) == []
    both = data.model_copy(update={"other_films": "leave_out", "labels": ["effusion"]})
    assert {tuple(film.labels) for film in read_films(both, path)} == {("effusion",)}
    negative = both.model_copy(update={"labels": ["mass"], "negative_label": "no_finding"})
    assert {tuple(film.labels) for film in read_films(negative, path)} == {()}


FOURTH = (
    "path,labels,split,patient_id\n"
    "a.png,normal,test,p1\nb.png,covid,test,p2\nc.png,Abscess,test,p3\nd.png,No Finding,test,p4\n"
)


@pytest.mark.parametrize("kind", ["run", "bundle"])
def test_a_class_that_a_recipe_leaves_out_is_left_out_when_its_model_is_measured(tmp_path, kind):
    path = write(tmp_path, FOURTH, *(f"{name}.png" for name in "abcd"))
    data = _data(labels=["normal", "covid"], other_films="leave_out")
    if kind == "bundle":
        spec = load_bundle(ROOT / "models" / "covid").spec
        flat = spec.training.recipe | {"data.other_films": "leave_out", "data.labels": data.labels}
        training = spec.training.model_copy(update={"recipe": flat})
        data = data_of_bundle(spec.model_copy(update={"training": training}))
    subject = subject_of("softmax", data=data)
    assert [film.path.name for film in subject.read(path)] == ["a.png", "b.png"]
    assert subject.read(path) == read_films(data.model_copy(update={"manifest": path.name}), path)
