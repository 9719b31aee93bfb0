"""What the two commands install, and which tests run once more without the shared films."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from cxr_dash.settings import ROOT

_TESTS = ROOT / "tests"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout as far as make looks at it, with nothing installed."""
    for name in ("Makefile", "pyproject.toml", "requirements"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def planned(checkout: Path, target: str) -> str:
    """What make would type; also where a make began these tests, which would then name its folders too."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    apart = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(command, cwd=checkout, env=apart, capture_output=True, text=True, check=True).stdout


def stamps_of(plan: str) -> list[str]:
    touched = [line.split()[1:] for line in plan.splitlines() if line.startswith("touch")]
    return [stamp.removeprefix(".venv/") for stamps in touched for stamp in stamps]


def installed(checkout: Path, *stamps: str) -> None:
    (checkout / ".venv").mkdir()
    for stamp in stamps:
        (checkout / ".venv" / stamp).touch()


def test_make_run_installs_what_serving_needs_and_no_more(checkout: Path) -> None:
    plan = planned(checkout, "run")
    assert "requirements/serve.lock" in plan
    assert "dev.lock" not in plan
    assert plan.rstrip().endswith("gunicorn app:server")


@pytest.mark.parametrize(
    "target",
    [
        *(
            "setup",
            "test",
            "smoke",
            "fuzz",
            "lint",
            "format",
            "bench",
            "translations",
            "release-notes",
            "site",
        ),
        *("soak", "chaos", "mutants"),
    ],
)
def test_everything_else_installs_everything(checkout: Path, target: str) -> None:
    plan = planned(checkout, target)
    assert "requirements/dev.lock" in plan
    assert "serve.lock" not in plan


def test_make_clean_takes_caches_and_leaves_the_reference_library(checkout: Path) -> None:
    for folder in ("var/cache", "var/library"):
        (checkout / folder).mkdir(parents=True)
        (checkout / folder / "film").touch()
    subprocess.run(["make", "clean"], cwd=checkout, check=True, capture_output=True)
    assert not (checkout / "var/cache").exists()
    assert (checkout / "var/library/film").exists()


def test_make_run_after_make_setup_installs_nothing(checkout: Path) -> None:
    plan = planned(checkout, "setup")
    installed(checkout, *stamps_of(plan))
    assert "pip" not in planned(checkout, "run")
    assert "pip" not in planned(checkout, "setup")


def test_after_a_commit_the_project_alone_is_installed_anew_for_its_version(checkout: Path) -> None:
    head = checkout / ".git/logs/HEAD"
    head.parent.mkdir(parents=True)
    installed(checkout, *stamps_of(planned(checkout, "setup")))
    head.touch()
    os.utime(head, (later := (checkout / ".venv/.project").stat().st_mtime + 1, later))
    (command,) = [line for line in planned(checkout, "run").splitlines() if "pip" in line]
    assert command.endswith("--no-deps --no-build-isolation -e .")


def test_make_setup_completes_what_make_run_installed(checkout: Path) -> None:
    plan = planned(checkout, "run")
    installed(checkout, *stamps_of(plan))
    assert "pip" not in planned(checkout, "run")
    assert "requirements/dev.lock" in planned(checkout, "setup")


def test_the_tests_that_draw_films_where_the_shared_ones_are_missing_are_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    found = subprocess.run(
        [*command, "--without-shared", "tests/browser/test_reading.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    names = [line.partition("::")[2] for line in found.stdout.splitlines() if "::" in line]
    assert "test_a_film_gives_a_headline_in_words_and_a_probability_for_every_label" in names
    assert "test_the_cut_starts_at_the_bundles_operating_point" not in names, "it asks for no film"


def test_only_the_shared_fixtures_know_where_shared_films_are() -> None:
    """Else a test could go two ways, and only one of them be run."""
    others = [path for path in _TESTS.rglob("*.py") if path not in {_TESTS / "conftest.py", Path(__file__)}]
    assert len(others) > 100
    knowing = [path.name for path in others if "CXR_SHARED_DIR" in path.read_text(encoding="utf-8")]
    assert knowing == []


def test_make_setup_gpu_takes_the_locked_version_of_tensorflow(checkout: Path) -> None:
    lock = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^tensorflow(?:-cpu)?==(\S+)", lock, flags=re.MULTILINE))
    assert len(locked) == 1
    *_, removed, added = planned(checkout, "setup-gpu").rstrip().splitlines()
    assert removed.endswith("uninstall --quiet --yes tensorflow-cpu")
    assert added.endswith(f"'tensorflow[and-cuda]=={locked.pop()}'")
    assert "and-cuda" in (metadata("tensorflow-cpu").get_all("Provides-Extra") or [])
    documented = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert "`make setup-gpu`" in documented
    assert "### On a GPU" in documented  # named by the error where no GPU is found
