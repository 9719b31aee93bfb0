"""``cxr-dash score`` killed, or started twice: no row is lost, none is there twice, nothing is emptied."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app
from cxr_dash.cli.scoring import table as tables
from cxr_dash.cli.scoring.parquet import metadata_of
from cxr_dash.cli.scoring.rows import RowFile
from cxr_dash.errors import RequestError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services import AnalysisService
from cxr_dash.settings import ROOT, Settings

MODEL = Settings().default_model
runner = CliRunner()

# The command itself; each film that the model is asked about leaves a line, however the process ends.
_LOGGED = """
import hashlib, sys
from cxr_dash.cli import app
from cxr_dash.services import AnalysisService

log, original = open(sys.argv.pop(1), "ab", buffering=0), AnalysisService.analyse_bytes

def analyse(self, data, *rest, **named):
    log.write(hashlib.sha256(data).hexdigest().encode() + b"\\n")
    return original(self, data, *rest, **named)

AnalysisService.analyse_bytes = analyse
app()
"""


def _score(*arguments: Path | str) -> Any:
    return runner.invoke(app, ["score", *map(str, arguments)])


def _rows(out: Path) -> list[dict[str, Any]]:
    if out.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(out).drop_columns("analysed_at").to_pylist()
        return rows
    with out.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Eight films that differ, one of them no film."""
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(7):
        (folder / f"{number}.png").write_bytes(
            imaging.encode_png(imaging.chest_phantom(240 + 8 * number, 220), {})
        )
    (folder / "notes.txt").write_text("patient is well")
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Files that are no films: their rows cost no model."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text("patient is well")
    return folder


def _killed_after(rows: int, journal: Path, command: list[str]) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        while not journal.is_file() or journal.read_bytes().count(b"\n") <= rows:
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
def test_a_process_that_is_killed_leaves_what_a_second_start_completes(
    films: Path, tmp_path: Path, name: str
) -> None:
    whole, out, log = tmp_path / f"whole-{name}", tmp_path / name, tmp_path / "asked"
    assert _score(films, "--out", whole, "--no-gate", "--jobs", "1").exit_code == 0
    asked = ["score", str(films), "--out", str(out), "--no-gate", "--jobs", "1"]
    command = [sys.executable, "-c", _LOGGED, str(log), *asked]
    _killed_after(3, out if name == "r.csv" else tmp_path / "r.parquet.rows-0.csv", command)
    first = log.read_text().split()
    assert 3 <= len(first) < 8, "it must have been killed in the middle"
    answer = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert "rows are there already" in answer.stderr
    assert _rows(out) == _rows(whole)
    # one whose row was not yet written, and the next, which the one thread had begun
    assert 8 <= len(log.read_text().split()) <= 8 + 2
    assert sorted(path.name for path in tmp_path.glob("*r.*")) == sorted(
        [f"whole-{name}", f"whole-{name}.json", name, f"{name}.json"]
    )


def test_wherever_a_row_file_was_cut_whole_rows_stay_and_the_rest_is_written_again(tmp_path: Path) -> None:
    header = ["path", "reason"]
    rows = [["a.png", ""], ['"quoted", \n and broken', 'ends in "'], ["räntgen.png", "\r"], ["", "\n\n"]]
    path = tmp_path / "r.csv"

    def written(stored: list[list[str]]) -> int:
        table = RowFile(path, header)
        found = list(table.recover())
        assert found == rows[: len(found)]
        for row in stored[len(found) :]:
            table.add(row)
        table.close()
        return len(found)

    written(rows)
    data = path.read_bytes()
    kept = []
    for length in range(len(data)):
        path.write_bytes(data[:length])
        kept.append(written(rows))
        assert path.read_bytes() == data
    assert kept == sorted(kept)
    assert set(kept) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
