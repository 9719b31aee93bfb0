"""``cxr-dash score --engine ray`` on a cluster of this machine: the same rows, a killed worker or not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app
from cxr_dash.cli.scoring.cluster import _answer
from cxr_dash.errors import RequestError
from cxr_dash.settings import ROOT

pytestmark = pytest.mark.thorough

runner = CliRunner()
_PROGRAM = "from cxr_dash.cli import app; app()"
_FILMS = 40


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(_FILMS):
        size = 240 + 8 * (number % 5)
        (folder / f"{number:02}.png").write_bytes(imaging.encode_png(imaging.chest_phantom(size, 220), {}))
    (folder / "notes.txt").write_text("patient is well")
    return folder


def _working(pid: int) -> list[psutil.Process]:
    """Processes under ``pid`` that are at a batch of films; none once it ended."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):
                if child.cmdline()[:1] == ["ray::_score_batch"]:
                    found.append(child)
    return found


def test_a_worker_that_is_killed_costs_no_row_and_doubles_none(films: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "r.csv", tmp_path / "whole.csv"
    arguments = ["score", str(films), "--no-gate"]
    command = [sys.executable, "-c", _PROGRAM, *arguments, "--engine", "ray", "--out", str(out)]
    with subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    ) as process:
        killed, after = 0, set[int]()
        while process.poll() is None:
            working = _working(process.pid)
            if killed:
                after |= {worker.pid for worker in working} - {killed}
            elif working and out.is_file() and out.read_bytes().count(b"\n") > 8:
                killed = working[0].pid
                working[0].kill()
            time.sleep(0.02)
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert killed, "a worker must have been killed while rows were still to come"
    assert after, "another process must have gone on"
    answer = runner.invoke(app, [*arguments, "--out", str(whole)])
    assert answer.exit_code == 0, answer.stderr
    assert out.read_text() == whole.read_text()


def test_without_ray_the_engine_is_refused_in_words(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    answer = runner.invoke(app, ["score", str(films), "--engine", "ray", "--out", str(tmp_path / "r.csv")])
    assert answer.exit_code == 1
    assert "cxr-dash[ray]" in answer.stderr


def test_heatmaps_are_not_scattered_over_a_cluster(films: Path, tmp_path: Path) -> None:
    more = ["--engine", "ray", "--heatmaps", str(tmp_path / "heat"), "--out", str(tmp_path / "r.csv")]
    answer = runner.invoke(app, ["score", str(films), *more])
    assert answer.exit_code == 1
    assert "`--heatmaps` must be left out" in answer.stderr
    assert not (tmp_path / "r.csv").exists()


class _TaskError(Exception):
    """As Ray's: a worker that lives, and what stopped it."""

    cause = ModuleNotFoundError("No module named 'pydicom'")


def test_a_worker_that_says_what_stopped_it_is_not_called_lost() -> None:
    exceptions = SimpleNamespace(RayError=Exception, RayTaskError=_TaskError)

    def get(_reference: object) -> None:
        raise _TaskError

    with pytest.raises(RequestError, match="ModuleNotFoundError: No module named 'pydicom'") as caught:
        _answer(SimpleNamespace(exceptions=exceptions, get=get), None)
    assert "lost" not in str(caught.value)
    assert "same cxr-dash" in caught.value.remedy
