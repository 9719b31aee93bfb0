"""Who may import whom, and what stays out of the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import ROOT, Settings

_HEAVY = ("tensorflow", "keras", "pandas", "sklearn", "tf_keras_vis")


def _loaded_after(program: str, folder: Path, names: tuple[str, ...] = _HEAVY) -> list[str]:
    """Which of ``names`` a fresh interpreter has imported after running ``program``."""
    ask = f"{program}\nimport sys\nprint('loaded:', *[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ask],
        cwd=ROOT,
        env={**os.environ, "CXR_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


def test_rooms_import_downward_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept, 0 broken" in done.stdout


def test_importing_the_app_loads_no_training_library(tmp_path: Path) -> None:
    assert Catalog(Settings().models_dir).ids(), "this test means something only where there are bundles"
    assert _loaded_after("import app", tmp_path) == []


def test_the_app_lists_its_models_without_a_training_library(tmp_path: Path) -> None:
    program = (
        "import app\n"
        "with app.server.test_client() as client:\n"
        "    assert client.get('/healthz').status_code == 200\n"
        "    assert client.get('/_dash-layout').status_code == 200"
    )
    assert _loaded_after(program, tmp_path) == []


@pytest.mark.parametrize("command", ["--help", "fit --help", "export --help"])
def test_help_of_the_training_package_loads_no_training_library(tmp_path: Path, command: str) -> None:
    program = (
        f"import runpy, sys\nsys.argv = ['training', *{command.split()!r}]\n"
        "try:\n    runpy.run_module('training', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code"
    )
    assert _loaded_after(program, tmp_path, ("tensorflow", "keras")) == []


def test_importing_a_module_prints_and_writes_nothing(tmp_path: Path) -> None:
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for folder in ("cxr_dash", "training")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "__main__.py"
    )
    program = "\n".join(f"import {module}" for module in modules)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
