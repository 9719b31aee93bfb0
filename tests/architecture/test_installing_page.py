"""``docs/installing.md``: its commands, run as they stand there, as far as no package is fetched."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxr_dash import __version__
from cxr_dash.cli import app
from cxr_dash.settings import ROOT

PAGE = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")


def _blocks() -> list[list[str]]:
    section = PAGE.partition("## A machine without a network\n")[2].partition("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"^```\n(.*?)^```", section, re.DOTALL | re.MULTILINE)]


def _wheel(folder: Path) -> Path:
    """The smallest package there is."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def carried(tmp_path: Path) -> Path:
    """What was carried over: a checkout whose lock names one package, and the folder of wheels."""
    for folder in ("requirements", "wheels"):
        (tmp_path / folder).mkdir()
    digest = hashlib.sha256(_wheel(tmp_path / "wheels").read_bytes()).hexdigest()
    (tmp_path / "requirements" / "serve.lock").write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n")
    return tmp_path


def _run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    # the Python these tests run on, where the page says the machine's
    words[0] = sys.executable if words[0] == "python3" else words[0]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(words, cwd=folder, env=bare, capture_output=True, text=True, check=False)


def test_the_commands_of_a_machine_without_a_network_install_what_was_carried_over(carried: Path) -> None:
    (_fetch,), lines = _blocks()
    make, install, *_ = lines
    assert [_run(line, carried).returncode for line in (make, install)] == [0, 0]
    have = subprocess.run([carried / ".venv/bin/python", "-c", "import tiny"], check=False)
    assert have.returncode == 0


def test_a_wheel_that_was_changed_on_the_way_is_not_installed(carried: Path) -> None:
    with zipfile.ZipFile(carried / "wheels" / "tiny-1.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("more.py", "")
    _, (make, install, *_) = _blocks()
    assert _run(make, carried).returncode == 0
    done = _run(install, carried)
    assert done.returncode != 0
    assert "HASHES" in done.stderr


def test_what_is_fetched_is_what_is_installed(carried: Path) -> None:
    ((fetch,), (_, install, *_)) = _blocks()
    assert shlex.split(fetch)[shlex.split(fetch).index("--dest") + 1] in shlex.split(install)
    # the same command, from the folder itself instead of a registry
    known = _run(f"{fetch} --no-index --find-links wheels", carried)
    assert known.returncode == 0, known.stderr


def test_what_the_page_asks_of_the_program_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CXR_LIBRARY_DIR", str(tmp_path / "library"))
    asked = dict.fromkeys(re.findall(r"(?:`|^\.venv/bin/)(cxr-dash [a-z-][^`\n]*)", PAGE, re.MULTILINE))
    assert len(asked) >= 6
    told = {line: CliRunner().invoke(app, shlex.split(line)[1:]) for line in asked}
    assert __version__ in told["cxr-dash --version"].output
    assert '"findings"' in told["cxr-dash models --json"].output
    assert told["cxr-dash models verify"].exit_code == 0
    for line, answer in told.items():
        # 2 is a command line that cannot be read; what there is nothing of is said in words
        assert answer.exit_code != 2, (line, answer.output)
        assert answer.exception is None or isinstance(answer.exception, SystemExit), (line, answer.exception)


def test_the_files_that_the_page_names_are_there() -> None:
    for name in ("requirements/serve.lock", "models/DIGESTS", "CHANGELOG.md"):
        assert (ROOT / name).is_file()
        assert Path(name).name in PAGE
