"""The rooms behind ``cxr-dash score``: parts, cores, progress, and lists too long to hold."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cxr_dash import cores
from cxr_dash.cli import app
from cxr_dash.cli.films import find_files
from cxr_dash.cli.long_folders import sorted_names
from cxr_dash.cli.scoring.progress import Progress
from cxr_dash.cli.scoring.shard import Shard, read_shard
from cxr_dash.cli.scoring.tally import Tally
from cxr_dash.cli.scoring.threads import in_order
from cxr_dash.cli.sources import find_sources
from cxr_dash.errors import FilmError, RequestError

runner = CliRunner()


def _tree(folder: Path) -> Path:
    for number in range(60):
        path = folder / f"study-{number % 7}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no film")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}.png", b"no film")
    return folder


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_shards_are_disjoint_complete_and_the_same_wherever_the_folder_is_mounted(
    tmp_path: Path, count: int
) -> None:
    here, there = _tree(tmp_path / "here"), _tree(tmp_path / "deeper" / "there")
    parts = []
    for number in range(1, count + 1):
        shard = Shard(number, count)
        found = [
            {source.relative for source in find_sources([str(root)]) if shard.holds(source.relative)}
            for root in (here, there)
        ]
        assert found[0] == found[1]
        parts.append(found[0])
    assert sum(map(len, parts)) == len(set().union(*parts)) == 100
    assert all(parts), "100 films in at most 12 parts"


def test_a_film_stays_in_its_shard_for_ever() -> None:
    """Commands of different versions work on one archive: this is an interface."""
    names = ["a.png", "study-3/17.dcm", "räntgen.png", os.fsdecode(b"r\xf6ntgen.png")]
    assert [[number for number in range(1, 9) if Shard(number, 8).holds(name)] for name in names] == [
        [7],
        [1],
        [2],
        [7],
    ]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "-1/2", "a/b", "1/2/3", ""])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="must be K/N"):
        read_shard(text)


def test_shards_of_one_archive_make_tables_that_together_are_the_whole(tmp_path: Path) -> None:
    folder = _tree(tmp_path / "films")
    lines: list[str] = []
    for part in ("1/3", "2/3", "3/3"):
        out = tmp_path / f"{part[0]}.csv"
        answer = runner.invoke(app, ["score", str(folder), "--out", str(out), "--shard", part])
        assert answer.exit_code == 0, answer.stderr
        header, *rows = out.read_text().splitlines()
        lines += rows
    runner.invoke(app, ["score", str(folder), "--out", str(tmp_path / "whole.csv")])
    assert [header, *sorted(lines)] == sorted(
        (tmp_path / "whole.csv").read_text().splitlines(), key=_order(header)
    )


def _order(header: str) -> Any:
    return lambda line: (line != header, line)


def test_films_are_found_as_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}").mkdir()
        (tmp_path / f"{number:02}" / "a.png").touch()
    opened: list[str] = []
    scandir = os.scandir

    def noted(path: str) -> Any:
        opened.append(str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noted)
    found = in_order(lambda source: source.path, find_sources([str(tmp_path)]), jobs=2)
    assert len(list(islice(found, 3))) == 3
    found.close()
    assert len(opened) <= 1 + 3 + 2 * 2 + 1, "the folder, those asked for, two ahead of each thread"


class _Endless:
    """What `os.scandir` gives of a folder with so many long names; none of them exists."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> Iterator[Any]:
        return (_Entry(f"{number * 7_919 % self._count:0200}.png") for number in range(self._count))

    def __exit__(self, *_error: object) -> None:
        return


class _Entry:
    def __init__(self, name: str) -> None:
        self.name = name


def test_a_folder_of_very_many_films_is_walked_in_order_without_holding_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 60_000  # as a list 16 MB, as paths 25 MB
    monkeypatch.setattr(os, "scandir", lambda _path: _Endless(count))
    monkeypatch.setattr("cxr_dash.cli.long_folders.FEW", 2_000)
    tracemalloc.start()
    try:
        seen, last = 0, ""
        for path in find_files([str(tmp_path)]):
            assert path > last
            seen, last = seen + 1, path
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen == count
    assert peak < 3e6


def test_names_on_the_disk_are_sorted_as_those_in_memory_are(tmp_path: Path) -> None:
    for name in [b"b", b"a", b"\xf6", b"\xc3\xb6", b"A", b".hidden", b"a b", b"\xf0\x9f\xab\x81"]:
        with open(os.fsencode(tmp_path) + b"/" + name, "wb"):  # noqa: PTH123  (bytes)
            pass
    orders = [list(sorted_names(str(tmp_path), lambda name: name[0] != ".", few=few)) for few in (1, 3, 100)]
    assert orders[0] == orders[1] == orders[2]
    assert [os.fsencode(name) for name in orders[0]][:3] == [b"A", b"a", b"a b"]
    assert len(orders[0]) == 7


