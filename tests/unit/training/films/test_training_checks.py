"""`check` finds what a run would stumble over, and fails when the source gives the class away."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.imaging.phantom import chest_phantom
from training.cli import app
from training.films.checks import check_manifest
from training.films.checks.before import check_before
from training.films.checks.sources import cramers_v, guess_accuracy, source_table
from training.films.checks.twins import MAX_BITS, fingerprint, near_twins
from training.films.manifest import Film, read_manifest
from training.recipe import DataRecipe, load_recipe


def drawn(seed: int) -> np.ndarray:
    """A film of its own for each seed: soft blobs, nothing like another seed's."""
    coarse = np.random.default_rng(seed).integers(30, 230, (12, 11)).astype(np.uint8)
    return cv2.resize(coarse, (220, 240), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def collection(tmp_path: Path) -> Callable[..., Path]:
    """Writes ``(name, film or bytes, label, split, source)`` rows as a manifest."""

    def write(*rows: tuple[str, np.ndarray | bytes, str, str, str]) -> Path:
        path = tmp_path / "manifest.csv"
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["path", "label", "split", "source"])
            for name, film, label, split, source in rows:
                if isinstance(film, bytes):
                    (tmp_path / name).write_bytes(film)
                else:
                    assert cv2.imwrite(str(tmp_path / name), film)
                writer.writerow([name, label, split, source])
        return path

    return write


