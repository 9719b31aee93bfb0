"""Which train films a bundle's audits and distance look at."""

from __future__ import annotations

from pathlib import Path

from training.export.measure import FilmSet
from training.films.manifest import Film
from training.films.sampling import some_films
from training.recipe import DataRecipe

FILMS = [
    Film(Path(f"{n}.png"), frozenset(), "train", answers=None if n % 3 else frozenset({"mass"}))
    for n in range(30)
]


def test_the_same_seed_draws_the_same_films_in_their_own_order() -> None:
    drawn = some_films(FILMS, 7, seed=3)
    assert drawn == some_films(FILMS, 7, seed=3) == sorted(drawn, key=FILMS.index)
    assert len(set(map(id, drawn))) == 7
    assert drawn != some_films(FILMS, 7, seed=4)
    assert some_films(FILMS, 99, seed=3) == FILMS


def test_films_that_leave_labels_open_are_not_asked_about_all_of_them() -> None:
    data = DataRecipe.model_validate({"manifest": "m.csv", "labels": ["mass", "edema"]})
    films = FilmSet(FILMS, data, seed=0)
    assert len(films.train) == 30
    assert films.train_answered == [film for film in FILMS if film.answers is None]
    assert len(films.train_answered) == 20
