"""Collections as they are published become manifests; what is not as published is named, file and rule."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from collection_files import film, options
from typer.testing import CliRunner

from cxr_dash.domain import PreparationSpec
from cxr_dash.errors import TrainingError
from training.cli import app
from training.films.layouts import LAYOUTS, import_layout
from training.films.manifest import Film, of_split, read_manifest
from training.films.prepared import prepare_film
from training.films.splits import SplitPlan

NIH_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)


def labels_by_split(films: list[Film]) -> Counter[tuple[str, str]]:
    return Counter((one.split, "|".join(sorted(one.labels))) for one in films)


@pytest.fixture
def radiography(tmp_path: Path) -> Path:
    """The COVID-19 Radiography Database in small: films in ``images/``, beside masks and tables."""
    root = tmp_path / "COVID-19_Radiography_Dataset"
    for name in ("COVID", "Lung_Opacity", "Normal", "Viral Pneumonia"):
        for index in range(10):
            film(root / name / "images" / f"{name}-{index}.png", index)
            film(root / name / "masks" / f"{name}-{index}.png", index)
        (root / f"{name}.metadata.xlsx").write_bytes(b"not read")
    return root


@pytest.fixture
def kermany(tmp_path: Path) -> Path:
    """Kermany's tree in small: official train and test, no val, patients in the file names."""
    root = tmp_path / "chest_xray"
    for split, patients in (("train", range(20)), ("test", range(100, 106))):
        for patient in patients:
            film(root / split / "NORMAL" / f"IM-{patient:04d}-0001.jpeg", patient)
            for index in range(2):
                film(root / split / "PNEUMONIA" / f"person{patient}_bacteria_{index}.jpeg", patient + index)
    film(root / "__MACOSX" / "train" / "NORMAL" / "._IM-0001.jpeg")
    return root


@pytest.fixture
def nih(tmp_path: Path) -> Path:
    """ChestX-ray14 in small: 30 patients with 2 films each, in two image folders, the last 6 in test."""
    root = tmp_path / "nih"
    rows, lists = [], {"train_val_list.txt": [], "test_list.txt": []}
    for patient in range(1, 31):
        for visit in range(2):
            folder = root / f"images_{1 + patient % 2:03d}" / "images"
            name = film(folder / f"{patient:08d}_{visit:03d}.png", patient)
            found = "No Finding" if patient % 3 else "Effusion|Pleural_Thickening"
            age = "058Y" if patient == 1 else 411 if patient == 2 else 40 + patient
            rows.append(f"{name},{found},{visit},{patient},{age},{'FM'[patient % 2]},PA,2682,2749,0.1,0.1,")
            lists["test_list.txt" if patient > 24 else "train_val_list.txt"].append(name)
    (root / "Data_Entry_2017.csv").write_text("\n".join([NIH_HEADER, *rows]) + "\n")
    for name, films in lists.items():
        (root / name).write_text("\n".join(films))
    boxes = ["Image Index,Finding Label,Bbox [x,y,w,h],,,", "00000003_000.png,Infiltrate,10.5,2,20,30,,,"]
    (root / "BBox_List_2017.csv").write_text("\n".join(boxes) + "\n")
    return root


