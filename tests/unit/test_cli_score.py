"""``cxr-dash score``: a row per file, whatever the file is."""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app
from cxr_dash.cli.scoring.film import Scored
from cxr_dash.cli.scoring.threads import in_order
from cxr_dash.domain import Analysis
from cxr_dash.errors import BackendMissingError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services import AnalysisService
from cxr_dash.settings import Settings

MODEL = Settings().default_model
runner = CliRunner()


@pytest.fixture(scope="session")
def label_keys() -> list[str]:
    return Catalog(Settings().models_dir).get(MODEL).spec.label_keys


@pytest.fixture(scope="session")
def phantom() -> bytes:
    return imaging.encode_png(imaging.chest_phantom(420, 360), {})


@pytest.fixture
def folder(tmp_path: Path, phantom: bytes) -> Path:
    """A folder as people have them: films, the same name twice, and files that are no films."""
    films = tmp_path / "films"
    (films / "later").mkdir(parents=True)
    (films / "a.png").write_bytes(phantom)
    (films / "later" / "a.png").write_bytes(phantom)
    (films / "later" / "cut.png").write_bytes(phantom[: len(phantom) // 2])
    (films / "empty.jpg").write_bytes(b"")
    (films / "notes.txt").write_text("patient is well")
    (films / ".hidden.png").write_bytes(phantom)
    return films


def _score(*arguments: Path | str) -> Any:
    return runner.invoke(app, ["score", *map(str, arguments)])


def _rows(out: Path) -> list[dict[str, str]]:
    with out.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def strict_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default model with an input gate that lets nothing pass."""
    copy = tmp_path / "models" / MODEL
    shutil.copytree(Settings().models_dir / MODEL, copy)
    spec = json.loads((copy / "bundle.json").read_text())
    size = spec["embedding_size"]
    spec["out_of_distribution"] = {
        "mean": [1e3] * size,
        "components": [[1.0, *[0.0] * (size - 1)]],
        "variances": [1.0],
        "residual_variance": 1.0,
        "warn_above": 1e-6,
        "reject_above": 1e-5,
        "fitted_on": "nothing",
        "measured": "nothing",
    }
    (copy / "bundle.json").write_text(json.dumps(spec))
    monkeypatch.setenv("CXR_MODELS_DIR", str(copy.parent))


def test_every_file_has_one_row_in_a_fixed_order(folder: Path, tmp_path: Path, label_keys: list[str]) -> None:
    out = tmp_path / "r.csv"
    answer = _score(folder, "--out", out, "--no-gate")
    assert answer.exit_code == 0, answer.stderr
    rows = _rows(out)
    assert [row["path"] for row in rows] == [
        f"{folder}/{name}" for name in ("a.png", "empty.jpg", "later/a.png", "later/cut.png", "notes.txt")
    ]
    assert [row["status"] for row in rows] == ["ok", "error", "ok", "error", "error"]
    assert all(row["reason"] for row in rows if row["status"] == "error")
    assert [row["reason_codes"] for row in rows] == [*("", "empty_file", "", "damaged", "unsupported_format")]
    assert {row["model"] for row in rows} == {MODEL}
    ratio = ["cardiothoracic_ratio", "cardiothoracic_ratio_comparable"]
    score = Catalog(Settings().models_dir).get(MODEL).spec.film_score
    film = ["film_score", *(f"film_above_{point.key}" for point in score.points)] if score else []
    assert list(rows[0]) == ["path", "status", "reason", "model", *label_keys, "reason_codes", *film, *ratio]
    assert "5 files: 2 ok, 0 rejected, 3 error" in answer.stderr


def test_probabilities_have_six_decimals_and_are_those_of_analyse(
    folder: Path, tmp_path: Path, label_keys: list[str]
) -> None:
    out = tmp_path / "r.csv"
    _score(folder / "a.png", folder / "notes.txt", "--out", out, "--no-gate")
    film, notes = _rows(out)
    data = json.loads(runner.invoke(app, ["analyse", str(folder / "a.png"), "--json", "--no-gate"]).stdout)
    assert [film[key] for key in label_keys] == [f"{f['probability']:.6f}" for f in data["findings"]]
    assert {notes[key] for key in label_keys} == {""}


def test_the_path_is_spelled_as_given(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    out = tmp_path / "r.csv"
    _score("./films/a.png", "films/", "--out", out)
    paths = [row["path"] for row in _rows(out)]
    assert paths[:3] == ["./films/a.png", "films/a.png", "films/empty.jpg"]


def test_the_number_of_threads_changes_nothing(folder: Path, tmp_path: Path) -> None:
    one, three = tmp_path / "1.csv", tmp_path / "3.csv"
    _score(folder, folder, "--out", one, "--jobs", "1")
    _score(folder, folder, "--out", three, "--jobs", "3")
    assert one.read_text() == three.read_text()


def test_the_commands_own_output_is_not_a_film(folder: Path) -> None:
    for _ in range(2):
        answer = _score(folder, "--out", folder / "r.csv", "--heatmaps", folder / "heat", "--no-gate")
        assert answer.exit_code == 0, answer.stderr
        assert len(_rows(folder / "r.csv")) == 5


def test_heatmaps_are_float32_in_the_films_own_frame(
    folder: Path, tmp_path: Path, label_keys: list[str]
) -> None:
    heat = tmp_path / "heat"
    _score(folder / "a.png", "--out", tmp_path / "r.csv", "--heatmaps", heat, "--no-gate")
    assert {file.name for file in heat.iterdir()} == {f"a.{key}.npy" for key in label_keys}
    maps = [np.load(heat / f"a.{key}.npy") for key in label_keys]
    assert {(values.shape, values.dtype.str) for values in maps} == {((420, 360), "<f4")}
    assert min(values.min() for values in maps) >= 0.0
    # Un-normalised: labels keep peaks of their own.
    assert len({float(values.max()) for values in maps}) > 1


def test_a_second_film_of_the_same_name_gets_a_heatmap_name_of_its_own(
    folder: Path, tmp_path: Path, label_keys: list[str]
) -> None:
    heat = tmp_path / "heat"
    answer = _score(folder, "--out", tmp_path / "r.csv", "--heatmaps", heat, "--no-gate")
    key = label_keys[0]
    assert {file.name for file in heat.glob(f"*.{key}.npy")} == {f"a.{key}.npy", f"a-2.{key}.npy"}
    assert f"{folder}/later/a.png" in answer.stderr
    assert "a-2.*.npy" in answer.stderr


@pytest.mark.usefixtures("strict_models")
def test_a_rejected_film_has_a_reason_no_probabilities_and_no_heatmap(
    folder: Path, tmp_path: Path, label_keys: list[str]
) -> None:
    heat = tmp_path / "heat"
    answer = _score(folder / "a.png", "--out", tmp_path / "r.csv", "--heatmaps", heat)
    assert answer.exit_code == 0, answer.stderr
    (row,) = _rows(tmp_path / "r.csv")
    assert row["status"] == "rejected"
    assert row["reason"]
    assert "unlike_training" in row["reason_codes"].split()
    assert {row[key] for key in label_keys} == {""}
    assert list(heat.iterdir()) == []
    data = json.loads(runner.invoke(app, ["analyse", str(folder / "a.png"), "--json"]).stdout)
    assert (data["status"], data["findings"]) == ("rejected", [])
    assert " ".join(data["reasons"]) == row["reason"]
    assert data["reason_codes"] == row["reason_codes"].split()


@pytest.mark.usefixtures("strict_models")
def test_without_the_gate_the_same_film_is_scored(
    folder: Path, tmp_path: Path, label_keys: list[str]
) -> None:
    _score(folder / "a.png", "--out", tmp_path / "r.csv", "--no-gate")
    (row,) = _rows(tmp_path / "r.csv")
    assert row["status"] == "ok"
    assert all(row[key] for key in label_keys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["films", "--model", "crystal-ball", "--out", "r.csv"], "crystal-ball"),
        (["films", "nowhere", "--out", "r.csv"], "'nowhere'"),
        (["films", "--out", "no/such/folder/r.csv"], "must be writable"),
        (["films", "--out", "r.csv", "--heatmaps", "films/a.png"], "must be writable"),
        (["bare", "--out", "r.csv"], "at least one file"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_scored(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str], words: str
) -> None:
    monkeypatch.chdir(folder.parent)
    Path("bare").mkdir()
    answer = _score(*arguments)
    assert answer.exit_code == 1
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not Path("r.csv").exists()


@pytest.mark.usefixtures("strict_models")
@pytest.mark.parametrize(
    ("names", "fail_on", "status"),
    [
        (["a.png"], "refused", 3),
        (["a.png"], "unreadable", 0),
        (["a.png"], "any", 3),
        (["notes.txt"], "refused", 0),
        (["notes.txt"], "unreadable", 3),
        (["notes.txt"], "any", 3),
        (["notes.txt", "a.png"], None, 0),
    ],
)
def test_the_exit_status_says_what_was_asked_to_fail_on_and_the_table_is_whole(
    folder: Path, tmp_path: Path, names: Sequence[str], fail_on: str | None, status: int
) -> None:
    out = tmp_path / "r.csv"
    more = ["--fail-on", fail_on] if fail_on else []
    for _ in range(2):  # also when every row was there already
        answer = _score(*(folder / name for name in names), "--out", out, *more)
        assert answer.exit_code == status, answer.stderr
        assert len(_rows(out)) == len(names)


@pytest.mark.usefixtures("strict_models")
def test_with_nothing_wrong_fail_on_any_is_content(folder: Path, tmp_path: Path) -> None:
    answer = _score(folder / "a.png", "--out", tmp_path / "r.csv", "--no-gate", "--fail-on", "any")
    assert answer.exit_code == 0, answer.stderr


def test_a_file_larger_than_allowed_is_not_even_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = folder / "huge.png"
    with huge.open("wb") as stream:
        stream.truncate(1 << 40)  # a terabyte of nothing: reading it would end the test
    _score(huge, "--out", tmp_path / "r.csv")
    (row,) = _rows(tmp_path / "r.csv")
    assert row["status"] == "error"
    assert "CXR_MAX_UPLOAD_BYTES" in row["reason"]


def test_any_file_name_leaves_a_table_that_readers_can_read(tmp_path: Path, phantom: bytes) -> None:
    films = tmp_path / "films"
    films.mkdir()
    names = [b"r\xf6ntgen.png", b"car\rriage.png", b"two\nlines.png", b'comma, "quote".png', b"-x.png"]
    for name in names:
        with open(os.fsencode(films) + b"/" + name, "wb") as stream:  # noqa: PTH123  (bytes)
            stream.write(phantom)
    answer = _score(films, "--out", tmp_path / "r.csv", "--no-gate")
    assert answer.exit_code == 0, answer.stderr
    read = pd.read_csv(tmp_path / "r.csv")
    written = {name.decode(errors="backslashreplace").replace("\\xf6", "\\udcf6") for name in names}
    assert set(read["path"]) == {f"{films}/{name}" for name in written}
    assert (read["status"] == "ok").all()


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0.png", "+1.png", "@SUM(A1).png", "'quoted'.png"])
def test_a_path_that_a_spreadsheet_would_calculate_is_text_and_can_be_had_back(
    name: str, tmp_path: Path, phantom: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film = tmp_path / name
    film.parent.mkdir(parents=True, exist_ok=True)
    film.write_bytes(phantom)
    answer = _score(name, "--out", "r.csv", "--no-gate")
    assert answer.exit_code == 0, answer.stderr
    (row,) = _rows(tmp_path / "r.csv")
    assert row["path"] == f"'{name}"
    assert row["status"] == "ok"


def test_what_cannot_be_opened_has_a_row_that_says_why(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = folder / "locked"
    locked.mkdir()
    (folder / "nowhere.png").symlink_to(tmp_path / "nothing")
    (folder / "circle.png").symlink_to(folder / "circle.png")
    scandir = os.scandir

    def refuse_locked(path: str) -> Any:  # permissions do not stop an administrator, who may run this
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse_locked)
    answer = _score(folder, "--out", tmp_path / "r.csv", "--no-gate")
    assert answer.exit_code == 0, answer.stderr
    reasons = {
        Path(row["path"]).name: row["reason"] for row in _rows(tmp_path / "r.csv") if row["status"] == "error"
    }
    for name in ("locked", "nowhere.png", "circle.png"):
        assert reasons[name].startswith("The file cannot be read: "), name


def test_a_pipe_in_a_folder_is_passed_by(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    answer = _score(folder, "--out", tmp_path / "r.csv", "--no-gate")
    assert answer.exit_code == 0, answer.stderr
    assert "pipe.png" not in (tmp_path / "r.csv").read_text()


def test_a_film_is_never_replaced_by_the_table(folder: Path, phantom: bytes) -> None:
    film = folder / "a.png"
    answer = _score(film, "--out", folder / "later" / ".." / "a.png")
    assert answer.exit_code == 1
    assert "`--out` must not be one of the films" in answer.stderr
    assert film.read_bytes() == phantom


def test_a_long_film_name_is_cut_to_make_room_for_the_label(tmp_path: Path, phantom: bytes) -> None:
    films = [tmp_path / folder / f"{'ä' * 125}.png" for folder in ("one", "two")]
    for film in films:
        film.parent.mkdir()
        film.write_bytes(phantom)
    answer = _score(*films, "--out", tmp_path / "r.csv", "--heatmaps", tmp_path / "maps", "--no-gate")
    assert answer.exit_code == 0, answer.stderr
    assert answer.stderr.count("too long") == 2
    assert len(list((tmp_path / "maps").glob("*.finding.npy"))) == 2


def test_rows_written_before_a_failure_stay(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = AnalysisService.analyse_bytes
    calls = itertools.count(1)

    def fail_at_third(self: AnalysisService, data: bytes, model_id: str, *, gate: bool = True) -> Analysis:
        if next(calls) == 3:
            raise BackendMissingError("`litert` must be installed; it went away.")
        return original(self, data, model_id, gate=gate)

    monkeypatch.setattr(AnalysisService, "analyse_bytes", fail_at_third)
    film = folder / "a.png"
    answer = _score(film, film, film, film, "--out", tmp_path / "r.csv", "--jobs", "1")
    assert answer.exit_code == 1
    assert "it went away" in answer.stderr
    assert len(_rows(tmp_path / "r.csv")) == 2


def test_a_fault_of_ours_in_one_film_does_not_cost_the_others(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = AnalysisService.analyse_bytes
    calls = itertools.count(1)

    def stumble_once(self: AnalysisService, data: bytes, model_id: str, *, gate: bool = True) -> Analysis:
        if next(calls) == 2:
            raise ZeroDivisionError("by zero")
        return original(self, data, model_id, gate=gate)

    monkeypatch.setattr(AnalysisService, "analyse_bytes", stumble_once)
    film = folder / "a.png"
    _score(film, film, film, "--out", tmp_path / "r.csv", "--no-gate", "--jobs", "1")
    rows = _rows(tmp_path / "r.csv")
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]
    assert "ZeroDivisionError" in rows[1]["reason"]
    assert rows[1]["reason_codes"] == "unexpected"


def test_work_ahead_is_bounded_however_many_films_there_are() -> None:
    asked_for: list[str] = []

    def endless() -> Any:
        for number in itertools.count():
            asked_for.append(str(number))
            yield str(number)

    results = in_order(lambda path: Scored(path, "ok", "", None), endless(), jobs=2)
    first = list(itertools.islice(results, 50))
    assert [row.path for row in first] == [str(number) for number in range(50)]
    assert len(asked_for) <= 50 + 2 * 2
    results.close()


@pytest.mark.shared_data
def test_untouched_originals_give_one_row_per_file(originals: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    answer = _score(originals, "--model", MODEL, "--out", out)
    assert answer.exit_code == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    rows = {Path(row["path"]).name: row for row in _rows(out)}
    assert set(rows) == {file.name for file in originals.iterdir()}
    assert rows["manifest.csv"]["status"] == "error"
    assert rows["manifest.csv"]["reason"]
    films = [row for name, row in rows.items() if not name.endswith(".csv")]
    assert {row["status"] for row in films} <= {"ok", "rejected"}
    assert sum(row["status"] == "ok" for row in films) >= len(films) // 2
