"""Deleting films whose time ran out."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from flask import Flask
from flask_caching import Cache

from cxr_dash.services.expiry import remove_expired, remove_surplus, start_sweeping
from cxr_dash.settings import Settings


def _file(folder: Path, name: str, written_at: float) -> Path:
    """A file with the name the cache gives to that key."""
    path = folder / hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
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


def test_what_the_cache_writes_is_deleted_and_nothing_else_is(tmp_path: Path) -> None:
    cache = Cache(Flask(__name__), config={"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": str(tmp_path)})
    cache.set("film", b"pixels")
    assert list(tmp_path.iterdir())
    half_written = tmp_path / "tmp1234.__wz_cache"
    half_written.write_bytes(b"pix")
    strangers = [tmp_path / name for name in ("thesis.tex", "results.csv", "ab12", "id_ed25519")]
    for file in strangers:
        file.write_text("not ours")
    remove_expired(tmp_path, 60, now=time.time() + 3600)
    assert sorted(tmp_path.iterdir()) == sorted(strangers)
    assert remove_surplus(tmp_path, 1) == 0
    assert sorted(tmp_path.iterdir()) == sorted(strangers)


def test_a_folder_that_does_not_exist_yet_is_fine(tmp_path: Path) -> None:
    assert remove_expired(tmp_path / "none", 1800, now=3000.0) == 0
    assert remove_surplus(tmp_path / "none", 0) == 0


def test_other_caches_are_left_to_themselves() -> None:
    assert start_sweeping(Settings(cache_type="memory", workers=1)) is None
