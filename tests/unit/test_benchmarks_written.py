"""The table of docs/films.md: its kinds can be written, asked and counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.table import write_between
from benchmarks.written.ask import Answer, ask
from benchmarks.written.kinds import KINDS
from benchmarks.written.report import as_markdown, keep, read, summarise
from cxr_dash import imaging
from cxr_dash.services import build_service
from cxr_dash.settings import ROOT, Settings

PAGE = ROOT / "docs" / "films.md"


def test_every_kind_can_be_asked_and_the_damaged_ones_are_refused(tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(imaging.encode_png(imaging.chest_phantom(320, 320), {}))
    service = build_service(Settings(heat_trust=False))
    rows = summarise(list(ask(service, "findings", [film], KINDS)), KINDS)
    assert [row.kind for row in rows] == [kind.name for kind in KINDS]
    of = {row.kind: row for row in rows}
    # one wrong byte may change a single block, of which nothing in the file tells
    sure = [kind for kind in KINDS if kind.name.startswith(("JPEG cut", "JPEG, tail", "progressive", "WebP"))]
    assert len(sure) >= 6
    assert {of[kind.name].refused for kind in sure} == {1}
    assert {of[kind.name].refused for kind in KINDS if kind.expected == "same"} == {0}


def test_rows_count_what_was_refused_said_and_flipped() -> None:
    answers = [
        Answer(KINDS[0].name, "a", "ok", 1, 0.2, ()),
        Answer(KINDS[0].name, "b", "said", 2, 0.4, ("tinted",)),
        Answer(KINDS[0].name, "c", "error", 0, 0.0, ("damaged",)),
        Answer(KINDS[0].name, "d", "rejected", 0, 0.0, ("no_lungs",)),
    ]
    (row,) = summarise(answers, KINDS[:1])
    assert (row.films, row.refused, row.said, row.silent) == (4, 2, 1, 1)
    assert (row.flipped, row.flipped_silently) == (2, 1)
    assert row.difference == pytest.approx(0.3)


def test_rows_are_kept_and_stand_in_the_table_beside_what_was_before(tmp_path: Path) -> None:
    rows = summarise([Answer(KINDS[0].name, "a", "ok", 1, 0.25, ())], KINDS[:1])
    keep(rows, tmp_path / "rows.json")
    before = read(tmp_path / "rows.json")
    line = as_markdown(rows, before).splitlines()[-1]
    assert line == f"| {KINDS[0].name} | 0 / 0 / 1, 1 | 0 / 0 / 1, 1 | 1 → 1 of 1 | 0.250 |"


def test_the_page_has_a_row_for_every_kind_and_a_place_for_the_next_table(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| {kind.name} |" in text
    copy = tmp_path / "films.md"
    copy.write_text(text, encoding="utf-8")
    write_between("written", "| nothing |", copy)
    assert "| nothing |" in copy.read_text(encoding="utf-8")


def test_chance_is_the_same_in_every_run() -> None:
    film = imaging.chest_phantom(200, 200)
    for kind in KINDS:
        first, second = (kind.write(film, np.random.default_rng(5)) for _ in range(2))
        assert first == second, kind.name
