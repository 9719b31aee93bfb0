"""A wheel serves: page and configuration come inside it, bundles are added by the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gunicorn_server import running_gunicorn

from cxr_dash.settings import ROOT

_SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "app.py", "gunicorn.conf.py")
_FOLDERS = ("assets", "cxr_dash", "training")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the wheel of this checkout, beside a copy that is gone again."""
    root = tmp_path_factory.mktemp("wheel")
    copy = root / "copy"
    copy.mkdir()
    for name in _SOURCES:
        shutil.copy2(ROOT / name, copy)
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    build = ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(root), str(copy)]
    told = {**os.environ, "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_CXR_DASH": "9.8.7"}
    subprocess.run([*pip, *build], env=told, check=True, capture_output=True)
    shutil.rmtree(copy)
    (wheel,) = root.glob("cxr_dash-9.8.7-*.whl")
    into = ["install", "--no-deps", "--no-index", "--target", str(root / "site"), str(wheel)]
    subprocess.run([*pip, *into], check=True, capture_output=True)
    return root / "site"


def test_it_serves_page_and_answer_from_a_folder_with_bundles_that_were_added(
    installed: Path, tmp_path: Path, phantom_png: bytes
) -> None:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("CXR_")}
    environment = {**settings, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", "from cxr_dash.cli import app; app()"]
    for bundle in ("findings", "gate", "lungs"):
        add = [*command, "models", "add", str(ROOT / "models" / bundle)]
        done = subprocess.run(add, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "models" / "findings" / "bundle.json").is_file()

    run = [*command, "serve"]
    with running_gunicorn(tmp_path, command=run, cwd=tmp_path, environment=environment) as server:
        assert server.get("/healthz").json()["version"] == "9.8.7"
        assert "cxr-dash" in server.get("/").body.decode()
        assert server.get("/assets/fonts/inter.woff2").status == 200
        added = server.post("/films?model=findings", phantom_png)
        assert added.status == 201, added.body
