"""An array file has its name only when it is whole."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from training.writing import array_file


def test_an_array_is_there_when_the_block_has_ended_and_not_before(tmp_path):
    target = tmp_path / "made" / "array.npy"
    with array_file(target, (3, 2), np.uint8) as array:
        array[:] = 7
        assert not target.exists()
    assert (np.load(target) == 7).all()
    assert list(target.parent.iterdir()) == [target]


def test_what_was_broken_off_is_never_read_as_whole(tmp_path):
    target = tmp_path / "array.npy"
    with pytest.raises(ZeroDivisionError), array_file(target, (3,), np.uint8) as array:
        array[0] = 1 // 0
    assert not target.exists()


def test_the_leavings_of_a_dead_process_go_and_those_of_a_living_one_stay(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, os.getppid()):
        (tmp_path / f"array.{pid}.partial.npy").write_bytes(b"half")
    with array_file(tmp_path / "array.npy", (1,), np.uint8):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"array.{os.getppid()}.partial.npy",
        "array.npy",
    ]
