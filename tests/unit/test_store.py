"""Entries come back as they were, run no code, keep within their room, and stay for their time."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass, make_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import redis
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypeAliasType

from cxr_dash import imaging
from cxr_dash.domain import Analysis, FilmFacts, PatientIdentity
from cxr_dash.errors import QuotaError, StorageError
from cxr_dash.services import build_service
from cxr_dash.services.cases import KEPT_TYPES, CaseStore, StoredFilm
from cxr_dash.services.expiry import remove_expired
from cxr_dash.settings import Settings
from cxr_dash.store.codec import Codec, UnreadableEntryError
from cxr_dash.store.folder import SealedFolderCache
from cxr_dash.store.memory import SealedMemoryCache
from cxr_dash.store.redis_cache import SealedRedisCache
from cxr_dash.store.room import Room
from cxr_dash.store.sealed import Entry, SealedCache, SealedSerializer
from cxr_dash.web.cache import open_cache

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
    return Codec(KEPT_TYPES)


def test_films_and_analyses_come_back_as_they_were(codec: Codec, analysis: Analysis) -> None:
    for value in (FILM, replace(FILM, identity=None), analysis):
        assert _same(codec.decode(codec.encode(value)), value)


def test_an_annotation_that_has_a_name_is_what_it_stands_for() -> None:
    # As NumPy 2.5, which Python 3.12 and later get, writes its `NDArray`; an array's own form before.
    item = TypeVar("item", bound=np.generic)
    array = TypeAliasType("array", np.ndarray[Any, np.dtype[item]], type_params=(item,))
    film = TypeAliasType("film", StoredFilm)
    held = make_dataclass("held", [("grey", array[np.float32]), ("film", film | None)], frozen=True)
    codec = Codec((held,))
    value = held(np.arange(6, dtype=np.float32).reshape(2, 3), None)
    read = codec.decode(codec.encode(value))
    assert np.array_equal(read.grey, value.grey)
    with pytest.raises(UnreadableEntryError):
        codec.decode(codec.encode(held("grey", None)))
    with pytest.raises(UnreadableEntryError):
        codec.decode(codec.encode(held(value.grey, value.grey)))


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


AMPLE = Room(10**8, 10**8)
# What a short text takes beside its own characters, in the room of a cache.
_LEAST = len(SealedSerializer(Codec(())).dumps(Entry("a", "")))


def _folder(folder: Path, room: Room = AMPLE) -> SealedFolderCache:
    cache = SealedFolderCache(folder, room)
    cache.serializer = SealedSerializer(Codec(KEPT_TYPES))
    return cache


def _memory(room: Room = AMPLE) -> SealedMemoryCache:
    cache = SealedMemoryCache(room)
    cache.serializer = SealedSerializer(Codec(KEPT_TYPES))
    return cache


def _caches(tmp_path: Path, room: Room) -> list[Any]:
    return [_memory(room), _folder(tmp_path, room)]


def _text(size: int) -> str:
    """A text that takes so many bytes in memory, and four more in a folder."""
    return "x" * (size - _LEAST)


def test_what_was_kept_comes_back_until_it_is_deleted(tmp_path: Path) -> None:
    for cache in _caches(tmp_path, AMPLE):
        cache.set("a", FILM, 60)
        assert cache.has("a")
        assert cache.get("a") == FILM
        cache.delete("a")
        cache.delete("a")
        assert not cache.has("a")
        assert cache.get("a") is None


def test_what_is_over_does_not_come_back_and_takes_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cache in _caches(tmp_path, Room(300, 300)):
        cache.set("a", _text(200), 60, "reader")
        with monkeypatch.context() as later:
            now = time.time()
            for clock in ("time.time", "cachelib.file.time", "cachelib.simple.time"):
                later.setattr(clock, lambda now=now: now + 62)
            assert not cache.has("a")
            assert cache.get("a") is None
            cache.set("b", _text(200), 60, "reader")
            assert cache.get("b") == _text(200)


def test_a_full_cache_refuses_and_loses_nothing_that_it_confirmed(tmp_path: Path) -> None:
    for cache in _caches(tmp_path, Room(800, 800)):
        for name in "abc":
            cache.set(name, _text(200), 60, name)
        with pytest.raises(StorageError, match="no room"):
            cache.set("d", _text(300), 60, "d")
        assert [cache.get(name) for name in "abcd"] == [_text(200)] * 3 + [None]


def test_one_readers_share_ends_before_the_room_of_others(tmp_path: Path) -> None:
    for cache in _caches(tmp_path, Room(10_000, 580)):
        cache.set("a", _text(200), 60, "greedy")
        cache.set("b", _text(200), 60, "greedy")
        with pytest.raises(QuotaError):
            cache.set("c", _text(200), 60, "greedy")
        cache.set("c", _text(200), 60, "modest")
        cache.set("result", _text(200), 60)
        cache.delete("a")
        cache.set("d", _text(200), 60, "greedy")


def test_what_is_kept_beside_an_entry_is_in_its_share_and_goes_with_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cache in _caches(tmp_path, Room(10_000, 580)):
        now = time.time()
        with monkeypatch.context() as clocks:

            def at(moment: float, clocks: pytest.MonkeyPatch = clocks) -> None:
                for clock in ("time.time", "cachelib.file.time", "cachelib.simple.time"):
                    clocks.setattr(clock, lambda: moment)

            at(now)
            cache.set("film", _text(200), 60, "reader")
            at(now + 50)
            assert cache.set("result", _text(200), 60, beside="film")
            with pytest.raises(QuotaError):
                cache.set("second", _text(200), 60, "reader")
            assert not cache.set("other", _text(200), 60, beside="no film")
            assert cache.get("other") is None
            at(now + 62)
            assert cache.get("result") is None


def test_a_result_leaves_the_disk_with_its_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, now = _folder(tmp_path), time.time()
    cache.set("film", FILM, 60)
    with monkeypatch.context() as later:
        later.setattr("time.time", lambda: now + 50)
        cache.set("result", "said", 60, beside="film")
    assert remove_expired(tmp_path, 60, now=now + 62) == 2


def test_a_film_whose_time_is_over_leaves_the_memory_though_nobody_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = SealedMemoryCache(AMPLE, seconds_between_sweeps=0.01)
    cache.serializer = SealedSerializer(Codec(KEPT_TYPES))
    cache.set("film", FILM, 60)
    sweeper = cache._sweeper
    assert sweeper is not None
    assert cache.has("film")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 62)
    sweeper.join(timeout=30)
    assert cache._cache == {}
    assert cache._sweeper is None


class _Redis:
    """Takes a share, and then breaks off: with ``lost`` nothing more is answered either."""

    def __init__(self, *, lost: bool) -> None:
        self.lost = lost
        self.members: dict[str, float] = {}
        self.values: dict[str, bytes] = {}

    def zremrangebyscore(self, *_: object) -> None: ...

    def zrange(self, *_: object) -> list[bytes]:
        return []

    def zadd(self, _share: str, members: dict[str, float]) -> None:
        self.members |= members

    def ttl(self, _name: str) -> int:
        return -2

    def expire(self, *_: object) -> None: ...

    def set(self, name: str, data: bytes, **_: object) -> None:
        self.values[name] = data
        raise redis.TimeoutError("the answer was lost")

    def delete(self, name: str) -> None:
        if self.lost:
            raise redis.ConnectionError("gone")
        self.values.pop(name, None)

    def zrem(self, _share: str, member: str) -> None:
        self.members.pop(member, None)


@pytest.mark.parametrize("lost", [False, True])
def test_a_film_that_redis_may_have_kept_is_deleted_again_and_takes_nothing_of_the_share(lost: bool) -> None:
    cache = SealedRedisCache("redis://127.0.0.1:1/0", AMPLE, key_prefix="cxr-")
    cache.serializer = SealedSerializer(Codec(KEPT_TYPES))
    client = _Redis(lost=lost)
    cache._write_client = client
    with pytest.raises(redis.TimeoutError):
        cache.set("film", FILM, 60, "reader")
    # a share is not given back for what may still be there
    assert bool(client.values) is bool(client.members) is lost


def test_workers_that_come_at_once_do_not_fill_more_than_there_is(tmp_path: Path) -> None:
    room = Room(2500, 2500)
    kept: list[int] = []

    def keep(number: int) -> None:
        # each with a cache of its own, as each worker has
        try:
            _folder(tmp_path, room).set(f"{number}", _text(200), 60, f"{number}")
        except StorageError:
            return
        kept.append(number)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 12
    assert all(_folder(tmp_path, room).get(f"{number}") for number in kept)


def test_a_disk_without_room_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(StorageError, match="no room"):
        _folder(tmp_path).set("a", FILM, 60)
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


def test_a_folder_that_may_not_be_read_is_no_folder_without_films_and_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = _folder(tmp_path)
    cache.set("a", FILM, 60)
    waited: list[float] = []
    monkeypatch.setattr("cachelib.file.sleep", waited.append)

    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(StorageError, match="cannot reach"):
        cache.get("a")
    assert not waited


def test_an_entry_in_another_ones_place_or_damaged_counts_as_gone(tmp_path: Path) -> None:
    cache = _folder(tmp_path)
    cache.set("one", FILM, 60)
    cache.set("other", FILM, 60)
    one, other = (Path(cache._get_filename(name)) for name in ("one", "other"))
    other.write_bytes(one.read_bytes())
    assert cache.get("other") is None
    assert cache.get("one") == FILM
    one.write_bytes(one.read_bytes()[:-3])
    assert cache.get("one") is None
    one.write_bytes(b"")
    assert cache.get("one") is None


def test_a_cache_that_nobody_gave_a_schema_reads_and_writes_no_objects(tmp_path: Path) -> None:
    _folder(tmp_path).set("a", FILM, 60)
    bare = SealedFolderCache(tmp_path, AMPLE)
    assert bare.get("a") is None
    with pytest.raises(TypeError, match="not of the schema"):
        bare.set("b", FILM, 60)


@pytest.mark.parametrize("cache_type", ["filesystem", "memory", "redis"])
def test_what_flask_caching_opens_never_has_its_own_serializer(tmp_path: Path, cache_type: Any) -> None:
    server = Flask("test")
    cache = open_cache(server, Settings(cache_type=cache_type, cache_dir=tmp_path / "cache", workers=1))
    backend = server.extensions["cache"][cache]
    assert isinstance(backend, SealedCache)
    assert type(backend.serializer) is SealedSerializer


def test_files_are_closed_to_other_users_and_their_names_say_nothing(tmp_path: Path) -> None:
    store = CaseStore(_folder(tmp_path), 60)
    key = store.add(FILM)
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0
        assert key not in file.name


class _Stuck(SealedMemoryCache):
    """Keeps, and does not let go: a disk that was made read-only, a server that is gone."""

    serializer = SealedSerializer(Codec(KEPT_TYPES))

    def delete(self, key: str) -> bool:
        raise OSError(errno.EROFS, "Read-only file system", key)


def test_a_film_that_could_not_be_deleted_is_not_said_to_be_gone() -> None:
    store = CaseStore(_Stuck(AMPLE), 60)
    key = store.add(FILM)
    with pytest.raises(StorageError, match="could not delete"):
        store.forget(key)
    assert store.film(key) == FILM


def test_what_was_said_of_a_film_is_deleted_with_it(analysis: Analysis) -> None:
    store = CaseStore(_memory(), 60)
    key = store.add(FILM)
    store.add_analysis(key, analysis)
    model = (analysis.model_id, analysis.model_sha256)
    assert store.analysis(key, *model) is not None
    store.forget(key, [model])
    assert store.analysis(key, *model) is None


def test_a_film_that_is_deleted_while_a_model_is_asked_leaves_no_result(analysis: Analysis) -> None:
    store = CaseStore(_memory(), 60)
    key = store.add(FILM)
    store.forget(key)
    store.add_analysis(key, analysis)
    assert store.analysis(key, analysis.model_id, analysis.model_sha256) is None


def test_a_result_that_cannot_be_kept_is_still_a_result(analysis: Analysis) -> None:
    store = CaseStore(_memory(Room(10, 10)), 60)
    store.add_analysis("k" * 32, analysis)
    assert store.analysis("k" * 32, analysis.model_id, analysis.model_sha256) is None
