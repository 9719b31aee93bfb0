"""The gate's collection of pictures, its limits, and what is counted of it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from cxr_dash.domain import Verdict
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import check_film, chest_phantom, decode
from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import ROOT
from training.evaluation.gate_distance import gate_distance
from training.evaluation.gate_points import REJECT_POINT, WARN_POINT, gate_points
from training.evaluation.gate_served import GateCount, count_gate, gate_lines, gate_table, without_age_group
from training.evaluation.ood import as_limit, distances
from training.export.gate_card import gate_audits
from training.films.gate import collection
from training.films.gate.changed import READABLE, UNREADABLE
from training.films.gate.collection import TEST_ONLY, plan_pictures
from training.films.gate.drawn import DRAWN
from training.films.gate.pictures import FRONTAL, LATERAL, OTHER
from training.films.gate.write import write_collection
from training.films.manifest import Film

PHANTOM = chest_phantom(320, 300, 3)
LABELS = [FRONTAL, LATERAL, OTHER]


def _manifest(folder: Path, rows: list[dict[str, str]], columns: list[str]) -> None:
    (folder / "images").mkdir(parents=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        number = int(row[columns[0]].removeprefix("images/").removesuffix(".png"))
        film = np.random.default_rng(number).integers(0, 256, (96, 96), dtype=np.uint8)
        cv2.imwrite(str(folder / row[columns[0]]), film)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared collections in miniature; every film is noise."""
    root = tmp_path_factory.mktemp("data")
    splits = ["train"] * 6 + ["val"] * 4 + ["test"] * 4
    for name, start in (("findings", 0), ("covid", 100)):
        rows = [
            {"path": f"images/{start + n}.png", "labels": "normal", "split": split, "source": name}
            for n, split in enumerate(splits)
        ]
        _manifest(root / name, rows, ["path", "labels", "split", "source"])
    lungs = [
        {"image": f"images/{200 + n}.png", "source": "atlas", "patient_id": str(n // 2)} for n in range(20)
    ]
    _manifest(root / "lungs", lungs, ["image", "source", "patient_id"])
    kinds = ["chest_lateral", "ct_slice", "chest_frontal_64_POSITIVE"]
    others = [
        {"path": f"images/{300 + n}.png", "labels": kinds[n % 3], "source": "x", "split_group": str(n)}
        for n in range(30)
    ]
    _manifest(root / "gate", others, ["path", "labels", "source", "split_group"])
    arrays = {f"{s}_images": np.full((3, 28, 28), 90, np.uint8) for s in ("train", "val", "test")}
    arrays |= {f"{s}_labels": np.zeros((3, 1), np.uint8) for s in ("train", "val", "test")}
    np.savez(root / "pneumoniamnist.npz", allow_pickle=False, **arrays)
    return root


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures where there would be hundreds."""
    for name in ("_DRAWN", "_READABLE", "_UNREADABLE", "_TINY"):
        monkeypatch.setattr(collection, name, {"train": 2, "val": 2, "test": 2})


@pytest.mark.usefixtures("few")
def test_no_group_is_in_two_splits_and_kinds_kept_for_the_test_are_nowhere_else(data: Path) -> None:
    pictures = plan_pictures(data)
    splits: dict[str, set[str]] = {}
    for picture in pictures:
        splits.setdefault(picture.group, set()).add(picture.split)
    assert all(len(found) == 1 for found in splits.values())
    assert {p.split for p in pictures if p.kind in TEST_ONLY} == {"test"}
    assert {p.label for p in pictures if p.split == "train"} == set(LABELS)
    assert len({(p.file, p.name) for p in pictures}) == len(pictures)


@pytest.mark.usefixtures("few")
def test_a_kind_that_is_left_out_stays_in_the_test_alone_and_an_unknown_one_is_an_error(data: Path) -> None:
    with_it, without = plan_pictures(data), plan_pictures(data, leave_out=["ct_slice"])
    assert Counter(p.split for p in without if p.kind == "ct_slice").keys() == {"test"}
    assert [p for p in with_it if p.kind != "ct_slice"] == [p for p in without if p.kind != "ct_slice"]
    with pytest.raises(TrainingError, match="leave_out"):
        plan_pictures(data, leave_out=["unicorn"])


@pytest.mark.usefixtures("few")
def test_the_collection_is_written_once_and_the_same_again(data: Path, tmp_path: Path) -> None:
    first = write_collection(data, tmp_path / "one")
    again = write_collection(data, tmp_path / "two")
    assert [f.path.name for f in first] == [f.path.name for f in again]
    assert all(a.path.read_bytes() == b.path.read_bytes() for a, b in zip(first, again, strict=True))
    made = [film.path for film in first if film.path.is_relative_to(tmp_path)]
    before = [path.stat().st_mtime_ns for path in made]
    write_collection(data, tmp_path / "one")
    assert [path.stat().st_mtime_ns for path in made] == before
    assert {film.view for film in first} >= set(DRAWN) | set(READABLE) | set(UNREADABLE)


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_is_a_picture_and_differs_with_its_seed(name: str) -> None:
    one, same, other = (DRAWN[name](np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.dtype == np.uint8
    assert min(one.shape[:2]) >= 100
    assert np.array_equal(one, same)
    assert one.shape != other.shape or not np.array_equal(one, other)


# a letter in a wide black frame keeps plain checks from cutting the frame off: the gate's network decides
@pytest.mark.parametrize("name", sorted(set(READABLE) - {"bordered"}))
def test_a_readable_change_leaves_a_film_that_plain_checks_do_not_refuse(name: str) -> None:
    changed = READABLE[name](PHANTOM, np.random.default_rng(4))
    film = decode(cv2.imencode(".png", changed)[1].tobytes())
    assert check_film(film).verdict is not Verdict.REJECT


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_change_gives_another_picture(name: str) -> None:
    film = PHANTOM
    changed = UNREADABLE[name](film, np.random.default_rng(4))
    assert changed.dtype == np.uint8
    assert changed.shape != film.shape or np.abs(changed.astype(int) - film).mean() > 10


def test_limits_let_nearly_every_frontal_film_of_val_pass() -> None:
    rng = np.random.default_rng(0)
    films = [_film(n, FRONTAL) for n in range(1000)] + [_film(n, OTHER) for n in range(1000, 1200)]
    frontal = np.concatenate([rng.beta(40, 1, 1000), rng.beta(1, 40, 200)])
    probabilities = np.stack([frontal, (1 - frontal) / 2, (1 - frontal) / 2], axis=1)
    points = {point.key: point.thresholds for point in gate_points(probabilities, films, LABELS, "val")}
    assert 0 < points[REJECT_POINT][FRONTAL] <= points[WARN_POINT][FRONTAL] < 1
    assert np.mean(frontal[:1000] >= points[REJECT_POINT][FRONTAL]) >= 0.996
    assert np.mean(frontal[1000:] >= points[REJECT_POINT][FRONTAL]) < 0.02


def test_the_distance_is_fitted_on_frontal_films_and_refuses_what_lies_apart() -> None:
    rng = np.random.default_rng(0)
    films = [_film(n, FRONTAL) for n in range(400)] + [_film(n, OTHER) for n in range(400, 500)]
    values = rng.normal(size=(500, 8)).astype(np.float32)
    values[400:, 0] += 30
    fitted = gate_distance(films, values, films, values)
    beyond = distances(values, fitted) > fitted.reject_above
    assert beyond[:400].mean() < 0.005
    assert beyond[400:].all()
    assert "of 400 frontal films" in fitted.measured


def _film(number: int, label: str, *, kind: str = "film", split: str = "test", source: str = "a") -> Film:
    return Film(Path(f"{number}.png"), frozenset([label]), split, source=source, group=str(number), view=kind)


def test_verdicts_are_counted_by_group_and_a_file_that_cannot_be_read_counts_as_refused() -> None:
    films = [
        *(_film(n, FRONTAL) for n in range(4)),
        _film(4, FRONTAL, split="external"),
        _film(5, FRONTAL, kind="small_28"),
        *(_film(n, OTHER, kind="ct_slice") for n in (6, 7)),
        _film(8, OTHER, kind="jigsaw", source="changed films"),
    ]
    said = ["ok", "ok", "warned", "rejected", "ok", "rejected", "error", "ok", "rejected"]
    statuses = {
        str(film.path): ("ok", "Dark.") if word == "warned" else (word, "" if word == "ok" else "No.")
        for film, word in zip(films, said, strict=True)
    }
    counts = {(count.part, count.group): count for count in count_gate(films, statuses)}
    frontal = counts["frontal", "a (test)"]
    assert (frontal.pictures, frontal.rejected, frontal.warned, frontal.right.value) == (4, 1, 1, 0.75)
    assert frontal.right.low == pytest.approx(0.3006, abs=1e-4)
    assert counts["changed", "small_28"].right.value == 0.0
    assert counts["met", "ct_slice (a)"].right.value == 0.5
    assert counts["unmet", "jigsaw (changed films)"].right.value == 1.0
    assert counts["total", "frontal films"].right.value == 0.8
    assert counts["total", "non-films"].rejected == 2
    text = "\n".join(gate_lines(list(counts.values())))
    assert "ct_slice" in text
    assert gate_table({"m": list(counts.values())})["m"][0]["right"]


@pytest.mark.parametrize(
    ("rejected", "verdict"),
    [(1, "ok"), (12, "caution"), (60, "bad")],
    ids=["reached", "within chance", "short"],
)
def test_the_card_is_red_only_where_chance_does_not_explain_the_shortfall(
    rejected: int, verdict: str
) -> None:
    films = [_film(n, FRONTAL) for n in range(1000)] + [_film(1000, OTHER, kind="ct_slice")]
    statuses = {str(f.path): ("rejected" if n < rejected else "ok", "") for n, f in enumerate(films)}
    statuses["1000.png"] = ("rejected", "No.")
    passes, refuses = gate_audits("findings", count_gate(films, statuses))
    assert (passes.verdict, refuses.verdict) == (verdict, "ok")
    assert "99" in passes.limit
    assert bool(passes.details) == (verdict != "ok")


def test_what_a_picture_shows_is_counted_without_the_question_of_age(tmp_path: Path) -> None:
    models = ROOT / "models"
    served = Catalog(without_age_group(models, tmp_path / "models"))
    gate, shipped = served.tool("gate"), Catalog(models).tool("gate")
    assert shipped is not None
    assert gate is not None
    assert shipped.spec.age_group is not None
    assert gate.spec.age_group is None
    assert gate.serving_sha256 == shipped.serving_sha256
    assert served.ids() == Catalog(models).ids()


def test_a_count_knows_whether_it_is_of_frontal_films() -> None:
    interval = count_gate([_film(0, FRONTAL)], {"0.png": ("ok", "")})[0].right
    assert GateCount("frontal films, test", "total", 1, 0, 0, interval).frontal
    assert not GateCount("non-films, met", "total", 1, 0, 0, interval).frontal


@pytest.mark.parametrize(("distance", "limit"), [(0.0, 0.001), (1e-9, 0.001), (2.34567, 2.346)])
def test_a_limit_is_above_0_also_where_features_hardly_vary(distance, limit):
    assert as_limit(distance) == limit
