"""Log lines without keys: whoever has a film's key can see the film, so no line holds one, at any level.

structlog writes them, for people (``console``) or for a collector (``json``); what libraries log through
``logging`` goes the same way. Each line that belongs to a request names it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

LogFormat = Literal["console", "json"]
# Under this name a request's id stands in structlog's context, and in the line.
REQUEST_ID = "request_id"
# Likewise its trace's, where there is one.
TRACE_ID = "trace_id"
# What `logger.debug(..., extra=...)` may add to a line: words of ours and numbers, never of a film.
FIELDS = ("method", "route", "status", "milliseconds")

# The first two are hexadecimal digits alone, which no key is; the third is a route as it is written.
_KEYLESS = (REQUEST_ID, TRACE_ID, "route")

# A key as the server makes it, where it stands alone or behind the word by which the cache keeps it.
_KEY = re.compile(r"(?<![A-Za-z0-9_-])((?:cxr-)?(?:film|analysis)-\d+-)?[A-Za-z0-9_-]{32}(?![A-Za-z0-9_])")
# Whatever stands in a key's place in an address, also when somebody wrote it otherwise.
_ADDRESS = re.compile(r"(?i)((?:/|%2f)films(?:/|%2f)+)(?!phantom\b)[^/\s?'\"]+")
_HIDDEN = "<key>"
# One request must not fill a disk.
_MOST_CHARACTERS = 8000

_Event = MutableMapping[str, Any]


def without_keys(text: str) -> str:
    """The text with every film's key taken out.

    Digests, which are longer, and times and sizes stay.
    """
    return _KEY.sub(lambda found: (found[1] or "") + _HIDDEN, _ADDRESS.sub(rf"\1{_HIDDEN}", text))


class KeylessFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats a record with its traceback, takes out keys, and cuts what is longer than anybody reads.

    Parameters
    ----------
    form : {"console", "json"}
        ``console`` is ``[time] [process] [LEVEL] words``, the request's id behind them; ``json`` one object
        a line with ``timestamp``, ``process``, ``level``, ``logger``, ``event``, and ``request_id``,
        ``trace_id`` and ``exception`` where there are such.
    """

    def __init__(self, form: LogFormat = "console", **_of_logging: Any) -> None:
        super().__init__(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.ExtraAdder(allow=FIELDS),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                _add_process,
                structlog.processors.TimeStamper(
                    fmt="%Y-%m-%d %H:%M:%S %z" if form == "console" else "iso", utc=form == "json"
                ),
                structlog.processors.format_exc_info,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _cut_and_take_out_keys,
                structlog.processors.JSONRenderer(default=str) if form == "json" else _as_line,
            ],
        )


def _add_process(_logger: object, _name: str, event: _Event) -> _Event:
    record: logging.LogRecord = event["_record"]
    event["process"] = record.process
    return event


def _cut_and_take_out_keys(_logger: object, _name: str, event: _Event) -> _Event:
    """In every text but those that hold none."""
    for name, value in event.items():
        if isinstance(value, str) and name not in _KEYLESS:
            event[name] = _shortened(without_keys(value))
    return event


def _shortened(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    half = _MOST_CHARACTERS // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"


def _as_line(_logger: object, _name: str, event: _Event) -> str:
    head = f"[{event['timestamp']}] [{event['process']}] [{event['level'].upper()}] {event['event']}"
    more = [f"{name}={event[name]}" for name in (*FIELDS, REQUEST_ID, TRACE_ID) if name in event]
    lines = [" ".join([head, *more])]
    if "exception" in event:
        lines.append(event["exception"])
    return "\n".join(lines)