def test_the_same_command_again_asks_nothing_and_changes_no_row(
    films: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / name
    _score(films, films, "--out", out, "--no-gate")
    before = out.read_bytes()
    monkeypatch.setattr(AnalysisService, "analyse_bytes", _never)
    answer = _score(films, films, "--out", out, "--no-gate")
    assert answer.exit_code == 0, answer.stderr
    assert "16 files: 14 ok, 0 rejected, 2 error" in answer.stderr
    assert out.read_bytes() == before


def _never(*_rest: object, **_named: object) -> None:
    raise AssertionError("the model was asked")


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
def test_films_that_came_later_get_their_rows_behind_the_others(
    texts: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / name
    _score(texts, "--out", out)
    (texts / "0.txt").unlink()
    (texts / "1-later.txt").write_text("no film either")
    _score(texts, "--out", out)
    names = [Path(row["path"]).name for row in _rows(out)]
    assert names == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt", "1-later.txt"]


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
def test_films_in_error_are_asked_anew_when_told_and_each_has_one_row(
    films: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / name
    monkeypatch.setenv("CXR_MAX_UPLOAD_BYTES", str(2**20))
    (films / "1.png").write_bytes(bytes(2**20 + 1))
    (films / "gone.txt").write_text("no film")
    answer = _score(films, "--out", out, "--no-gate")
    assert "6 ok, 0 rejected, 3 error" in answer.stderr
    assert "`--again errors`" in answer.stderr
    before = _rows(out)
    (films / "1.png").write_bytes((films / "2.png").read_bytes() + b"more")
    (films / "gone.txt").unlink()
    _score(films, "--out", out, "--no-gate")
    assert _rows(out) == before, "not unasked"
    answer = _score(films, "--out", out, "--no-gate", "--again", "errors")
    assert answer.exit_code == 0, answer.stderr
    assert "8 files: 7 ok, 0 rejected, 1 error" in answer.stderr
    after = _rows(out)
    assert [Path(row["path"]).name for row in after[-2:]] == ["1.png", "notes.txt"]
    assert after[:-2] == [row for row in before if row["status"] == "ok"]
    assert sorted(path.name for path in tmp_path.glob("*r.*")) == [name, f"{name}.json"]


def test_a_folder_that_came_back_is_read_where_it_had_an_error(
    texts: Path, tmp_path: Path, films: Path
) -> None:
    (texts / "2").symlink_to(tmp_path / "away.png")
    _score(texts, "--out", tmp_path / "r.csv", "--no-gate")
    (tmp_path / "away.png").write_bytes((films / "1.png").read_bytes())
    _score(texts, "--out", tmp_path / "r.csv", "--no-gate", "--again", "errors")
    rows = {Path(row["path"]).name: row["status"] for row in _rows(tmp_path / "r.csv")}
    assert rows == {"2": "ok"} | {f"{number}.txt": "error" for number in range(5)}


@pytest.mark.parametrize("killed_at", range(4))
def test_a_kill_while_errors_are_forgotten_loses_and_doubles_no_row(
    texts: Path, tmp_path: Path, killed_at: int
) -> None:
    out = tmp_path / "r.parquet"
    _score(texts, "--out", out)
    (texts / "9.txt").write_text("one more")
    steps = 0

    def killed(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(path: Path, *rest: Any, **named: Any) -> Any:
            nonlocal steps
            if path.name.startswith((".r.parquet.rows", ".r.parquet.tmp", "r.parquet.rows")):
                steps += 1
                if steps > killed_at:
                    raise KeyboardInterrupt
            return original(path, *rest, **named)

        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", killed(Path.replace))
        patch.setattr(Path, "unlink", killed(Path.unlink))
        _score(texts, "--out", out, "--again", "errors")
    answer = _score(texts, "--out", out)
    assert answer.exit_code == 0, answer.stderr
    assert sorted(Path(row["path"]).stem for row in _rows(out)) == ["0", "1", "2", "3", "4", "9"]
    assert list(tmp_path.glob("*.rows-*")) == []


def test_rows_that_went_into_the_parquet_file_do_not_go_into_it_twice(texts: Path, tmp_path: Path) -> None:
    out, journal = tmp_path / "r.parquet", tmp_path / "r.parquet.rows-0.csv"
    kept: list[bytes] = []
    unlink = Path.unlink

    def killed_here(path: Path, missing_ok: bool = False) -> None:
        if path == journal:
            kept.append(path.read_bytes())
        unlink(path, missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", killed_here)
        _score(texts, "--out", out)
    journal.write_bytes(kept[0])
    (texts / "9.txt").write_text("one more")
    answer = _score(texts, "--out", out)
    assert answer.exit_code == 0, answer.stderr
    assert [Path(row["path"]).stem for row in _rows(out)] == ["0", "1", "2", "3", "4", "9"]
    assert list(tmp_path.glob("*.rows-*")) == []


def _foreign(out: Path, _texts: Path) -> None:
    out.write_text("patient,diagnosis\n1,well\n")


def _without_record(out: Path, texts: Path) -> None:
    _score(texts, "--out", out)
    (out.parent / f"{out.name}.json").unlink()


def _without_gate(out: Path, texts: Path) -> None:
    _score(texts, "--out", out, "--no-gate")


def _other_films(out: Path, texts: Path) -> None:
    _score(texts / "0.txt", "--out", out)


def _changed_row(out: Path, texts: Path) -> None:
    _score(texts, "--out", out)
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join([*lines[:2], "a row of somebody else\n", *lines[3:]]))


def _open_quote(out: Path, texts: Path) -> None:
    _score(texts, "--out", out)
    text = out.read_text()
    out.write_text(text.replace("error", 'err"or', 1) + text * 2_000)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_foreign, "has no record"),
        (_without_record, "has no record"),
        (_without_gate, "other values of: gate"),
        (_other_films, "other values of: paths"),
        (_changed_row, "Row 3"),
        (_open_quote, "Row 2"),
    ],
)
def test_a_table_of_something_else_is_refused_untouched_and_replaced_only_when_told(
    texts: Path, tmp_path: Path, make: Callable[[Path, Path], None], words: str
) -> None:
    out = tmp_path / "r.csv"
    make(out, texts)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("r.*")}
    answer = _score(texts, "--out", out)
    assert answer.exit_code == 1
    assert words in answer.stderr
    assert "--overwrite" in answer.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.glob("r.*")} == before
    answer = _score(texts, "--out", out, "--overwrite")
    assert answer.exit_code == 0, answer.stderr
    assert len(_rows(out)) == 5


