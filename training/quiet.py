"""What native libraries say of themselves, kept out of a console that people read for their training.

TensorFlow writes past ``logging``, onto the file of standard error, from its import on: oneDNN, XNNPACK,
CUDA's factories, the converter's steps. Its own switch leaves its errors alone. The few lines that are called
errors and are none, and what LiteRT says, are dropped by a small process that passes everything else on.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import subprocess
import sys
from contextlib import suppress

from cxr_dash.standard_error import lead_standard_error, stay_to_the_end

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""TensorFlow's switch: whoever sets it, to ``0`` say, is told everything."""

# Besides information, only what was seen to be said of a run that went well. All else is told.
_NATIVE = re.compile(
    r"^INFO: "  # LiteRT: its delegates
    # information and warnings: what is logged while TensorFlow is loaded does not hear of its switch yet
    r"|^[IW]\d{4} [\d:.]+ +\d+ \S+:\d+\] "
    r"|^WARNING: All log messages before absl::InitializeLog\(\)"
    # the converter's reader is older than its writer, in one and the same TensorFlow
    r"|^E\d{4} .* NodeDef mentions attribute .* which is not in the op definition"
    # two libraries that bring the same one, at every start of TensorFlow with CUDA
    r"|^E\d{4} .* Unable to register cu(DNN|FFT|BLAS) factory"
)
_ADVICE = (
    # each size of films and batches is traced once
    "triggered tf.function retracing",
    # of the graph that is compiled: its gradients are in it already, and its inputs are found by their place
    "with ops with unsaved custom gradients",
    "contains input name(s)",
)
_WAIT_SECONDS = 5.0


def quieten() -> None:
    """Leave out what is not the reader's to know; to be called before TensorFlow is imported.

    Errors and warnings of any library are still told, and so is everything where :data:`LEVEL` is set.
    """
    for name in ("tensorflow", "absl"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, _Advice) for known in logger.filters):
            logger.addFilter(_Advice())
    os.environ.setdefault(LEVEL, "2")  # read once, when TensorFlow is imported


def quieten_process() -> None:
    """The same for a command in a process of its own, for the file of standard error too."""
    told_everything = LEVEL in os.environ
    quieten()
    if told_everything:
        return
    stream, reader = lead_standard_error(__spec__.name)
    atexit.register(_end, os.dup(stream.fileno()), reader)
    # Python's own lines take the short way: they are never noise, and a terminal stays one
    sys.stderr = stream


def _end(real: int, reader: subprocess.Popen[bytes]) -> None:
    """Wait for the last lines, so that they do not come after the next prompt."""
    os.dup2(real, 2)
    with suppress(subprocess.TimeoutExpired):  # a child that lives on may still write
        reader.wait(_WAIT_SECONDS)


class _Advice(logging.Filter):
    """Passes warnings and errors but advice about code that is not the reader's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is told."""
        text = record.getMessage()
        return record.levelno >= logging.WARNING and not any(advice in text for advice in _ADVICE)


def main() -> None:
    """Pass every line of standard input that is no noise on to standard error, until its end."""
    stay_to_the_end()
    for line in sys.stdin.buffer:
        if not _NATIVE.match(line.decode("utf-8", "replace")):
            os.write(2, line)


if __name__ == "__main__":
    main()