def good_rows(count: int = 12) -> list[tuple[str, np.ndarray, str, str, str]]:
    return [
        (f"{i}.png", drawn(i), ("normal", "covid")[i % 2], "train", "ab"[i // 2 % 2]) for i in range(count)
    ]


def test_a_clean_collection_passes(collection):
    report = check_manifest(collection(*good_rows()))
    assert report.problems() == []
    assert report.twins == []
    assert len(report.rows_left(drop_borders=True)) == 12


def test_unreadable_blank_and_bordered_films_are_listed_and_dropped(collection, tmp_path):
    framed = cv2.copyMakeBorder(drawn(50), 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=0)
    manifest = collection(
        *good_rows(),
        ("broken.png", b"\x89PNG\r\n\x1a\n and no more", "normal", "train", "a"),
        ("blank.png", np.full((200, 200), 7, np.uint8), "covid", "train", "a"),
        ("blank2.png", np.full((200, 210), 9, np.uint8), "covid", "test", "a"),
        ("framed.png", framed, "normal", "train", "b"),
    )
    report = check_manifest(manifest)
    text = "\n".join(report.lines())
    assert "row 14  broken.png:" in text
    assert "row 15  blank.png: 1 grey levels" in text
    assert "row 17  framed.png: 37%" in text
    assert report.problems() == ["1 film(s) cannot be read and 2 are blank"]
    assert sorted(report.rows_left(drop_borders=False)) == [*range(12), 15]
    assert sorted(report.rows_left(drop_borders=True)) == list(range(12))


@pytest.mark.parametrize(
    "change",
    [
        lambda film: cv2.imdecode(cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 0),
        lambda film: cv2.resize(film, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        lambda film: (255 * (film / 255.0) ** 1.3).astype(np.uint8),
        lambda film: film.astype(np.uint16) * 257,
        lambda film: np.ascontiguousarray(film[3:-3, 3:-3]),
    ],
    ids=["jpeg", "half the size", "brighter", "16 bit", "cropped"],
)
def test_a_film_saved_again_is_a_twin_and_another_film_is_none(change):
    film = chest_phantom(320, 300, 3)
    prints = np.array([fingerprint(change(film)), fingerprint(film), fingerprint(drawn(1))])
    assert [(twins.first, twins.second) for twins in near_twins([7, 8, 9], prints)] == [(7, 8)]


def test_twins_are_found_like_by_comparing_every_pair():
    rng = np.random.default_rng(0)
    prints = rng.integers(0, 2**63, (700, 8), dtype=np.uint64)
    prints[650] = prints[3] ^ np.uint64(0b1011)
    prints[300] = prints[299]
    prints[300, :5] ^= np.uint64(2**MAX_BITS - 1)
    found = near_twins(range(700), prints, max_bits=5 * MAX_BITS)
    bits = np.unpackbits(prints.view(np.uint8), axis=1).astype(np.float32)
    distance = bits.sum(1)[:, None] + bits.sum(1)[None] - 2 * bits @ bits.T
    expected = {(i, j) for i, j in np.argwhere(distance <= 5 * MAX_BITS).tolist() if i < j}
    assert {(twins.first, twins.second) for twins in found} == expected >= {(3, 650), (299, 300)}
    assert all(twins.bits == distance[twins.first, twins.second] for twins in found)


def test_copies_in_two_splits_fail_and_the_train_copy_goes(collection, tmp_path):
    smaller = cv2.resize(drawn(100), (150, 160), interpolation=cv2.INTER_AREA)
    rows = [
        *good_rows(),
        ("copy.png", drawn(0), "normal", "test", "a"),
        ("a.png", drawn(100), "covid", "test", "a"),
        ("b.png", smaller, "covid", "train", "b"),
        ("c.png", drawn(101), "covid", "train", "b"),
        ("d.png", drawn(101), "normal", "train", "b"),
    ]
    manifest = collection(*rows)
    out = tmp_path / "clean.csv"
    result = CliRunner().invoke(app, ["check", str(manifest), "--clean", str(out), "--max-association", "1"])
    assert result.exit_code == 1
    assert "FAILED: 2 pair(s) of copies are in two splits." in result.stderr
    assert "0.png (train, normal) and 14 copy.png (test, normal)" in result.stdout
    assert [film.path.name for film in read_manifest(out)] == [
        *(f"{i}.png" for i in range(1, 12)),
        "copy.png",
        "a.png",
    ]


def test_a_source_that_predicts_the_class_fails_loudly(collection):
    rows = [(f"{i}.png", drawn(i), ("normal", "covid")[i % 2], "train", "ab"[i % 2]) for i in range(12)]
    result = CliRunner().invoke(app, ["check", str(collection(*rows))])
    assert result.exit_code == 1
    assert "FAILED: source predicts class: Cramér's V must be at most 0.30; received 1.00." in result.stderr
    assert "balanced accuracy 1.00 (chance 0.50)" in result.stdout


def test_association_is_that_of_known_tables():
    assert cramers_v(np.array([[50.0, 0.0], [0.0, 50.0]])) == pytest.approx(1.0)
    assert cramers_v(np.array([[25.0, 25.0], [25.0, 25.0]])) == 0.0
    assert cramers_v(np.array([[25.0, 25.0]])) == 0.0
    # chi-squared 36 of 100 films; corrected for one degree of freedom
    expected = np.sqrt((0.36 - 1 / 99) / (1 - 1 / 99))
    assert cramers_v(np.array([[40.0, 10.0], [10.0, 40.0]])) == pytest.approx(expected)
    assert guess_accuracy(np.array([[40.0, 10.0], [10.0, 40.0]])) == pytest.approx(0.8)
    # without the correction, a source of its own for every film would give V = 1
    assert cramers_v(np.repeat(np.eye(2), 50, axis=0)) < 0.1


def test_one_label_that_goes_with_one_source_is_found_among_many():
    films = [
        Film(
            Path(f"{i}.png"),
            frozenset({"mass", "edema"} if i % 2 else {"hernia"} if i % 40 < 20 else {"effusion"}),
            "train",
            "ab"[i % 40 < 20],
        )
        for i in range(400)
    ]
    table = source_table(films)
    assert table.worst_label in {"hernia", "effusion"}
    assert table.worst_association > 0.5


@pytest.mark.shared_data
def test_the_shared_covid_films_fail_for_their_sources(shared_dir):
    films = read_manifest(shared_dir / "data" / "covid" / "manifest.csv")
    table = source_table([film for film in films if film.split == "train"])
    assert table.association == pytest.approx(0.84, abs=0.005)
    assert table.guess == pytest.approx(0.87, abs=0.005)


def test_files_that_are_written_another_way_in_each_class_fail_loudly(collection, tmp_path):
    rows = [
        (f"{i}.jpg" if i % 2 else f"{i}.png", drawn(i), ("normal", "covid")[i % 2], "train", "ab"[i // 2 % 2])
        for i in range(24)
    ]
    report = check_manifest(collection(*rows))
    assert list(report.faults()) == ["files"]
    assert "how the file is written predicts class" in report.problems()[0]
    text = "\n".join(report.lines())
    assert "jpeg 8 bit grey, 220 x 240" in text
    assert "guessing the class from the file: balanced accuracy 1.00" in text


def test_one_source_is_said_to_tell_nothing(collection):
    rows = [(name, film, label, split, "our films") for name, film, label, split, _ in good_rows()]
    report = check_manifest(collection(*rows))
    assert report.problems() == []
    assert "one source, our films: whether a hospital gives the class away cannot be seen" in "\n".join(
        report.lines()
    )


def test_cleaning_says_how_the_classes_shift(collection, tmp_path):
    blank = [(f"blank{i}.png", np.full((200, 200), 7, np.uint8), "covid", "train", "a") for i in range(6)]
    manifest = collection(*good_rows(), *blank)
    result = CliRunner().invoke(app, ["check", str(manifest), "--clean", str(tmp_path / "clean.csv")])
    assert "covid                      12 ->      6   66.7% ->  50.0% of all" in result.stdout
    assert "normal                      6 ->      6   33.3% ->  50.0% of all" in result.stdout


def test_a_training_stops_at_a_fault_that_nobody_accepted(collection, tmp_path, tiny_recipe, caplog):
    rows = [(f"{i}.png", drawn(i), ("normal", "covid")[i % 2], "train", "ab"[i % 2]) for i in range(12)]
    collection(*rows)
    data = {"manifest": "manifest.csv", "labels": ["normal", "covid"]}
    recipe = tiny_recipe.model_copy(update={"data": DataRecipe.model_validate(data)})
    with pytest.raises(TrainingError, match=r'source predicts class.*--accept.*accept = \["sources"\]'):
        check_before(recipe, tmp_path)
    accepted = DataRecipe.model_validate(data | {"accept": ["sources"]})
    check_before(recipe.model_copy(update={"data": accepted}), tmp_path)
    check_before(recipe, tmp_path, accept=True)
    assert caplog.text.count("accepted: source predicts class") == 2


def test_what_a_shipped_recipe_accepts_of_its_own_films_is_not_accepted_of_others(collection, tmp_path):
    collection(*[(f"{i}.png", drawn(i), ("normal", "covid")[i % 2], "train", "ab"[i % 2]) for i in range(12)])
    there = {"data.manifest": "manifest.csv", "data.labels": '["normal", "covid"]'}
    assert "sources" in load_recipe("covid-block3").data.accept
    with pytest.raises(TrainingError, match="source predicts class"):
        check_before(load_recipe("covid-block3", there), tmp_path)
    check_before(load_recipe("covid-block3", there | {"data.accept": '["sources"]'}), tmp_path)


def test_labels_that_a_recipe_does_not_have_are_not_asked_about(collection, tmp_path, tiny_recipe):
    films = [
        Film(Path(f"{i}.png"), frozenset({"mass", "edema"} if i % 2 else {"effusion"}), "train", "ab"[i % 2])
        for i in range(80)
    ]
    assert source_table(films).worst_label
    assert source_table(films, asked=["nodule"]).worst_label == ""
