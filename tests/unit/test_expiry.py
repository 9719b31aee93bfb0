"""Deleting films whose time ran out."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from cxr_dash.errors import CacheFolderError
from cxr_dash.services import expiry
from cxr_dash.services.expiry import make_cache_folder, remove_expired, start_sweeping
from cxr_dash.settings import Settings
from cxr_dash.store.folder import PARTIAL, SealedFolderCache
from cxr_dash.store.room import Room


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


def test_what_the_cache_writes_is_deleted_and_nothing_else_is(tmp_path: Path) -> None:
    SealedFolderCache(tmp_path, Room(1000, 1000)).set("film", "pixels", 60)
    lock = tmp_path / "lock"
    assert sorted(tmp_path.iterdir()) != [lock]
    half_written = tmp_path / "tmp1234.__wz_cache"
    half_written.write_bytes(b"pix")
    strangers = [tmp_path / name for name in ("thesis.tex", "results.csv", "ab12", "id_ed25519")]
    for file in strangers:
        file.write_text("not ours")
    remove_expired(tmp_path, 60, now=time.time() + 3600)
    assert sorted(tmp_path.iterdir()) == sorted([*strangers, lock])


def test_what_a_killed_server_had_half_written_goes_within_minutes(tmp_path: Path) -> None:
    partial = tmp_path / f"{'0' * 64}.ab12{PARTIAL}"
    partial.write_bytes(b"pix")
    os.utime(partial, (1000.0, 1000.0))
    assert remove_expired(tmp_path, 1800, now=1060.0) == 0
    assert remove_expired(tmp_path, 1800, now=1200.0) == 1


@pytest.mark.parametrize("folder", ["var/cache", "/", "var/../home"])
def test_a_folder_of_the_system_is_refused_and_nobody_is_told_to_close_it(
    monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir("/")
    with pytest.raises(CacheFolderError, match="none of the system's") as caught:
        make_cache_folder(Settings(cache_dir=Path(folder)))
    assert "chmod" not in str(caught.value)


def test_a_relative_folder_lies_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert make_cache_folder(Settings(cache_dir=Path("var/cache"))) == tmp_path / "var/cache"
    assert (tmp_path / "var/cache").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_may_enter_is_refused_in_words(tmp_path: Path, mode: int) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(mode)
    with pytest.raises(CacheFolderError, match="closed to other users") as caught:
        make_cache_folder(Settings(cache_dir=tmp_path / "cache"))
    assert "chmod 700" in caught.value.remedy


def test_inside_a_folder_that_is_open_to_all_the_server_makes_its_own(tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    mounted.chmod(0o777)
    made = make_cache_folder(Settings(cache_dir=mounted / "films"))
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_another_user_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(CacheFolderError, match="server's own user"):
        make_cache_folder(Settings(cache_dir=tmp_path / "cache"))


def test_a_folder_that_does_not_exist_yet_is_fine(tmp_path: Path) -> None:
    assert remove_expired(tmp_path / "none", 1800, now=3000.0) == 0


def test_other_caches_are_left_to_themselves() -> None:
    assert start_sweeping(Settings(cache_type="memory", workers=1)) is None


class Enough(Exception):  # noqa: N818 - it ends a loop
    """Ends the sweeping of a test."""


def test_sweeping_goes_on_and_a_folder_that_was_deleted_or_opened_under_it_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, told = tmp_path / "cache", []
    settings = Settings(cache_dir=folder, case_lifetime_seconds=60)
    make_cache_folder(settings)
    _file(folder, "first", time.time() - 61)
    _file(folder, "second", time.time() - 59)
    paused = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 1:
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        elif len(paused) == 2:
            folder.chmod(0o755)
        elif len(paused) == 3:
            folder.chmod(0o700)
            _file(folder, "third", time.time() - 61)
        else:
            raise Enough

    monkeypatch.setattr(expiry.time, "sleep", pause)
    with pytest.raises(Enough):
        expiry._sweep_for_ever(settings, told.append)
    assert told == [1, 0, 1], "nothing is told of the round that failed"
    assert [record.message for record in caplog.records if "could not be deleted" in record.message] != []
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(set(paused)) == 1
