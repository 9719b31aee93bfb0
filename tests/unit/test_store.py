"""Entries come back as they were, run no code, keep within their room, and stay for their time."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pickle
import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_dash import imaging
from cxr_dash.domain import Analysis, FilmFacts, PatientIdentity
from cxr_dash.errors import QuotaError, StorageError
from cxr_dash.services import build_service
from cxr_dash.services.cases import CaseStore, SealedCache, StoredFilm
from cxr_dash.settings import Settings
from cxr_dash.store.codec import Codec, UnreadableEntryError
from cxr_dash.store.folder import FolderPlace
from cxr_dash.store.places import MemoryPlace, Place, Room

FILM = StoredFilm(
    data=b"\x00file\xff",
    picture=b"p",
    thumbnail=b"",
    sha256="0" * 64,
    width=2,
    height=1,
    facts=FilmFacts(pixel_spacing_mm=(0.1, 0.2), age_years=0.5),
    identity=PatientIdentity(name="MÜLLER^ÉVA"),
)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """Of a film that the gate refuses, so that reasons are in it."""
    service = build_service(Settings(warm_up=False))
    film = imaging.encode_png(imaging.chest_phantom(300, 280), {})
    return service.analyse_bytes(film, "findings")


def _same(one: Any, other: Any) -> bool:
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return type(one) is type(other) and all(_same(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and bool(np.array_equal(one, other))
    if isinstance(one, tuple | list):
        return type(one) is type(other) and len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec((StoredFilm, Analysis))


def test_films_and_analyses_come_back_as_they_were(codec: Codec, analysis: Analysis) -> None:
    for value in (FILM, replace(FILM, identity=None), analysis):
        assert _same(codec.decode(codec.encode(value)), value)


def test_a_pickle_is_no_entry_and_runs_nothing(codec: Codec, tmp_path: Path) -> None:
    mark = tmp_path / "run"

    class Hostile:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return os.system, (f"touch {mark}",)

    hostile = pickle.dumps(Hostile())
    for data in (hostile, len(hostile).to_bytes(8, "big") + hostile):
        with pytest.raises(UnreadableEntryError):
            codec.decode(data)
    assert not mark.exists()


@pytest.mark.parametrize(
    "plain",
    [
        {"is": "Path", "with": {}},
        {"is": "Words", "with": {"template": 7, "values": {"dict": {}}}},
        {"is": "Words", "with": {"template": "a"}},
        {"is": "Words", "with": {"template": "a", "values": {"dict": {}}, "more": 1}},
        {"is": "PatientIdentity", "with": None},
        {"enum": "Verdict", "value": "never"},
        {"enum": "Words", "value": "never"},
        {"bytes": [0, 5]},
        {"bytes": [-3, 2]},
        {"array": [0, 0], "dtype": "O", "shape": [0]},
        {"array": [0, 0], "dtype": "<f4", "shape": [3]},
        [1],
        {"what": 1},
    ],
)
def test_what_is_not_of_the_schema_is_not_built(codec: Codec, plain: object) -> None:
    text = json.dumps(plain).encode()
    with pytest.raises(UnreadableEntryError):
        codec.decode(len(text).to_bytes(8, "big") + text)


@given(data=st.data())
def test_a_damaged_entry_is_an_entry_or_is_refused(data: st.DataObject) -> None:
    codec = Codec((StoredFilm,))
    whole = bytearray(codec.encode(FILM))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    with contextlib.suppress(UnreadableEntryError):
        codec.decode(bytes(whole[:cut]))


def _places(tmp_path: Path, room: Room) -> list[Place]:
    return [MemoryPlace(room), FolderPlace(tmp_path, room)]


def test_what_was_kept_comes_back_until_it_is_deleted(tmp_path: Path) -> None:
    for place in _places(tmp_path, Room(1000, 1000)):
        place.put("a", b"data", 60)
        assert place.get("a") == b"data"
        place.delete("a")
        place.delete("a")
        assert place.get("a") is None


def test_what_is_over_does_not_come_back_and_takes_no_room(tmp_path: Path) -> None:
    for place in _places(tmp_path, Room(150, 150)):
        place.put("a", bytes(100), 0, "reader")
        assert place.get("a") is None
        place.put("b", bytes(100), 60, "reader")
        assert place.get("b") == bytes(100)


def test_a_full_place_refuses_and_loses_nothing_that_it_confirmed(tmp_path: Path) -> None:
    for place in _places(tmp_path, Room(400, 400)):
        for name in "abc":
            place.put(name, bytes(100), 60, name)
        with pytest.raises(StorageError, match="no room"):
            place.put("d", bytes(150), 60, "d")
        assert [place.get(name) for name in "abcd"] == [bytes(100)] * 3 + [None]


def test_one_readers_share_ends_before_the_room_of_others(tmp_path: Path) -> None:
    for place in _places(tmp_path, Room(10_000, 290)):
        place.put("a", bytes(100), 60, "greedy")
        place.put("b", bytes(100), 60, "greedy")
        with pytest.raises(QuotaError):
            place.put("c", bytes(100), 60, "greedy")
        place.put("c", bytes(100), 60, "modest")
        place.put("result", bytes(100), 60)
        place.delete("a")
        place.put("d", bytes(100), 60, "greedy")


def test_workers_that_come_at_once_do_not_fill_more_than_there_is(tmp_path: Path) -> None:
    room = Room(1500, 1500)
    kept: list[int] = []

    def keep(number: int) -> None:
        # each with a place of its own, as each worker has
        try:
            FolderPlace(tmp_path, room).put(f"{number}", bytes(100), 60, f"{number}")
        except StorageError:
            return
        kept.append(number)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 5 < len(kept) <= 12
    assert all(FolderPlace(tmp_path, room).get(f"{number}") for number in kept)


def test_a_disk_without_room_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(StorageError, match="no room"):
        FolderPlace(tmp_path, Room(1000, 1000)).put("a", b"data", 60)
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


def test_an_entry_in_another_ones_place_or_damaged_counts_as_gone(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path, Room(10_000, 10_000))
    cache = SealedCache(place)
    cache.set("one", FILM, 60)
    cache.set("other", FILM, 60)
    one, other = (place._file(name) for name in ("one", "other"))
    other.write_bytes(one.read_bytes())
    assert cache.get("other") is None
    assert cache.get("one") == FILM
    one.write_bytes(one.read_bytes()[:-3])
    assert cache.get("one") is None


def test_files_are_closed_to_other_users_and_their_names_say_nothing(tmp_path: Path) -> None:
    store = CaseStore(SealedCache(FolderPlace(tmp_path, Room(10_000, 10_000))), 60)
    key = store.add(FILM)
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0
        assert key not in file.name


class _Stuck(MemoryPlace):
    """Keeps, and does not let go: a disk that was made read-only, a server that is gone."""

    def delete(self, name: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system", name)


def test_a_film_that_could_not_be_deleted_is_not_said_to_be_gone() -> None:
    store = CaseStore(SealedCache(_Stuck(Room(10_000, 10_000))), 60)
    key = store.add(FILM)
    with pytest.raises(StorageError, match="could not delete"):
        store.forget(key)
    assert store.film(key) == FILM


def test_what_was_said_of_a_film_is_deleted_with_it(analysis: Analysis) -> None:
    store = CaseStore(SealedCache(MemoryPlace(Room(10**8, 10**8))), 60)
    key = store.add(FILM)
    store.add_analysis(key, analysis)
    model = (analysis.model_id, analysis.model_sha256)
    assert store.analysis(key, *model) is not None
    store.forget(key, [model])
    assert store.analysis(key, *model) is None


def test_a_result_that_cannot_be_kept_is_still_a_result(analysis: Analysis) -> None:
    store = CaseStore(SealedCache(MemoryPlace(Room(10, 10))), 60)
    store.add_analysis("k" * 32, analysis)
    assert store.analysis("k" * 32, analysis.model_id, analysis.model_sha256) is None
