"""A run that is killed, wherever, and resumed ends as one that was never broken off."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from pydantic import BaseModel

from cxr_dash.errors import TrainingError
from cxr_dash.settings import ROOT
from training.fitting.checkpoint import Checkpoint
from training.fitting.data import batch_orders
from training.fitting.epoch_log import COLUMNS, EpochLog
from training.fitting.fit import fit
from training.fitting.runs import RunFolder, RunRecord
from training.fitting.start import check_start, write_start
from training.recipe import ViewsRecipe

pytestmark = pytest.mark.thorough

# One process imports TensorFlow and is forked for every run before TensorFlow starts a thread. A child
# kills itself with SIGKILL, which no handler and no `finally` sees, in the n-th call of a function.
KILLED = """
import math, os, signal, sys, types
from pathlib import Path
import keras, tensorflow
from training.fitting import callbacks, checkpoint, data
from training.fitting.fit import fit
from training.recipe import Recipe

recipe_file, films, folder = map(Path, sys.argv[1:4])
recipe = Recipe.model_validate_json(recipe_file.read_text())
callbacks.math = types.SimpleNamespace(isfinite=math.isfinite)

def kill_at(owner, name, count):
    function, calls = getattr(owner, name), []
    def counted(*args, **kwargs):
        calls.append(name)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    setattr(owner, name, counted)

def begin(place, *where):
    child = os.fork()
    if child:
        return child
    tensorflow.config.experimental.enable_op_determinism()
    if where:
        kill_at(*where)
    fit(recipe, films, folder / place / "run", resume=True)
    os._exit(0)

def train(place, *where):
    return os.waitpid(begin(place, *where), 0)[1]

