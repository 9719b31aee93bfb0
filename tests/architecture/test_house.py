"""The house keeps its own rules."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from cxr_dash.cli.settings_table import settings_markdown
from cxr_dash.settings import ROOT, Settings

_MAX_LINES = 300
_SOURCES = sorted(
    path.relative_to(ROOT)
    for folder, kinds in (("cxr_dash", ("py",)), ("training", ("py",)), ("assets", ("js", "css")))
    for kind in kinds
    for path in (ROOT / folder).rglob(f"*.{kind}")
)


def test_there_are_sources_to_look_at() -> None:
    assert {path.parts[0] for path in _SOURCES} == {"cxr_dash", "training", "assets"}


@pytest.mark.parametrize("path", _SOURCES, ids=str)
def test_no_source_file_is_too_long_to_read(path: Path) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= _MAX_LINES


@pytest.mark.parametrize("path", [path for path in _SOURCES if path.parts[0] == "assets"], ids=str)
def test_nothing_a_browser_loads_comes_from_elsewhere(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not re.search(r"""(?:@import|url\(|fetch\(|import\s+.*from)\s*["'(]*\s*(?:https?:)?//""", text)


def test_every_setting_is_documented_as_it_is() -> None:
    assert settings_markdown() in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    "target", ["setup", "run", "test", "fuzz", "lint", "format", "bench", "lock", "clean"]
)
def test_make_knows_the_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_make_alone_says_what_it_can_do() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"setup", "run", "test", "lint", "bench"} <= {line.split()[0] for line in done.stdout.splitlines()}


def _commands(*arguments: str, **environment: str) -> str:
    command = ["make", "--dry-run", "--always-make", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return done.stdout


def test_make_run_leaves_the_settings_alone_unless_told_otherwise() -> None:
    plain = _commands("run", HOST="workstation-7", CXR_PORT="9000")
    assert "CXR_PORT" not in plain
    assert "workstation-7" not in plain
    assert "CXR_HOST=0.0.0.0 CXR_PORT=9001" in _commands("run", "HOST=0.0.0.0", "PORT=9001")


def test_make_clean_keeps_what_was_trained() -> None:
    removed = _commands("clean").split()
    assert "runs/prepared" in removed
    assert "runs" not in removed


_QUOTED = [
    ("findings", "natural", "auroc"),
    ("findings", "test", "auroc"),
    ("covid", "external", "auroc"),
    ("covid", "external", "balanced_recall"),
    ("covid", "test", "auroc"),
    ("pneumonia-paediatric", "test", "auroc"),
]


@pytest.mark.parametrize(("model", "split", "figure"), _QUOTED)
def test_the_front_page_quotes_the_models_as_they_were_measured(model: str, split: str, figure: str) -> None:
    spec = json.loads((ROOT / "models" / model / "bundle.json").read_text(encoding="utf-8"))
    (measured,) = [entry["macro"][figure] for entry in spec["metrics"] if entry["split"] == split]
    quoted = f"{measured['value']:.2f} ({measured['low']:.2f}–{measured['high']:.2f})"
    (row,) = [
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if f"[`{model}`]" in line
    ]
    assert quoted in row


def test_links_between_the_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").rglob("*.md")]
    assert len(pages) > 5
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("lock", ["serve.lock", "train.lock", "dev.lock"])
def test_lock_files_pin_with_hashes_and_name_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    pinned = re.findall(r"^[A-Za-z0-9_.-]+==", text, flags=re.MULTILINE)
    entries = [entry for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if entry.strip()]
    assert len(pinned) == len(entries)
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("lock", ["serve.lock", "train.lock"])
def test_what_serves_and_trains_is_locked_to_the_same_versions_as_what_is_tested(lock: str) -> None:
    def versions(lock: str) -> set[str]:
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
        # without the marker: on another system than Linux, the tests may need what serving does not
        return set(re.findall(r"^[\w.-]+(?:\[\w,-]+\])?==\S+", text, re.MULTILINE))

    assert len(versions(lock)) > 50
    assert versions(lock) <= versions("dev.lock")


def test_the_serving_lock_has_no_training_library() -> None:
    text = (ROOT / "requirements" / "serve.lock").read_text(encoding="utf-8")
    assert not re.search(r"^(tensorflow|keras|scikit-learn|pandas)", text, flags=re.MULTILINE)


def test_no_two_test_files_share_a_name() -> None:
    # pytest collects them as modules of one namespace
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


_TESTS_OF_TRAINING = sorted((ROOT / "tests" / "unit" / "training").rglob("test_*.py"))


def test_tests_of_training_lie_in_folders_named_like_its_rooms() -> None:
    rooms = {path.parent.name for path in (ROOT / "training").glob("*/__init__.py")}
    folders = {path.parent.name for path in _TESTS_OF_TRAINING} - {"training"}
    assert folders <= rooms
    assert len(folders) > 10


@pytest.mark.parametrize("path", _TESTS_OF_TRAINING, ids=lambda path: path.stem)
def test_a_test_of_training_imports_the_room_it_stands_in(path: Path) -> None:
    folder = path.parent.name
    of = [rf"training\.{folder}\b"]
    if folder == "training":
        # what lies in no room: the modules beside them
        of = [module.stem for module in (ROOT / "training").glob("*.py")]
        of = [rf"training\.{name}\b|from training import .*\b{name}\b" for name in of]
    assert re.search("|".join(of), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", ["cxr_dash", "training"])
def test_every_file_beside_the_code_is_put_into_the_wheel(package: str) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", package], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = patterns["tool"]["setuptools"]["package-data"][package]
    put = {path for pattern in shipped for path in (ROOT / package).glob(pattern)}
    left = [name for name in tracked if not name.endswith(".py") and ROOT / name not in put]
    assert left == []


def test_html_of_training_stands_in_templates_that_escape() -> None:
    written = [
        f"{path}:{number}"
        for path in _SOURCES
        if path.parts[0] == "training"
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"</(?!extra>)[a-z]|<(?:p|td|tr|li|div|small|pre|h\d)\b", line)
    ]
    assert written == []
    templates = [path.read_text(encoding="utf-8") for path in (ROOT / "training").rglob("templates/*.html")]
    assert templates
    assert not any(re.search(r"\|\s*safe\b|autoescape false", text) for text in templates)