def medmnist(path: Path, **changes: np.ndarray) -> Path:
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for split, count in (("train", 6), ("val", 3), ("test", 4)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        arrays[f"{split}_labels"] = np.arange(count, dtype=np.uint8)[:, None] % 2
    np.savez(path, **arrays | changes)
    return path


def patches(path: Path, **arrays: object) -> Path:
    with h5py.File(path, "w") as stream:
        for name, values in arrays.items():
            stream[name] = values
    return path


def test_folders_of_classes_are_split_in_proportion_and_masks_are_no_films(radiography, tmp_path):
    films = import_layout("folders", radiography, tmp_path / "out", SplitPlan(0.1, 0.2, 1))
    assert labels_by_split(films) == {
        (split, label): count
        for label in ("covid", "lung_opacity", "normal", "viral_pneumonia")
        for split, count in (("train", 7), ("val", 1), ("test", 2))
    }
    assert {one.path.parent.name for one in films} == {"images"}
    assert {one.source for one in films} == {"COVID-19_Radiography_Dataset"}
    assert read_manifest(tmp_path / "out" / "manifest.csv") == films
    record = json.loads((tmp_path / "out" / "import.json").read_text())
    assert record["films"] == {"train": 28, "val": 4, "test": 8}
    assert record["official_splits"] == []
    assert record["made_splits"]["seed"] == 1


def test_the_same_seed_makes_the_same_manifest(radiography, tmp_path):
    texts = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        import_layout("folders", radiography, tmp_path / name, SplitPlan(seed=seed))
        texts.append((tmp_path / name / "manifest.csv").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_an_official_tree_keeps_its_test_films_and_val_comes_out_of_train_by_patient(kermany, tmp_path):
    pattern = r"^(person\d+_[a-z]+|.*IM-\d+)"
    films = import_layout(
        "folders",
        kermany,
        tmp_path / "out",
        SplitPlan(val=0.2, test=0.2),
        options(tmp_path, patient_pattern=pattern),
    )
    counts = labels_by_split(films)
    assert (counts["test", "normal"], counts["test", "pneumonia"]) == (6, 12)
    assert (counts["val", "normal"], counts["val", "pneumonia"]) == (5, 10)
    assert {one.split for one in films if one.path.parent.parent.name == "test"} == {"test"}
    assert {one.patient for one in of_split(films, "train")} & {
        one.patient for one in of_split(films, "val")
    } == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda root: film(root / "1st ward" / "1.png"),
            r"1st ward: A new label must be a letter, .*--label '1st ward=KEY'",
        ),
        (lambda root: (root / "Hernia").mkdir(), r"Hernia must hold films .* of class hernia; it has none"),
        (lambda root: film(root / "train" / "1.png"), r"train must hold one folder per class"),
    ],
    ids=["no key", "empty class", "no classes"],
)
def test_wrong_folders_are_refused(radiography, tmp_path, change, said):
    change(radiography)
    with pytest.raises(TrainingError, match=said):
        import_layout("folders", radiography, tmp_path / "out", SplitPlan())
    assert not (tmp_path / "out" / "manifest.csv").exists()


def test_a_class_of_another_name_is_mapped_and_a_wrong_patient_pattern_is_refused(tmp_path):
    film(tmp_path / "in" / "COVID19" / "p1.png")
    found = LAYOUTS["folders"].read(tmp_path / "in", options(tmp_path, labels={"COVID19": "covid"})).films
    assert [one.labels for one in found] == [{"covid"}]
    for pattern, said in (
        ("patient(.)", "in which 'patient\\(\\.\\)' finds the patient"),
        ("p1", "one group"),
    ):
        with pytest.raises(TrainingError, match=said):
            LAYOUTS["folders"].read(
                tmp_path / "in", options(tmp_path, labels={"COVID19": "covid"}, patient_pattern=pattern)
            )


def test_chestxray14_keeps_its_official_test_list_its_patients_and_its_boxes(nih, tmp_path):
    films = import_layout("nih", nih, tmp_path / "out", SplitPlan(val=0.1, test=0.2))
    assert {one.patient for one in of_split(films, "test")} == {str(n) for n in range(25, 31)}
    assert len(films) == 60
    assert 4 <= len(of_split(films, "val")) <= 8
    first = {one.path.name: one for one in films}
    assert first["00000003_001.png"].labels == {"effusion", "pleural_thickening"}
    assert first["00000003_001.png"].taken == "1"
    assert first["00000001_000.png"].labels == {"no_finding"}
    assert [first[f"0000000{n}_000.png"].age for n in (1, 2, 3)] == [58.0, None, 43.0]
    with (tmp_path / "out" / "boxes.csv").open() as stream:
        (box,) = csv.DictReader(stream)
    assert box["label"] == "infiltration"
    assert [float(box[key]) for key in ("x", "y", "w", "h", "img_w", "img_h")] == [10.5, 2, 20, 30, 40, 40]
    assert (tmp_path / "out" / box["path"]).resolve() == first["00000003_000.png"].path.resolve()


