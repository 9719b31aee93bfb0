"""Deleting films whose time ran out."""

from __future__ import annotations

import os
from pathlib import Path

from cxr_dash.services.expiry import remove_expired, remove_surplus, start_sweeping
from cxr_dash.settings import Settings


def _file(folder: Path, name: str, written_at: float) -> Path:
    path = folder / name
    path.write_bytes(b"film")
    os.utime(path, (written_at, written_at))
    return path


def test_only_files_older_than_the_lifetime_go(tmp_path: Path) -> None:
    old, young = _file(tmp_path, "old", 1000.0), _file(tmp_path, "young", 2500.0)
    assert remove_expired(tmp_path, 1800, now=3000.0) == 1
    assert not old.exists()
    assert young.exists()


def test_a_full_cache_loses_its_oldest_files_until_the_others_fit(tmp_path: Path) -> None:
    files = [_file(tmp_path, name, written_at) for name, written_at in (("b", 2.0), ("a", 3.0), ("c", 1.0))]
    assert remove_surplus(tmp_path, 8) == 1  # four bytes each
    assert [file.exists() for file in files] == [True, True, False]
    assert remove_surplus(tmp_path, 8) == 0


def test_a_folder_that_does_not_exist_yet_is_fine(tmp_path: Path) -> None:
    assert remove_expired(tmp_path / "none", 1800, now=3000.0) == 0
    assert remove_surplus(tmp_path / "none", 0) == 0


def test_other_caches_are_left_to_themselves() -> None:
    assert start_sweeping(Settings(cache_type="memory", workers=1)) is None
