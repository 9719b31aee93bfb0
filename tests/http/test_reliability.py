"""``make soak`` and ``make chaos`` in small: each runs against a real server and says what it saw."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from reliability.chaos.__main__ import FAULTS, as_markdown, put_in
from reliability.chaos.fault import Fault, NotHereError, Seen
from reliability.page import PAGE
from reliability.server import Answer
from reliability.soak import __main__ as soak
from reliability.soak.memory import MemoryLog
from reliability.soak.readers import Tally
from reliability.soak.report import as_markdown as soak_table
from reliability.soak.report import percentile


def test_a_few_readers_are_answered_and_the_tables_say_how(capsys: pytest.CaptureFixture[str]) -> None:
    status = soak.main(
        ["--readers", "2", "--think", "0", "--analyses", "30", "--growth", "9", "--every", "0.05"]
    )
    text = capsys.readouterr().out
    assert status == 0, text
    for kind in ("/healthz", "/readyz", "page", "film added", "picture", "answer", "heatmap", "film deleted"):
        assert f"| {kind} | " in text
    assert "| nothing | | 0 |" in text
    assert "2 worker processes seen in all" in text


def test_one_fault_is_put_into_a_server_and_seen() -> None:
    fault = next(fault for fault in FAULTS if fault.name == "damaged entries")
    seen = put_in(fault)
    assert seen is not None
    assert seen.good, seen.words
    assert "404 `case_not_found`" in seen.words


def test_a_promise_that_was_not_kept_and_a_fault_that_needs_more_stand_in_the_table(tmp_path: Path) -> None:
    def leaks(folder: Path) -> Seen:
        (folder / "server.log").write_text("GET /films/" + "k" * 32)
        return Seen(good=True, words="fine")

    def lacks(_: Path) -> Seen:
        raise NotHereError("needs what is not here")

    faults = [Fault("leak", "a key is logged", leaks), Fault("lack", "nothing", lacks)]
    text = as_markdown([(fault, put_in(fault)) for fault in faults])
    assert "| leak | a key is logged | fine; **a film's key is in the log** | **no** |" in text
    assert "| lack | nothing | not tried on this machine |" in text


def test_every_row_of_the_faults_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 14


def test_growth_is_the_last_tenth_of_films_against_the_second() -> None:
    log = MemoryLog([(films, {"pss": 100.0 if films < 10 else 200.0 + films / 10}) for films in range(101)])
    assert log.growth("pss") == pytest.approx(209.5 / 201.5 - 1.0)
    assert MemoryLog().growth("pss") is None


def test_a_busy_server_is_no_fault_and_anything_else_is() -> None:
    tally = Tally()
    tally.note("answer", Answer(503, 0.1, {}, b'{"error": {"code": "busy"}}'))
    assert not soak.unexpected(tally)
    tally.note("answer", Answer(500, 0.1, {}, b"{}"))
    tally.note("answer", Answer(0, 0.1, {}, b"ConnectionResetError"))
    assert soak.unexpected(tally) == [("answer", "500"), ("answer", "ConnectionResetError")]
    assert "| answer | ConnectionResetError | 1 |" in soak_table(tally, MemoryLog())


def test_a_percentile_is_never_beyond_the_longest() -> None:
    assert percentile([3.0], 99) == 3.0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([1.0, 2.0, 3.0], 99) <= 3.0


def test_memory_is_watched_until_it_is_over() -> None:
    class Gone:
        def workers(self) -> list[object]:
            over.set()
            return []

        def memory(self) -> dict[str, float]:
            return {"pss": 1.0}

    over, log = threading.Event(), MemoryLog()
    log.watch(Gone(), Tally(), over, 0.01)  # type: ignore[arg-type]
    assert log.samples == [(0, {"pss": 1.0})]


def test_the_page_has_a_place_for_every_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in ("chaos", "soak", "analyses", "mutants"):
        assert text.count(f"<!-- {name} results -->") == text.count(f"<!-- end of {name} results -->") == 1
