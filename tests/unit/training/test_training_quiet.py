"""What native libraries say of themselves is not told; what went wrong is, to the last word."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

from training.quiet import LEVEL, quieten

NOISE = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1796036473.201870   11172 port.cc:153] oneDNN custom operations are on. You may",
    "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
    "E0000 00:00:1.5 13068 node_def_util.cc:682] NodeDef mentions attribute Truncate which is not in the op "
    "definition: Op<name=Identity>",
    "E0000 00:00:1.5 12 cuda_dnn.cc:8579] Unable to register cuDNN factory: Attempting to register factory",
)
FAULTS = (
    "E0000 00:00:1.5 12 cuda_platform.cc:51] failed call to cuInit: INTERNAL: CUDA error",
    "F0000 00:00:1.5 12 tensor.cc:1] Check failed: the last words before the process is ended",
)


def _process(code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    shell = {name: value for name, value in os.environ.items() if name != LEVEL}
    return subprocess.run(
        [sys.executable, "-c", f"import os, sys, logging\nfrom training.quiet import *\n{code}"],
        capture_output=True,
        text=True,
        check=False,
        env=shell | changes,
    )


def _saying(lines: tuple[str, ...]) -> str:
    return f"os.write(2, {(chr(10).join(lines)).encode()!r})"


def test_native_noise_is_dropped_and_native_errors_are_told_though_the_process_dies_of_them() -> None:
    done = _process(f"quieten_process()\n{_saying(NOISE + FAULTS)}\nos.abort()")
    assert done.returncode != 0
    assert done.stderr.splitlines() == list(FAULTS)


def test_python_speaks_on_the_standard_error_that_the_process_was_given() -> None:
    done = _process(
        "quieten_process()\nlogging.basicConfig(format='%(message)s')\nlogging.error('INFO: ours')\n"
        "print('said', file=sys.stderr)\nraise SystemExit('the end')"
    )
    assert (done.returncode, done.stderr) == (1, "INFO: ours\nsaid\nthe end\n")


def test_who_sets_the_level_is_told_everything() -> None:
    done = _process(f"quieten_process()\n{_saying(NOISE)}\nprint(os.environ[LEVEL])", **{LEVEL: "0"})
    assert done.stderr.splitlines() == list(NOISE)
    assert done.stdout == "0\n"


def test_tensorflow_is_told_to_leave_out_what_is_no_error() -> None:
    assert _process("quieten()\nprint(os.environ[LEVEL], 'tensorflow' in sys.modules)").stdout == "2 False\n"


@pytest.mark.parametrize("name", ["tensorflow", "absl"])
def test_of_a_librarys_log_advice_is_left_out_and_warnings_are_kept(
    name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEVEL, "2")
    logger = logging.getLogger(name)
    quieten()
    with caplog.at_level(logging.INFO, logger=name):
        logger.warning("5 out of the last 5 calls to %s triggered tf.function retracing. Tracing is ...", "f")
        logger.warning("Importing a function (f) with ops with unsaved custom gradients. Will likely fail")
        logger.info("Assets written to: /tmp/somewhere")
        logger.warning("the disk is slow")
        logger.error("the disk is full")
    assert caplog.messages == ["the disk is slow", "the disk is full"]