def test_chestxray14_without_lists_is_split_by_patient_or_by_follow_up(nih, tmp_path):
    for name in ("train_val_list.txt", "test_list.txt"):
        (nih / name).unlink()
    films = import_layout("nih", nih, tmp_path / "out", SplitPlan(val=0.2, test=0.2))
    assert {one.split for one in films} == {"train", "val", "test"}
    with pytest.raises(TrainingError, match="too many are of one moment"):
        import_layout("nih", nih, tmp_path / "other", SplitPlan(temporal=True))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda root: (root / "Data_Entry_2017.csv").unlink(), r"Data_Entry_2017.csv must be the table"),
        (
            lambda root: (root / "Data_Entry_2017.csv").write_text("Image Index,Patient ID\n"),
            r"must have the columns .*; Finding Labels, Follow-up #",
        ),
        (
            lambda root: (root / "images_002" / "images" / "00000001_000.png").unlink(),
            r"names 00000001_000.png, which must be in .*; 1 of 60 films are not there.*--allow-missing",
        ),
        (lambda root: (root / "test_list.txt").unlink(), r"test_list.txt must be the official list"),
        (
            lambda root: (root / "test_list.txt").write_text("00000001_000.png"),
            r"test_list.txt must not share films .* 00000001_000.png",
        ),
        (
            lambda root: (root / "test_list.txt").write_text(""),
            r"00000025_000.png \(.* row 50\) must be in one of",
        ),
        (
            lambda root: (root / "BBox_List_2017.csv").write_text("head\n00000003_000.png,Mass,1,2\n"),
            r"BBox_List_2017.csv row 2 must be a film, a finding and x, y, w, h",
        ),
    ],
    ids=["no table", "columns", "film", "no list", "both lists", "neither list", "box"],
)
def test_a_chestxray14_that_is_not_as_published_is_refused(nih, tmp_path, change, said):
    change(nih)
    with pytest.raises(TrainingError, match=said):
        import_layout("nih", nih, tmp_path / "out", SplitPlan())


def test_a_part_of_chestxray14_is_taken_when_that_is_asked_for(nih, tmp_path):
    (nih / "images_002" / "images" / "00000001_000.png").unlink()
    films = import_layout("nih", nih, tmp_path / "out", SplitPlan(), options(tmp_path, allow_missing=True))
    assert len(films) == 59


def test_medmnist_arrays_become_films_with_the_official_split(tmp_path):
    source = medmnist(tmp_path / "pneumoniamnist.npz")
    films = import_layout("medmnist", source, tmp_path / "out", SplitPlan())
    assert Counter(one.split for one in films) == {"train": 6, "val": 3, "test": 4}
    with np.load(source) as stored:
        for index, one in enumerate(of_split(films, "test")):
            assert one.labels == {("normal", "pneumonia")[index % 2]}
            assert (cv2.imread(str(one.path), cv2.IMREAD_UNCHANGED) == stored["test_images"][index]).all()
    assert prepare_film(films[0].path, PreparationSpec(height=28, width=28)).shape == (28, 28, 1)


def test_chestmnist_rows_have_several_labels_or_no_finding(tmp_path):
    labels = np.zeros((6, 14), np.uint8)
    labels[0, [0, 13]] = 1
    rest = {f"{split}_labels": np.zeros((count, 14), np.uint8) for split, count in (("val", 3), ("test", 4))}
    source = medmnist(tmp_path / "chestmnist_64.npz", train_labels=labels, **rest)
    films = import_layout("medmnist", source, tmp_path / "out", SplitPlan())
    assert [one.labels for one in films[:2]] == [{"atelectasis", "hernia"}, {"no_finding"}]


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("bloodmnist.npz", {}, r"bloodmnist.npz: A label must be .*'0'.*--label '0=KEY'"),
        (
            "pneumoniamnist.npz",
            {"train_images": np.zeros((6, 28, 28, 3), np.uint8)},
            r"train_images must be uint8 \(n, H, W\).* received uint8 \(6, 28, 28, 3\)",
        ),
        ("pneumoniamnist.npz", {"val_labels": np.zeros((2, 1), np.uint8)}, r"val_labels \(n, k\); received"),
    ],
)
def test_a_wrong_medmnist_file_is_refused(tmp_path, name, changes, said):
    with pytest.raises(TrainingError, match=said):
        import_layout("medmnist", medmnist(tmp_path / name, **changes), tmp_path / "out", SplitPlan())


