"""No log line holds the key of a film."""

from __future__ import annotations

import logging
import secrets
import sys

import pytest

from cxr_dash.log_lines import KeylessFormatter, without_keys

_KEYS = [secrets.token_urlsafe(24) for _ in range(50)] + ["-" * 32, "_-" * 16, "a" * 31 + "-"]


@pytest.mark.parametrize(
    "line",
    [
        "Error handling request GET /films/{key}/picture.jpg",
        "Error handling request GET http://a/FILMS/{key}?x=1",
        "Invalid Request Line 'GET  /films//{key}'",
        "DELETE %2ffilms%2f{key}",
        "no such key: 'film-2-{key}'",
        "cxr-analysis-5-{key}-findings-0123456789abcdef",
        '{{"film": "{key}"}}',
        "key={key}.",
    ],
)
def test_a_key_is_taken_out_wherever_it_stands(line: str) -> None:
    for key in _KEYS:
        if line.startswith("key=") and not key[-1].isalnum():
            continue
        assert key not in without_keys(line.format(key=key))


def test_what_is_no_key_stays() -> None:
    line = f"loaded model findings 2.1.0 ({'0123456789abcdef' * 4}) in 120 ms; POST /films; /films/phantom"
    assert without_keys(line) == line


def test_a_traceback_is_written_without_keys_and_cut_where_it_is_endless() -> None:
    key = _KEYS[0]
    try:
        {}[f"film-2-{key}" + " x" * 50_000]
    except KeyError:
        record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "/films/%s", (key,), sys.exc_info())
    text = KeylessFormatter("%(message)s").format(record)
    assert "Traceback" in text
    assert key not in text
    assert len(text) < 10_000
