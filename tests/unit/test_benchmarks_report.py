"""What the benchmark says about its samples."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from brief_benchmarks import run_briefly

from benchmarks import decode
from benchmarks.__main__ import TABLES
from benchmarks.bench import agreement
from benchmarks.decode import CASES, Case
from benchmarks.report import ROWS, Figures
from benchmarks.table import PAGE, Asked, write_between

pytestmark = pytest.mark.thorough


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


_LOGITS = [0.3, -1.2]
_MAPS = [[0.0, 1.0, 0.4], [1.0, 0.2, 0.0]]


def test_subjects_that_answer_alike_are_found_so_in_either_activation() -> None:
    powers = np.exp(_LOGITS)
    for activation, probabilities in (("sigmoid", powers / (1 + powers)), ("softmax", powers / powers.sum())):
        theirs = {"probabilities": probabilities.tolist(), "heatmaps": _MAPS}
        assert max(agreement({"logits": _LOGITS, "heatmaps": _MAPS}, theirs, activation).values()) < 1e-9


@pytest.mark.parametrize(("what", "value"), [("probabilities", 0.002), ("maps", 0.0011)])
def test_subjects_that_differ_stop_the_run(what: str, value: float) -> None:
    sure = 1 / (1 + np.exp(-np.array(_LOGITS)))
    theirs = {"probabilities": sure.tolist(), "heatmaps": _MAPS}
    key = "heatmaps" if what == "maps" else what
    theirs[key] = (np.array(theirs[key]) + value).tolist()
    with pytest.raises(RuntimeError, match=f"{what} {value:.2g}"):
        agreement({"logits": _LOGITS, "heatmaps": _MAPS}, theirs, "sigmoid")


def test_decoders_that_give_other_pixels_stop_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    png = CASES[1]
    monkeypatch.setattr(decode, "noisy_films", lambda _count: [np.full((300, 200), 1600, np.uint16)])
    monkeypatch.setattr(decode, "CASES", (Case(png.name, png.write, "another", lambda d: png.plain(d) + 1),))
    with pytest.raises(RuntimeError, match=r"PNG, 8 bits.*1 levels apart"):
        decode.measure(Asked(tmp_path, tmp_path, brief=True))


def test_a_brief_run_writes_every_row_and_the_subjects_answer_alike(tmp_path: Path) -> None:
    """The shipped model, its compiled graph against the recipe on its Keras file, over two real servers."""
    printed, kept = run_briefly(tmp_path, "models", "decode")
    assert kept["models"]["apart"]["probabilities"] <= 1e-3
    assert kept["models"]["apart"]["maps"] <= 1e-3
    warm = {row for row in ROWS if not row.startswith("cold_")}
    assert set(kept["models"]["rows"]) == warm
    for row in kept["models"]["rows"].values():
        assert row["what"] in printed
        assert all(row["samples"].values())
    assert set(kept["decode"]["rows"]) == {case.name for case in CASES}


@pytest.mark.parametrize("name", [*TABLES, "training"])
def test_every_table_has_its_place_on_the_page(tmp_path: Path, name: str) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    write_between(name, "| a new | table |", page)
    assert re.search(rf"<!-- {name} results -->\n\n\| a new \| table \|\n\n<!-- end", page.read_text("utf-8"))


def test_a_table_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("nothing here", encoding="utf-8")
    with pytest.raises(ValueError, match="one place for the table decode"):
        write_between("decode", "", page)
