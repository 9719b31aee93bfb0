"""A file has its name only when it is whole."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from training.writing import array_file, whole_file, write_json


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
        (tmp_path / f"partial-{pid}-array.npy").write_bytes(b"half")
    with array_file(tmp_path / "array.npy", (1,), np.uint8):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "array.npy",
        f"partial-{os.getppid()}-array.npy",
    ]


def test_a_file_that_could_not_be_written_whole_leaves_the_one_that_was_there(tmp_path):
    target = tmp_path / "run.weights.h5"
    target.write_text("before")
    with whole_file(tmp_path / "other.weights.h5") as partial:
        assert partial.name.endswith(".weights.h5")  # Keras looks at the end of a name
        partial.write_text("whole")
    assert (tmp_path / "other.weights.h5").read_text() == "whole"
    with pytest.raises(ZeroDivisionError), whole_file(target) as partial:
        partial.write_text(str(1 // 0))
    with pytest.raises(ValueError, match="JSON"):
        write_json({"a": float("nan")}, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.weights.h5", target.name]
    assert target.read_text() == "before"


def test_json_is_written_by_the_same_way_into_a_new_folder(tmp_path):
    write_json({"a": [1, 2]}, tmp_path / "new" / "a.json")
    assert (tmp_path / "new" / "a.json").read_text() == '{\n "a": [1, 2]\n}\n'
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.json"]