def test_files_that_are_no_arrays_are_refused(tmp_path):
    wrong = tmp_path / "wrong.npz"
    wrong.write_bytes(b"PK no zip")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    for layout, path, said in (
        ("medmnist", wrong, "must be a MedMNIST .npz file; it cannot be read"),
        ("medmnist", tmp_path / "other.npz", r"must hold the array train_images; it holds \['x'\]"),
        ("luna16", wrong, "must be an HDF5 file; it cannot be read"),
        ("luna16", tmp_path / "gone.h5", "must be an HDF5 file of nodule patches; there is no such file"),
        ("dicomdir", wrong, "`layout` must be one of folders, nih, medmnist, luna16"),
    ):
        with pytest.raises(TrainingError, match=said):
            import_layout(layout, path, tmp_path / "out", SplitPlan())


def test_nodule_patches_are_shown_through_the_lung_window_and_split_by_patient(tmp_path):
    slices = np.full((40, 64, 64), -300, np.int16) + np.arange(40, dtype=np.int16)[:, None, None]
    slices[0, 0, :3] = (-2000, -1000, 400)
    source = patches(
        tmp_path / "all_patches.hdf5",
        ct_slices=slices,
        slice_class=(np.arange(40) % 4 == 0).astype(np.int64)[:, None],
        patient_id=[f"p{i // 4}" for i in range(40)],
    )
    films = import_layout("luna16", source, tmp_path / "out", SplitPlan(0.2, 0.2))
    assert Counter("|".join(one.labels) for one in films) == {"benign": 30, "malignant": 10}
    assert Counter(one.split for one in films) == {"train": 24, "val": 8, "test": 8}
    assert len({(one.patient, one.split) for one in films}) == 10
    first = cv2.imread(str(films[0].path), cv2.IMREAD_UNCHANGED)
    assert first[0, :3].tolist() == [0, 0, 255]
    assert first[5, 5] == round(255 * 700 / 1400)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"ct_slices": np.zeros((2, 64, 64))},
            r"must hold the data set slice_class; it holds \['ct_slices'\]",
        ),
        (
            {"ct_slices": np.zeros((2, 32, 32)), "slice_class": [0, 1]},
            r"must be \(2, 64, 64\).*\(2, 32, 32\)",
        ),
        ({"ct_slices": np.zeros((2, 64, 64)), "slice_class": [0, 5]}, r"A label must be .*'5'"),
        (
            {"ct_slices": np.zeros((2, 64, 64)), "slice_class": [0, 1], "patient_id": ["a"]},
            r"patient_id must be \(2,\)",
        ),
    ],
)
def test_wrong_nodule_patches_are_refused(tmp_path, arrays, said):
    with pytest.raises(TrainingError, match=said):
        import_layout("luna16", patches(tmp_path / "p.h5", **arrays), tmp_path / "out", SplitPlan())


def test_the_command_line_imports_checks_and_splits(radiography, tmp_path):
    out = tmp_path / "out"
    run = CliRunner().invoke
    made = run(
        app, ["import", "folders", str(radiography), "--out", str(out), "--seed", "3", "--name", "radiodb"]
    )
    assert made.exit_code == 0, made.stderr
    assert "train 28, val 4, test 8" in made.stdout
    again = run(app, ["import", "folders", str(radiography), "--out", str(out)])
    assert again.exit_code == 2
    assert "`out` must be a new folder" in again.stderr
    wrong = run(app, ["import", "folders", str(radiography), "--out", str(out), "--label", "COVID"])
    assert wrong.exit_code == 2
    assert "NAME=key" in wrong.stderr
    arguments = [
        "split",
        str(out / "manifest.csv"),
        "--out",
        str(out / "half.csv"),
        "--test",
        "0.5",
        "--balanced",
    ]
    divided = run(app, arguments)
    assert divided.exit_code == 0, divided.stderr
    assert Counter(one.split for one in read_manifest(out / "half.csv"))["test"] == 20
    # the same noise is drawn for film n of every class
    checked = run(app, ["check", str(out / "manifest.csv")])
    assert checked.exit_code == 1
    assert "equal files" in checked.stdout


@pytest.mark.shared_data
def test_the_real_pneumoniamnist_is_imported_as_published(shared_dir, tmp_path):
    films = import_layout("medmnist", shared_dir / "data" / "pneumoniamnist.npz", tmp_path, SplitPlan())
    assert labels_by_split(films) == {
        ("train", "normal"): 1214,
        ("train", "pneumonia"): 3494,
        ("val", "normal"): 135,
        ("val", "pneumonia"): 389,
        ("test", "normal"): 234,
        ("test", "pneumonia"): 390,
    }
