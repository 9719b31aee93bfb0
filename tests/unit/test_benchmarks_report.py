"""What the benchmark says about its samples."""

from __future__ import annotations

import pytest

from benchmarks.report import Figures


def test_less_time_and_more_films_a_second_both_count_as_better() -> None:
    figures = Figures()
    for ours, reference in ((1.0, 10.0), (2.0, 20.0), (90.0, 30.0)):
        figures.add("cold_all", "ours", ours)
        figures.add("cold_all", "reference", reference)
    figures.add("server_throughput", "ours", 100.0)
    figures.add("server_throughput", "reference", 4.0)
    assert figures.ratio("cold_all") == 10.0
    assert figures.ratio("server_throughput") == 25.0


def test_the_table_shows_median_spread_and_ratio() -> None:
    figures = Figures()
    for value in (3.0, 1.0, 2.0):
        figures.add("predict", "ours", value)
        figures.add("predict", "reference", 10 * value)
    (row,) = figures.as_markdown().splitlines()[2:]
    assert "| 2 ms (1-3) | 20 ms (10-30) | 10.0 x |" in row


def test_a_row_that_is_not_described_is_refused() -> None:
    with pytest.raises(KeyError, match="speed"):
        Figures().add("speed", "ours", 1.0)
