"""Who watches a terminal sees how far a run is; a file or a pipe gets the log alone."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from training.fitting.progress import progress


class Terminal(io.StringIO):
    """Says that a person watches."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_steps_and_keeps_the_log(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    handler, root = logging.StreamHandler(terminal), logging.getLogger()
    root.addHandler(handler)
    try:
        with progress("fine_tune", 4, done=2) as show:
            show("loss 0.5")
            root.warning("an epoch is over")
            assert handler.stream is not terminal
        assert handler.stream is terminal
    finally:
        root.removeHandler(handler)
    shown = terminal.getvalue()
    assert "fine_tune" in shown
    assert "3/4" in shown
    assert "an epoch is over" in shown


def test_the_log_gets_its_stream_back_when_training_fails(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(ValueError, match="broken"), progress("features", 1):
        raise ValueError("broken")
    assert sys.stderr is terminal


def test_nothing_is_shown_where_nobody_watches(monkeypatch):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with progress("features", 2) as show:
        show("copy 1 of 2")
    assert pipe.getvalue() == ""