whole = begin("whole")
deaths = [
    # while features are made
    train("broken", data, "film_batches", 2),
    # the third epoch of the head is logged, and not in its checkpoint
    train("broken", checkpoint.Checkpoint, "write", 3),
    # two more epochs of the head; then, while the second checkpoint of fine-tuning is written
    train("broken", checkpoint.np, "savez", 4),
    # three batches and a validation make an epoch: in the middle of the next but one
    train("broken", callbacks.math, "isfinite", 6),
    train("broken"),
    os.waitpid(whole, 0)[1],
]
print(deaths)
assert deaths == [*[signal.SIGKILL] * 4, 0, 0]
"""


def _weights(path: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if hasattr(item, "dtype") else None)
    return found


@pytest.fixture(scope="module")
def runs(films_root, tiny_recipe, tmp_path_factory) -> tuple[RunFolder, RunFolder]:
    """A whole run and one that was killed four times, of the same recipe."""
    folder = tmp_path_factory.mktemp("killed")
    changes = {"head_epochs": 4, "fine_tune_epochs": 5, "ema_momentum": 0.9, "plateau_patience": 1}
    network = tiny_recipe.network.model_copy(update={"dropout": 0.4})
    plan = tiny_recipe.fit.model_copy(update=changes)
    recipe = tiny_recipe.model_copy(update={"fit": plan, "network": network})
    (folder / "recipe.json").write_text(recipe.model_dump_json())
    command = [sys.executable, "-c", KILLED, str(folder / "recipe.json"), str(films_root), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return RunFolder(folder / "whole" / "run"), RunFolder(folder / "broken" / "run")


def test_a_killed_run_ends_with_the_weights_of_an_unbroken_one(runs):
    whole, broken = runs
    for one, other in ((whole.best_weights, broken.best_weights), (whole.head_weights, broken.head_weights)):
        expected, found = _weights(one), _weights(other)
        assert expected.keys() == found.keys()
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_a_killed_run_ends_with_the_optimizer_and_counters_of_an_unbroken_one(runs):
    for name in ("head.state.npz", "fine_tune.state.npz"):
        expected, found = (Checkpoint.read(run.path / name) for run in runs)
        assert (found.epoch, found.stopped, found.counted) == (
            expected.epoch,
            expected.stopped,
            expected.counted,
        )
        for one, other in zip(found.arrays, expected.arrays, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_killed_run_logs_and_records_what_an_unbroken_one_does(runs):
    logs = []
    for run in runs:
        rows = [*EpochLog(run.head_log).rows(), *EpochLog(run.log).rows()]
        logs.append([{key: text for key, text in row.items() if key != "seconds"} for row in rows])
    assert logs[0] == logs[1]
    assert [(row["phase"], row["epoch"]) for row in logs[0]] == [
        *(("head", str(epoch)) for epoch in range(4)),
        *(("fine_tune", str(epoch)) for epoch in range(5)),
    ]
    records = [RunRecord.read(run.record) for run in runs]
    assert records[0].val_macro_auroc == records[1].val_macro_auroc
    assert records[0].best_epoch == records[1].best_epoch
    assert records[1].epochs == 9


def test_a_run_is_resumed_with_the_recipe_it_was_begun_with(tiny_recipe, films_root, tmp_path):
    run = RunFolder(tmp_path / "run")
    write_start(run, tiny_recipe, None)
    longer = tiny_recipe.model_copy(
        update={"fit": tiny_recipe.fit.model_copy(update={"fine_tune_epochs": 99})}
    )
    check_start(run, longer, None, resume=True)
    other = tiny_recipe.model_copy(update={"fit": tiny_recipe.fit.model_copy(update={"batch_size": 5})})
    with pytest.raises(TrainingError, match=r"fit\.batch_size was 12; received 5"):
        fit(other, films_root, run.path, resume=True)
    with pytest.raises(TrainingError, match=r"weights was ''; received 'b\.h5'"):
        fit(tiny_recipe, films_root, run.path, weights="a/b.h5", resume=True)
    with pytest.raises(TrainingError, match="holds a run"):
        fit(tiny_recipe, films_root, run.path)
    run.start.unlink()
    run.log.write_text("epoch\n")
    with pytest.raises(TrainingError, match="earlier version"):
        fit(tiny_recipe, films_root, run.path, resume=True)


@pytest.mark.parametrize("entry", ["fit.precision", "augment.gamma", "preparation.window_low_percentile"])
def test_an_entry_added_since_a_run_was_begun_had_its_default(tiny_recipe, tmp_path, entry):
    run = RunFolder(tmp_path / "run")
    section, name = entry.split(".")
    values = getattr(tiny_recipe, section)
    default = getattr(type(values)(), name)
    other = "mixed_bfloat16" if default == "float32" else default + 0.1

    def with_value(value):
        changed = (
            values.model_copy(update={name: value})
            if isinstance(values, BaseModel)
            else replace(values, **{name: value})
        )
        return tiny_recipe.model_copy(update={section: changed})

    write_start(run, with_value(default), None)
    begun = json.loads(run.start.read_text())
    assert begun.pop(entry) == default
    run.start.write_text(json.dumps(begun))
    check_start(run, with_value(default), None, resume=True)
    with pytest.raises(TrainingError, match=f"{entry} was {default!r}; received {other!r}"):
        check_start(run, with_value(other), None, resume=True)


def test_weights_of_the_same_name_with_other_bytes_are_other_weights(tiny_recipe, tmp_path):
    run, weights = RunFolder(tmp_path / "run"), tmp_path / "b.h5"
    weights.write_bytes(b"one")
    write_start(run, tiny_recipe, str(weights))
    begun = json.loads(run.start.read_text())["sha256"]
    assert begun == {"weights": hashlib.sha256(b"one").hexdigest()}
    check_start(run, tiny_recipe, str(weights), resume=True)
    weights.write_bytes(b"two")
    with pytest.raises(TrainingError, match=r"the file of its weights had the SHA-256"):
        check_start(run, tiny_recipe, str(weights), resume=True)


def test_teachers_are_remembered_by_what_is_in_their_files(tiny_recipe, tmp_path):
    views = ViewsRecipe(teachers=["strict", "mild", "strict"])
    taught = tiny_recipe.model_copy(update={"views": views})
    for name in views.teachers:
        RunFolder(tmp_path / name).path.mkdir(exist_ok=True)
        RunFolder(tmp_path / name).model.write_bytes(name.encode())
    run = RunFolder(tmp_path / "run")
    write_start(run, taught, None)
    check_start(run, taught, None, resume=True)
    RunFolder(tmp_path / "mild").model.write_bytes(b"trained again")
    with pytest.raises(TrainingError, match=r"the file of its teacher mild had"):
        check_start(run, taught, None, resume=True)
    RunFolder(tmp_path / "mild").model.unlink()
    check_start(run, taught, None, resume=True)


def test_batches_of_a_later_epoch_are_those_of_a_run_from_the_beginning():
    whole = batch_orders(10, 3, 4, seed=5)
    first, *_, fourth = (next(whole) for _ in range(4))
    resumed = next(batch_orders(10, 3, 4, seed=5, first_epoch=3))
    for (rows, copies), (rows_again, copies_again) in zip(fourth, resumed, strict=True):
        np.testing.assert_array_equal(rows, rows_again)
        np.testing.assert_array_equal(copies, copies_again)
    assert not np.array_equal(first[0][0], fourth[0][0])
    assert sorted(np.concatenate([rows for rows, _ in fourth])) == list(range(10))
    assert [len(rows) for rows, _ in fourth] == [4, 4, 2]


def test_a_log_forgets_epochs_that_will_be_trained_again_and_half_a_line(tmp_path):
    log = EpochLog(tmp_path / "log.csv")
    log.keep(0)
    for epoch in range(3):
        log.append({"epoch": epoch, "phase": "head", "val_macro_auroc": 0.5 + epoch / 10})
    with log.path.open("a") as stream:
        stream.write("3,head,0.")
    assert log.values("val_macro_auroc") == {1: 0.5, 2: 0.6, 3: 0.7}
    log.keep(2)
    assert [row["epoch"] for row in log.rows()] == ["0", "1"]
    assert log.path.read_text().splitlines()[0] == ",".join(COLUMNS)
