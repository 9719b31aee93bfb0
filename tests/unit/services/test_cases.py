"""Films wait under keys that cannot be guessed, and are gone when they should be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cxr_dash.domain import FilmFacts, PatientIdentity
from cxr_dash.errors import CaseNotFoundError, StorageError
from cxr_dash.services.cases import CaseStore, MemoryCache, StoredFilm

FILM = StoredFilm(data=b"file", picture=b"p", thumbnail=b"t", sha256="0" * 64, width=2, height=1)


def test_a_film_comes_back_under_its_key() -> None:
    store = CaseStore(MemoryCache(), 60)
    key = store.add(FILM)
    assert store.film(key) == FILM


def test_who_the_patient_is_goes_with_the_film() -> None:
    store = CaseStore(MemoryCache(), 60)
    key = store.add(
        replace(FILM, identity=PatientIdentity(name="DOE, JANE"), facts=FilmFacts(study_uid="1.2"))
    )
    assert store.film(key).identity == PatientIdentity(name="DOE, JANE")
    assert store.film(key).facts.study_uid == "1.2"
    store.forget(key)
    with pytest.raises(CaseNotFoundError):
        store.film(key)


def test_a_kept_film_has_no_words_that_a_log_could_keep() -> None:
    film = replace(FILM, data=b"DOE^JANE", identity=PatientIdentity(name="DOE, JANE"))
    assert "DOE" not in repr(film)


def test_the_same_film_gets_a_new_unguessable_key_each_time() -> None:
    store = CaseStore(MemoryCache(), 60)
    keys = {store.add(FILM) for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) == 32 for key in keys)


def test_a_forgotten_film_is_gone_and_the_error_says_what_to_do() -> None:
    store = CaseStore(MemoryCache(), 1800)
    key = store.add(FILM)
    store.forget(key)
    with pytest.raises(CaseNotFoundError, match="30 minutes") as caught:
        store.film(key)
    assert caught.value.remedy == "Add the film again."


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 33, "é" * 32, "a" * 31 + "/"])
def test_a_key_of_another_form_is_never_looked_up(key: str) -> None:
    class Watched(MemoryCache):
        def get(self, key: str) -> object:
            raise AssertionError(f"looked up {key}")

    with pytest.raises(CaseNotFoundError):
        CaseStore(Watched(), 60).film(key)


def test_a_cache_that_does_not_answer_is_not_taken_for_a_film_that_is_gone() -> None:
    class Gone(MemoryCache):
        def get(self, key: str) -> object:
            raise ConnectionError(f"no server to ask for {key}")

    with pytest.raises(StorageError, match="cannot reach the films") as caught:
        CaseStore(Gone(), 60).film("k" * 32)
    assert "Try again" in caught.value.remedy
