"""Sign-ins end when they should, and the file of users holds what it was given and nothing readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from frozen import compared_arrays, loose_dataclasses

from cxr_dash.errors import StorageError, UsersError
from cxr_dash.services.accounts.sessions import Session, Sessions, Waiting
from cxr_dash.services.accounts.user import role_of_groups
from cxr_dash.services.accounts.users_file import UsersFile

WAITING = Waiting("state", "nonce", "verifier", "https://here/back")


class Cache:
    """Remembers lifetimes; refuses to write when it is full."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Any, int]] = {}
        self.full = False

    def get(self, key: str) -> Any:
        return self.kept.get(key, (None, 0))[0]

    def has(self, key: str) -> bool:
        return key in self.kept

    def set(self, key: str, value: Any, timeout: int) -> None:
        if self.full:
            raise StorageError("`cache` must have room; received a full one.")
        self.kept[key] = value, timeout

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(cache: Cache, clock: Clock) -> Sessions:
    return Sessions(cache, most_seconds=1000, idle_seconds=100, now=clock)  # type: ignore[arg-type]


def test_a_token_finds_whom_it_was_given_to_and_the_cache_does_not_know_it(
    sessions: Sessions, cache: Cache
) -> None:
    token = sessions.begin("anna", "admin", "seal")
    assert len(token) == 43
    assert sessions.find(token) == Session("anna", "admin", "seal", 1_000_000.0, 1_000_000.0)
    assert sessions.begin("anna", "admin") != token
    assert not any(token in key for key in cache.kept)
    assert {timeout for _, timeout in cache.kept.values()} == {100}


@pytest.mark.parametrize("token", ["", "a" * 42, "a" * 44, "a" * 42 + "!", "b" * 43])
def test_what_is_no_token_or_nobodys_finds_nobody_and_ends_nothing(sessions: Sessions, token: str) -> None:
    mine = sessions.begin("anna", "reader")
    assert sessions.find(token) is None
    assert sessions.came_back(token) is None
    sessions.end(token)
    assert sessions.find(mine) is not None


def test_a_sign_in_that_is_not_used_ends_and_one_that_is_used_goes_on(
    sessions: Sessions, clock: Clock
) -> None:
    token = sessions.begin("anna", "reader")
    for _ in range(3):
        clock.now += 99.0
        assert sessions.find(token) is not None
    clock.now += 100.0
    assert sessions.find(token) is None
    clock.now -= 100.0
    assert sessions.find(token) is None, "what is over is deleted"


def test_a_sign_in_ends_with_its_time_however_much_it_is_used(sessions: Sessions, clock: Clock) -> None:
    token, began = sessions.begin("anna", "reader"), clock.now
    while clock.now < began + 950:
        clock.now += 50.0
        assert sessions.find(token) is not None
    clock.now = began + 999.9
    assert sessions.find(token) is not None
    clock.now = began + 1000.0
    assert sessions.find(token) is None


def test_a_use_is_written_down_every_half_minute_and_not_more_often(
    sessions: Sessions, cache: Cache, clock: Clock
) -> None:
    token = sessions.begin("anna", "reader")
    (key,) = cache.kept
    clock.now += 29.9
    sessions.find(token)
    assert cache.get(key).seen == 1_000_000.0
    clock.now += 0.1
    sessions.find(token)
    assert cache.get(key).seen == 1_000_030.0
    assert cache.get(key).began == 1_000_000.0


def test_in_a_full_cache_who_is_signed_in_stays_so_and_can_sign_out(
    sessions: Sessions, cache: Cache, clock: Clock
) -> None:
    token = sessions.begin("anna", "reader")
    cache.full = True
    clock.now += 60.0
    assert sessions.find(token) is not None
    sessions.end(token)
    assert sessions.find(token) is None


def test_signing_out_outlives_whatever_was_written_at_the_same_moment(
    sessions: Sessions, cache: Cache
) -> None:
    token = sessions.begin("anna", "reader")
    before = dict(cache.kept)
    sessions.end(token)
    (ended,) = cache.kept.values()
    assert ended == (True, 700)
    cache.kept |= before
    assert sessions.find(token) is None


def test_who_was_sent_to_a_provider_comes_back_once(sessions: Sessions, cache: Cache) -> None:
    token = sessions.wait(WAITING)
    assert [timeout for _, timeout in cache.kept.values()] == [600]
    assert sessions.find(token) is None, "not signed in yet"
    assert sessions.came_back(token) == WAITING
    assert sessions.came_back(token) is None
    assert sessions.came_back(sessions.begin("anna", "reader")) is None


