"""No log line holds the key of a film."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from pathlib import Path

import pytest
from log_watch import watched_logs
from structlog.contextvars import bound_contextvars

from cxr_dash.log_lines import KeylessFormatter, LogFormat, without_keys

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
    line = f"model findings 2.1.0 ({'0123456789abcdef' * 4}) in 120 ms; POST /films; /films/phantom/effusion"
    assert without_keys(line) == line


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_is_written_without_keys_and_cut_where_it_is_endless(form: LogFormat) -> None:
    key = _KEYS[0]
    try:
        {}[f"film-2-{key}" + " x" * 50_000]
    except KeyError:
        record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "/films/%s", (key,), sys.exc_info())
    text = KeylessFormatter(form).format(record)
    assert "Traceback" in text
    assert key not in text
    assert len(text) < 10_000


def test_a_line_for_a_collector_is_one_object_with_the_requests_id() -> None:
    record = logging.LogRecord("cxr_dash.web", logging.INFO, "a.py", 1, "loaded %s", ("findings",), None)
    with bound_contextvars(request_id="0123456789abcdef0123456789abcdef"):
        line = KeylessFormatter("json").format(record)
    said = json.loads(line)
    assert (said["event"], said["level"], said["logger"]) == ("loaded findings", "info", "cxr_dash.web")
    assert said["request_id"] == "0123456789abcdef0123456789abcdef"
    assert "\n" not in line


def test_a_line_for_people_names_process_level_and_request() -> None:
    record = logging.LogRecord("a", logging.WARNING, "a.py", 1, "full", (), None)
    with bound_contextvars(request_id="0123abcd"):
        line = KeylessFormatter().format(record)
    assert re.fullmatch(rf"\[[-0-9: +]+\] \[{record.process}\] \[WARNING\] full request_id=0123abcd", line)


def test_a_lines_fields_are_those_that_were_foreseen() -> None:
    record = logging.LogRecord("a", logging.INFO, "a.py", 1, "answered", (), None)
    record.__dict__ |= {"status": 200, "patient": "Doe^Jane"}
    said = json.loads(KeylessFormatter("json").format(record))
    assert said["status"] == 200
    assert "patient" not in said


@pytest.mark.parametrize("form", ["console", "json"])
def test_the_watch_over_test_runs_finds_what_a_line_should_not_hold(tmp_path: Path, form: str) -> None:
    with watched_logs(tmp_path / "log") as watch:
        watch.secrets.add("Doe^Jane")
        logging.getLogger("some.library").debug("read %s as %s", "Doe^Jane", form)
    assert len(watch.found()) == 2
