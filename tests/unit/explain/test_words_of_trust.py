"""What is said of a map: where its heat lies, in per cent, and what a small shift of the film changes."""

from __future__ import annotations

import pytest

from cxr_dash.explain.trust_words import in_words
from cxr_dash.language import translator


def _said(
    inside: float | None, *, outside: bool = False, map_moves: bool = False, drift: float | None = None
) -> str:
    words = in_words("lungs", inside, outside=outside, map_moves=map_moves, drift=drift)
    return translator("en").say(words).replace("\u00a0", " ")


def test_heat_outside_is_said_by_its_share_and_nothing_else_is() -> None:
    said = _said(0.25, outside=True, map_moves=True, drift=0.3)
    assert said == "Most of the heat lies outside the lungs (75 %): do not rely on it."


@pytest.mark.parametrize(
    ("map_moves", "drift", "words"),
    [
        (False, None, "; stable when the film is shifted a little."),
        (True, None, "; unstable: a small shift of the film changes the map."),
        (False, 0.3, "; unstable: a small shift of the film changes the probability (by 0.30)."),
        (True, 0.3, "; unstable: a small shift of the film changes the map and the probability (by 0.30)."),
    ],
)
def test_heat_inside_is_said_with_what_a_shift_changes(
    map_moves: bool, drift: float | None, words: str
) -> None:
    said = _said(0.625, map_moves=map_moves, drift=drift)
    assert said.startswith("62 % of the heat")
    assert said.endswith(words)


def test_where_the_lungs_are_not_known_no_share_is_named() -> None:
    said = _said(None, outside=True)
    assert (
        said == "Whether the heat lies in the lungs is not known; stable when the film is shifted a little."
    )