@pytest.mark.parametrize(
    ("groups", "reader_group", "admin_group", "role"),
    [
        ({"staff"}, "", "cxr-admin", "reader"),
        ({"staff"}, "radiology", "cxr-admin", None),
        ({"radiology"}, "radiology", "cxr-admin", "reader"),
        ({"cxr-admin"}, "radiology", "cxr-admin", "admin"),
        ({"", "staff"}, "", "", "reader"),
        (set(), "", "cxr-admin", "reader"),
    ],
)
def test_groups_give_a_role(groups: set[str], reader_group: str, admin_group: str, role: str | None) -> None:
    assert role_of_groups(groups, reader_group=reader_group, admin_group=admin_group) == role


@pytest.fixture
def users(tmp_path: Path) -> UsersFile:
    return UsersFile(tmp_path / "made" / "users.json")


def test_a_user_signs_in_with_the_own_password_and_no_other(users: UsersFile) -> None:
    users.put("bob", "admin", "a long sentence")
    users.put("anna", "reader", "another sentence")
    assert users.verify("bob", "a long sentence") == users.users()["bob"]
    assert users.users()["bob"].role == "admin"
    assert users.verify("bob", "another sentence") is None
    assert users.verify("carol", "a long sentence") is None
    assert users.verify("carol", "nobody's") is None
    assert list(json.loads(users.path.read_text())["users"]) == ["anna", "bob"]
    assert users.path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in users.path.parent.iterdir()] == ["users.json"]


def test_another_password_changes_the_seal_and_removal_takes_one_user_out(users: UsersFile) -> None:
    users.put("anna", "reader", "another sentence")
    users.put("bob", "reader", "a long sentence")
    before = users.users()["anna"].seal
    assert len(before) == 32
    users.put("anna", "reader", "a third sentence")
    assert users.users()["anna"].seal != before
    users.remove("anna")
    assert list(users.users()) == ["bob"]
    with pytest.raises(UsersError, match="must be a user of"):
        users.remove("anna")


def test_a_file_that_another_program_wrote_is_seen_and_one_that_did_not_change_is_not_read_again(
    users: UsersFile, tmp_path: Path
) -> None:
    users.put("anna", "reader", "another sentence")
    assert users.users() is users.users()
    other = UsersFile(users.path)
    other.put("bob", "reader", "a long sentence")
    assert sorted(users.users()) == ["anna", "bob"]
    assert UsersFile(tmp_path / "none.json").users() == {}


@pytest.mark.parametrize("characters", [12, 256])
def test_the_shortest_and_the_longest_password_are_taken(users: UsersFile, characters: int) -> None:
    users.put("a" * 64, "reader", "x" * characters)
    assert users.verify("a" * 64, "x" * characters) is not None


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("anna", "x" * 11, "must have 12 to 256 characters; received 11"),
        ("anna", "x" * 257, "received 257"),
        ("a" * 65, "x" * 12, "`name` must be"),
        ("", "x" * 12, "`name` must be"),
        ("-anna", "x" * 12, "`name` must be"),
    ],
)
def test_beyond_them_nothing_is_written(users: UsersFile, name: str, password: str, words: str) -> None:
    with pytest.raises(UsersError, match=words):
        users.put(name, "reader", password)
    assert not users.path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"users": []}',
        '{"users": {"anna": {"role": "king", "password": "$argon2id$x"}}}',
        '{"users": {"anna": {"role": "reader", "password": "wrong"}}}',
        '{"users": {"anna": {"role": "reader"}}}',
    ],
)
def test_a_file_that_this_program_did_not_write_lets_nobody_in(users: UsersFile, content: str) -> None:
    users.path.parent.mkdir()
    users.path.write_text(content)
    users.path.chmod(0o600)
    with pytest.raises(UsersError, match="cannot be used"):
        users.verify("anna", "plain")


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o610])
def test_a_file_that_others_may_read_or_write_is_refused(users: UsersFile, mode: int) -> None:
    users.put("anna", "reader", "another sentence")
    users.path.chmod(mode)
    with pytest.raises(UsersError, match="others may read or write"):
        users.users()


def test_what_services_hand_out_is_frozen() -> None:
    # filled row by row within one function, or counted under a lock
    filled = [
        "cxr_dash.services.archive._Archive",
        "cxr_dash.services.library.build._Rows",
        "cxr_dash.services.one_at_a_time._Named",
    ]
    assert loose_dataclasses("cxr_dash.services") == filled


def test_what_holds_an_array_is_not_compared_by_value() -> None:
    assert compared_arrays("cxr_dash.services") == []
