"""Each limit of the plain checks: on it nothing is said, beyond it the reason is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxr_dash.domain import Radiograph, ReasonCode, Verdict
from cxr_dash.imaging import quality
from cxr_dash.imaging.quality import FilmMeasures, check_film
from cxr_dash.imaging.wrapped import _spikes

FINE = FilmMeasures(
    levels=200, commonest_share=0.1, median=130.0, likeness=0.7, inverted=False, wrapped=False
)


def said(
    monkeypatch: pytest.MonkeyPatch,
    colour: float = 0.0,
    shape: tuple[int, int] = (300, 300),
    **measures: object,
) -> tuple[Verdict, list[ReasonCode]]:
    monkeypatch.setattr(quality, "measure_film", lambda _: replace(FINE, **measures))
    found = check_film(Radiograph(np.zeros(shape, np.uint8), 8, "png", "0" * 64, colour))
    return found.verdict, list(found.codes)


def test_a_film_like_most_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch) == (Verdict.OK, [])


# What is measured, its last good value, the first bad one, and the reason.
_REFUSED = [
    ({"levels": 32}, {"levels": 31}, ReasonCode.BLANK),
    ({"wrapped": False}, {"wrapped": True}, ReasonCode.LEVELS_WRAPPED),
    ({"colour": 0.25}, {"colour": 0.2501}, ReasonCode.IN_COLOUR),
    ({"commonest_share": 0.42}, {"commonest_share": 0.4201}, ReasonCode.ONE_FLAT_TONE),
    ({"median": 56.0, "likeness": 0.5}, {"median": 55.9, "likeness": 0.5}, ReasonCode.MOSTLY_BLACK),
    ({"median": 240.0, "likeness": 0.5}, {"median": 240.1, "likeness": 0.5}, ReasonCode.MOSTLY_WHITE),
    ({"likeness": 0.0}, {"likeness": -0.001}, ReasonCode.NOT_UPRIGHT),
    # a film that is like a chest may be as dark or as bright as it will
    ({"median": 20.0, "likeness": 0.57}, {"median": 20.0, "likeness": 0.569}, ReasonCode.MOSTLY_BLACK),
    ({"median": 250.0, "likeness": 0.57}, {"median": 250.0, "likeness": 0.569}, ReasonCode.MOSTLY_WHITE),
]
_SAID = [
    ({"likeness": 0.3}, {"likeness": 0.299}, ReasonCode.HARDLY_UPRIGHT),
    ({"inverted": False}, {"inverted": True}, ReasonCode.INVERTED),
    ({"median": 75.0}, {"median": 74.9}, ReasonCode.VERY_DARK),
    ({"median": 225.0}, {"median": 225.1}, ReasonCode.VERY_BRIGHT),
    ({"levels": 100}, {"levels": 99}, ReasonCode.FEW_TONES),
    ({"shape": (200, 300)}, {"shape": (199, 300)}, ReasonCode.LOW_RESOLUTION),
    ({"shape": (300, 200)}, {"shape": (300, 199)}, ReasonCode.LOW_RESOLUTION),
    ({"colour": 0.01}, {"colour": 0.0101}, ReasonCode.COLOURED_MARKS),
]


@pytest.mark.parametrize(("good", "bad", "code"), _REFUSED)
def test_beyond_a_limit_a_film_is_refused(
    monkeypatch: pytest.MonkeyPatch, good: dict, bad: dict, code: ReasonCode
) -> None:
    assert said(monkeypatch, **good)[0] is not Verdict.REJECT
    verdict, codes = said(monkeypatch, **bad)
    assert verdict is Verdict.REJECT
    assert code in codes


@pytest.mark.parametrize(("good", "bad", "code"), _SAID)
def test_beyond_a_limit_a_film_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, good: dict, bad: dict, code: ReasonCode
) -> None:
    assert said(monkeypatch, **good) == (Verdict.OK, [])
    assert said(monkeypatch, **bad) == (Verdict.WARN, [code])


def test_of_a_film_that_is_refused_only_its_turn_is_said_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, codes = said(monkeypatch, likeness=-0.5, inverted=True, levels=50)
    assert (verdict, codes) == (Verdict.REJECT, [ReasonCode.NOT_UPRIGHT, ReasonCode.INVERTED])


def test_a_blank_film_is_called_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, levels=3, likeness=-0.5, commonest_share=0.9)[1] == [ReasonCode.BLANK]


def test_a_level_stands_out_like_letters_only_where_none_of_a_32nd_of_the_range_beside_it_comes_near() -> (
    None
):
    for near, stands_out in ((8, False), (9, True)):
        counts = np.zeros(256, np.float32)
        counts[[10, 10 + near, 200 - near, 200]] = 100, 34, 34, 100
        assert _spikes(counts, 256) == ((10, 200) if stands_out else (-1, -1))
    counts = np.zeros(256, np.float32)
    counts[[10, 11, 199, 200]] = 100, 33, 33, 100
    assert _spikes(counts, 256) == (10, 200)