def test_a_parquet_file_must_be_one(texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    _score(texts, "--out", out)
    out.write_text("not any more")
    answer = _score(texts, "--out", out)
    assert (answer.exit_code, out.read_text()) == (1, "not any more")
    assert "must be a Parquet file" in answer.stderr


def test_a_file_beside_the_table_that_is_no_record_is_not_replaced(texts: Path, tmp_path: Path) -> None:
    (tmp_path / "r.csv.json").write_text('{"mine": true}')
    for more in ([], ["--overwrite"]):
        answer = _score(texts, "--out", tmp_path / "r.csv", *more)
        assert answer.exit_code == 1
        assert "r.csv.json" in answer.stderr
    assert (tmp_path / "r.csv.json").read_text() == '{"mine": true}'


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
def test_a_table_beside_a_record_that_is_not_ours_is_not_deleted_either(
    texts: Path, tmp_path: Path, name: str
) -> None:
    _score(texts, "--out", tmp_path / name)
    (tmp_path / f"{name}.json").write_text('{"mine": true}')
    before = (tmp_path / name).read_bytes()
    answer = _score(texts, "--out", tmp_path / name, "--overwrite")
    assert answer.exit_code == 1
    assert f"{name}.json" in answer.stderr
    assert (tmp_path / name).read_bytes() == before


def test_an_empty_file_is_a_new_one(texts: Path, tmp_path: Path) -> None:
    for name in ("r.csv", "r.parquet"):
        (tmp_path / name).touch()
        assert _score(texts, "--out", tmp_path / name).exit_code == 0
        assert len(_rows(tmp_path / name)) == 5


@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_two_commands_do_not_write_one_table(texts: Path, tmp_path: Path, more: list[str]) -> None:
    out = tmp_path / "r.csv"
    _score(texts, "--out", out)
    before = out.read_bytes()
    held = out.open("ab")
    import fcntl

    fcntl.flock(held, fcntl.LOCK_EX)
    with held:
        answer = _score(texts, "--out", out, *more)
    assert answer.exit_code == 1
    assert "one command at a time" in answer.stderr
    assert out.read_bytes() == before


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
def test_a_kill_before_the_first_row_leaves_a_table_to_go_on_with(
    texts: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = RowFile.add

    def killed_after(self: RowFile, cells: Any) -> None:
        add(self, cells)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RowFile, "add", killed_after)
        assert _score(texts, "--out", tmp_path / name).exit_code != 0
    answer = _score(texts, "--out", tmp_path / name)
    assert answer.exit_code == 0, answer.stderr
    assert len(_rows(tmp_path / name)) == 5


def test_what_a_command_writes_among_the_films_is_never_one_of_them(texts: Path) -> None:
    for number in range(3):
        (texts / f"later-{number}.txt").write_text("no film")
        answer = _score(texts, "--out", texts / "r.parquet")
        assert answer.exit_code == 0, answer.stderr
        assert len(_rows(texts / "r.parquet")) == 5 + number + 1


def test_a_row_file_is_locked_while_it_is_open(tmp_path: Path) -> None:
    first = RowFile(tmp_path / "r.csv", ["path"])
    with pytest.raises(RequestError, match="one command at a time"):
        RowFile(tmp_path / "r.csv", ["path"])
    first.close()
    RowFile(tmp_path / "r.csv", ["path"]).close()


def test_heatmaps_keep_their_names_when_a_command_goes_on(tmp_path: Path) -> None:
    for folder, side in (("one", 240), ("two", 250), ("three", 260)):
        (tmp_path / "films" / folder).mkdir(parents=True)
        (tmp_path / "films" / folder / "a.png").write_bytes(
            imaging.encode_png(imaging.chest_phantom(side, side), {})
        )
    out, heat = tmp_path / "r.csv", tmp_path / "heat"
    arguments = (tmp_path / "films", "--out", out, "--heatmaps", heat, "--no-gate")
    _score(*arguments)
    before = {path.name: np.load(path).shape for path in heat.iterdir()}
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join(lines[:-1]) + lines[-1][:9])
    for path in heat.glob("a-3.*"):
        path.unlink()
    assert _score(*arguments).exit_code == 0
    assert {path.name: np.load(path).shape for path in heat.iterdir()} == before


