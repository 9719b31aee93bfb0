"""Probabilities, intervals and names as paper says them: the same rules as on the page."""

from __future__ import annotations

import pytest

from cxr_dash.language import Translator, translator
from cxr_dash.services.exports.pictures import window_figure
from cxr_dash.services.exports.wording import interval, lower, pair, percent

EN, ES = translator("en"), translator("es")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0"),
        (0.0005, "<0.1"),
        (0.000999, "<0.1"),
        (0.001, "0.1"),
        (0.0123, "1.2"),
        (0.0994, "9.9"),
        (0.0995, "10"),
        (0.5, "50"),
        (0.98, "98"),
        (0.99, "99"),
        (0.9912, "99.1"),
        (0.999, "99.9"),
        (0.9991, ">99.9"),
        (1.0, "100"),
    ],
)
def test_a_share_has_digits_where_small_ones_differ_and_is_never_a_false_0_or_100(
    share: float, words: str
) -> None:
    assert percent(share, EN) == f"{words}\u00a0%"


def test_a_figure_has_the_readers_own_decimal_sign() -> None:
    assert percent(0.0123, ES) == "1,2\u00a0%"
    assert pair(0.4812, 0.4797, ES) == ("48,1\u00a0%", "48,0\u00a0%")
    assert interval(0.001, 0.0049, ES) == "0,1–0,5"


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (0.62, 0.4, ("62", "40")),
        (0.48, 0.48, ("48", "48")),
        (0.4812, 0.4797, ("48.1", "48.0")),
        (0.48012, 0.48024, ("48.01", "48.02")),
        (0.480011, 0.480024, ("48.001", "48.002")),
        (0.4800001, 0.4800002, ("48", "48")),
        (0.0001, 0.0002, ("<0.1", "<0.1")),
    ],
)
def test_two_that_differ_read_differently_with_three_digits_at_most(
    first: float, second: float, words: tuple[str, str]
) -> None:
    assert pair(first, second, EN) == tuple(f"{one}\u00a0%" for one in words)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.79, 0.94, "79–94"),
        (0.002, 0.009, "0.2–0.9"),
        (0.09, 0.099, "9.0–9.9"),
        (0.095, 0.1, "10–10"),
        (0.02, 0.0301, "2–3"),
        (0.02, 0.0299, "2.0–3.0"),
    ],
)
def test_a_narrow_interval_of_small_shares_has_a_digit_more(low: float, high: float, words: str) -> None:
    assert interval(low, high, EN) == words


@pytest.mark.parametrize(
    ("name", "inside"),
    [("Pneumonia", "pneumonia"), ("COVID-19", "COVID-19"), ("Ab", "ab"), ("A", "A"), ("aB", "aB")],
)
def test_a_name_inside_a_sentence_begins_small_unless_it_is_an_abbreviation(name: str, inside: str) -> None:
    assert lower(name, EN) == inside
    assert lower(name, Translator("de")) == name


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1800.4, "1800"),
        (127.5, "128"),
        (10.4, "10"),
        (9.96, "9.96"),
        (0.1234, "0.123"),
        (-20.4, "-20"),
        (0.0, "0"),
    ],
)
def test_a_windows_figure_has_whole_levels_where_there_are_many_and_else_three_digits(
    value: float, words: str
) -> None:
    assert window_figure(value) == words
