"""The house keeps its own rules."""

from __future__ import annotations

import re
import subprocess
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


@pytest.mark.parametrize("target", ["setup", "run", "test", "lint", "format", "bench", "lock", "clean"])
def test_make_knows_the_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_make_alone_says_what_it_can_do() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"setup", "run", "test", "lint", "bench"} <= {line.split()[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("lock", ["serve.lock", "dev.lock"])
def test_lock_files_pin_with_hashes_and_name_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    pinned = re.findall(r"^[A-Za-z0-9_.-]+==", text, flags=re.MULTILINE)
    entries = [entry for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if entry.strip()]
    assert len(pinned) == len(entries)
    assert all("--hash=sha256:" in entry for entry in entries)


def test_what_is_served_is_locked_to_the_same_versions_as_what_is_tested() -> None:
    def versions(lock: str) -> set[str]:
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
        return {line.rstrip(" \\") for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)}

    assert versions("serve.lock") <= versions("dev.lock")


def test_the_serving_lock_has_no_training_library() -> None:
    text = (ROOT / "requirements" / "serve.lock").read_text(encoding="utf-8")
    assert not re.search(r"^(tensorflow|keras|scikit-learn|pandas)", text, flags=re.MULTILINE)
