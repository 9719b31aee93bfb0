"""A bar with the time left, for people who watch; nothing where nobody does."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str, total: int, done: int = 0) -> Iterator[Callable[[str], None]]:
    """Show how far a long piece of work is.

    Parameters
    ----------
    what : str
    total, done : int
        Steps in all, and those that were made before.

    Yields
    ------
    callable
        To be called after each step, with a few words to show beside the bar. It does nothing where
        standard error is no terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
    )
    terminal = sys.stderr
    # transient: what stays on the screen is the log
    with Progress(*columns, console=Console(file=terminal), transient=True) as bar:
        task = bar.add_task(what, total=total, completed=done, words="")
        # while the bar is there, sys.stderr is what writes above it
        handlers = [
            handler
            for handler in logging.getLogger().handlers
            if isinstance(handler, logging.StreamHandler) and handler.stream is terminal
        ]
        for handler in handlers:
            handler.setStream(sys.stderr)
        try:
            yield lambda words: bar.update(task, advance=1, words=words)
        finally:
            for handler in handlers:
                handler.setStream(terminal)
