"""Stages of work on a film: timed for the counters, and shown to whoever follows a request through them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

# Takes a stage's name and, where one model is asked, its id; is entered and left with the stage.
Follower = Callable[[str, str], AbstractContextManager[None]]

_follower: ContextVar[Follower | None] = ContextVar("cxr_stage_follower", default=None)


@contextmanager
def stage(name: str, milliseconds: dict[str, float] | None = None, *, model: str = "") -> Iterator[None]:
    """Work that has a name.

    Parameters
    ----------
    name : str
        Such as ``decode``: a word of ours, never one of a film.
    milliseconds : dict of str to float, optional
        Gets what the work took, if it came to an end.
    model : str
        Id of the bundle that is asked; empty where it is none's.
    """
    follower = _follower.get()
    with follower(name, model) if follower else nullcontext():
        started = time.perf_counter()
        yield
        if milliseconds is not None:
            milliseconds[name] = (time.perf_counter() - started) * 1000.0


@contextmanager
def followed(follower: Follower) -> Iterator[None]:
    """Have this thread's stages followed until the end."""
    token = _follower.set(follower)
    try:
        yield
    finally:
        _follower.reset(token)
