"""What native libraries write past ``logging`` goes into the log, in its form and without keys.

LiteRT says which delegate it takes, decoders what they dislike: onto the file of standard error, between the
lines of a log that a collector reads as JSON.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterable

from cxr_dash.log_lines import KeylessFormatter, LogFormat
from cxr_dash.standard_error import lead_standard_error, stay_to_the_end


def collect_stray_lines(form: LogFormat, loggers: Iterable[str]) -> subprocess.Popen[bytes]:
    """Lead standard error of this process, and of those it forks, into the log.

    Parameters
    ----------
    form : {"console", "json"}
    loggers : iterable of str
        Names of the loggers that write to standard error: they keep the real one.

    Returns
    -------
    subprocess.Popen
        Ends by itself when nobody can write to it any more.
    """
    stream, reader = lead_standard_error(__spec__.name, form)
    for name in loggers:
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
                handler.setStream(stream)
    return reader


def main(form: LogFormat) -> None:
    """Log every line of standard input on standard error, until its end."""
    stay_to_the_end()
    formatter = KeylessFormatter(form)
    for line in sys.stdin:
        if text := line.strip():
            level = logging.INFO if text.startswith("INFO") else logging.WARNING
            record = logging.LogRecord("cxr_dash.stray_lines", level, __file__, 0, "%s", (text,), None)
            sys.stderr.write(formatter.format(record) + "\n")
            sys.stderr.flush()


if __name__ == "__main__":
    sys.stdin.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main("json" if sys.argv[1:] == ["json"] else "console")