def test_the_record_says_what_was_asked_of_which_model_and_when(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    _score(films, "--out", out, "--no-gate")
    spec = Catalog(Settings().models_dir).get(MODEL).spec
    record = json.loads((tmp_path / "r.csv.json").read_text())
    asked = record["asked"]
    assert (asked["model"], asked["model_version"]) == (MODEL, spec.version)
    assert asked["model_sha256"] in spec.files.values()
    assert asked["thresholds"] == dict(spec.operating_point().thresholds)
    assert record["rows"] == {"error": 1, "ok": 7}
    assert record["starts"][0]["at"] <= record["ended_at"]
    assert record["starts"][0]["rows"] == 0


def test_parquet_has_the_rows_of_the_csv_with_types_and_their_origin(films: Path, tmp_path: Path) -> None:
    (films / "=sum.png").write_bytes((films / "1.png").read_bytes())
    _score(films, "--out", tmp_path / "r.csv", "--no-gate")
    _score(films, "--out", tmp_path / "r.parquet", "--no-gate")
    plain, typed = _rows(tmp_path / "r.csv"), pq.read_table(tmp_path / "r.parquet")
    bundle = Catalog(Settings().models_dir).get(MODEL)
    further = [*(f"threshold_{key}" for key in bundle.spec.label_keys), "analysed_at"]
    assert typed.column_names == [*plain[0], *further, "model_version", "model_sha256"]
    assert pa.types.is_timestamp(typed.schema.field("analysed_at").type)
    for row, cells in zip(typed.to_pylist(), plain, strict=True):
        assert [row[name] for name in ("path", "status", "reason")] == [
            cells[name].removeprefix("'") for name in ("path", "status", "reason")
        ]
        for key in bundle.spec.label_keys:
            assert row[key] == (float(cells[key]) if cells[key] else None)
            assert (row[f"threshold_{key}"] is None) == (row[key] is None)
        assert (row["model_version"], row["model_sha256"]) == (bundle.spec.version, bundle.serving_sha256)
        assert (row["analysed_at"] is None) == (row["status"] == "error")
    assert metadata_of(tmp_path / "r.parquet")["rows"] == {"error": 1, "ok": 8}


def test_without_pyarrow_parquet_is_refused_in_words(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    answer = _score(texts, "--out", tmp_path / "r.parquet")
    assert answer.exit_code == 1
    assert "cxr-dash[parquet]" in answer.stderr
    assert list(tmp_path.glob("r.*")) == []
    assert _score(texts, "--out", tmp_path / "r.csv").exit_code == 0


def test_a_pipe_takes_the_rows_and_has_no_record(texts: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    answer = _score(texts, "--out", pipe)
    text, _ = reader.communicate(timeout=60)
    assert answer.exit_code == 0, answer.stderr
    assert len(list(csv.DictReader(text.splitlines()))) == 5
    assert not tables.Place(pipe).record.exists()