def test_a_tally_gives_back_what_it_was_given_and_no_more() -> None:
    tally = Tally()
    names = ["a", "b", "a", os.fsdecode(b"\xf6"), ""]
    assert [tally.add(name) for name in names] == [1, 1, 2, 1, 1]
    assert len(tally) == 5
    assert [tally.take(name) for name in ("a", "a", "a", "c", names[3])] == [True, True, False, False, True]
    assert ("b" in tally, "a" in tally, len(tally)) == (True, False, 2)
    tally.close()


def test_films_can_be_read_in_another_process(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("one.png", b"first")
        archive.writestr("two.png", b"second")
    (tmp_path / "b.png").write_bytes(b"third")
    (tmp_path / "c.zip").write_bytes(b"PK\3\4 damaged")
    sources = pickle.loads(pickle.dumps(list(find_sources([str(tmp_path)]))))  # noqa: S301  (our own)
    assert [source.read(100) for source in sources[:3]] == [b"first", b"second", b"third"]
    with pytest.raises(FilmError, match="cannot be opened"):
        sources[3].read(100)


def test_cores_are_those_of_the_control_group_and_of_those_above_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/pod/app\n")
    (tmp_path / "pod" / "app").mkdir(parents=True)
    assert cores.cgroup_cores(tmp_path, own) is None
    (tmp_path / "pod" / "app" / "cpu.max").write_text("max 100000\n")
    assert cores.cgroup_cores(tmp_path, own) is None
    (tmp_path / "pod" / "cpu.max").write_text("150000 100000\n")
    assert cores.cgroup_cores(tmp_path, own) == 1.5
    own.write_text("0::/not/mounted/here\n")
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert cores.cgroup_cores(tmp_path, own) == 0.5


def test_cores_are_those_of_the_first_kind_of_control_group_too(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("5:memory:/box\n4:cpu,cpuacct:/box\n")
    (tmp_path / "cpu" / "box").mkdir(parents=True)
    (tmp_path / "cpu" / "box" / "cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu" / "box" / "cpu.cfs_period_us").write_text("100000\n")
    assert cores.cgroup_cores(tmp_path, own) is None
    (tmp_path / "cpu" / "box" / "cpu.cfs_quota_us").write_text("300000\n")
    assert cores.cgroup_cores(tmp_path, own) == 3.0


@pytest.mark.parametrize(
    ("bound", "allowed", "jobs"), [(8, None, 4), (8, 1.5, 2), (8, 0.2, 1), (2, 16.0, 2), (3, None, 3)]
)
def test_threads_are_as_many_as_cores_that_may_be_used_four_at_most(
    monkeypatch: pytest.MonkeyPatch, bound: int, allowed: float | None, jobs: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(bound)))
    monkeypatch.setattr(cores, "cgroup_cores", lambda: allowed)
    assert cores.default_jobs() == jobs


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _said(stream: io.StringIO, total: int | None, seconds: list[float], *, before: int = 0) -> str:
    now = [0.0]
    progress = Progress(lambda: total, done=before, stream=stream, clock=lambda: now[0])
    for now[0] in seconds:
        progress.step()
    progress.close()
    return stream.getvalue()


def test_elsewhere_than_on_a_terminal_a_line_a_minute_says_rate_and_time_left() -> None:
    text = _said(io.StringIO(), 1_200, [float(second) for second in range(1, 130)])
    assert text.splitlines() == [
        "60 / 1,200 films, 1.0 films/s, 19 min left",
        "120 / 1,200 films, 1.0 films/s, 18 min left",
    ]


def test_films_that_had_their_rows_are_done_but_not_fast() -> None:
    text = _said(io.StringIO(), 1_200, [60.0], before=1_000)
    assert text == "1,001 / 1,200 films, 0.0 films/s, 3.3 h left\n"


def test_without_a_total_no_time_left_is_made_up() -> None:
    assert _said(io.StringIO(), None, [60.0]) == "1 films, 0.0 films/s\n"


def test_on_a_terminal_one_line_changes_and_ends() -> None:
    text = _said(_Terminal(), 3, [1.0, 1.1, 2.0])
    assert text.split("\r")[1:] == [
        "1 / 3 films, 1.0 films/s, 2 s left",
        "3 / 3 films, 1.5 films/s, 0 s left",
        "3 / 3 films, 1.5 films/s, 0 s left\n",
    ]
