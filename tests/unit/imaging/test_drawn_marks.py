"""A reader's marks are part of the picture that is taken away."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash import imaging
from cxr_dash.imaging import Mark

MARKS = {
    "ruler": Mark("ruler", (40.0, 150.0), (260.0, 150.0), "12.5 mm"),
    "arrow": Mark("arrow", (40.0, 150.0), (260.0, 150.0)),
    "L": Mark("L", (150.0, 150.0), (150.0, 150.0)),
}


@pytest.mark.parametrize("kind", MARKS)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_mark_is_drawn_white_over_black_at_its_place(kind: str, channels: tuple[int, ...]) -> None:
    film = np.full((300, 300, *channels), 120, np.uint8)
    drawn = imaging.marked(film, [MARKS[kind]])
    changed = np.argwhere((drawn != film).reshape(300, 300, -1).any(axis=2))
    assert drawn.shape == film.shape
    assert (film == 120).all()
    assert {int(drawn.min()), int(drawn.max())} == {0, 255}
    assert np.ptp(drawn.reshape(300, 300, -1), axis=2).max() == 0, "no colour of its own"
    assert np.abs(changed.mean(axis=0) - 150.0).max() < 20


def test_a_ruler_says_what_it_measured() -> None:
    film = np.full((300, 300), 120, np.uint8)
    mute = Mark("ruler", (40.0, 150.0), (260.0, 150.0))
    assert (imaging.marked(film, [MARKS["ruler"]]) != imaging.marked(film, [mute])).any()


def test_a_mark_on_the_films_edge_stays_in_it() -> None:
    film = np.full((300, 300), 120, np.uint8)
    drawn = imaging.marked(film, [Mark("R", (0.0, 0.0), (0.0, 0.0))])
    assert int((drawn == 255).sum()) > 20


@pytest.mark.parametrize("place", [(299.0, 150.0), (0.0, 150.0), (150.0, 299.0), (150.0, 0.0)])
def test_words_at_an_edge_are_moved_into_the_film_whole(place: tuple[float, float]) -> None:
    film = np.full((300, 300), 120, np.uint8)

    def ink(at: tuple[float, float]) -> np.ndarray:
        """Where the letters are white, without the line."""
        words, mute = (imaging.marked(film, [Mark("ruler", at, at, text)]) for text in ("128.5 mm", ""))
        return np.argwhere((words == 255) & (mute != 255))

    moved, middle = ink(place), ink((150.0, 100.0))
    assert moved.min() >= 1
    assert moved.max() <= 298
    # the same letters, but for what the line hides
    assert len(moved) > 0.8 * len(middle)
    assert np.ptp(moved[:, 1]) == np.ptp(middle[:, 1])


def test_no_mark_changes_nothing() -> None:
    film = np.full((64, 64), 120, np.uint8)
    assert imaging.marked(film, []) is film
