"""A search that several processes share: who trains what, what is given up, what is gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cxr_dash.errors import TrainingError
from training.fitting.search import SearchPlan, Trial, read_space, run_study
from training.fitting.search.claims import same_search
from training.recipe import Recipe

SPACE = ["fit.head_learning_rate=log:1e-4..1e-2", "fit.batch_size=choice:8|16", "fit.copies=int:1..3"]

# Drawn values decide about the score: nothing needs to be trained. Every start of a trial leaves a line.
WORKER = """
import sys, time
from pathlib import Path
from training.fitting.search import SearchPlan, read_space, run_study

root, sampler, trials, seconds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])

def train(recipe, folder, on_epoch):
    folder.mkdir(parents=True, exist_ok=True)
    with (root / "started.txt").open("a") as stream:
        stream.write(folder.name + "\\n")
    for epoch in (1, 2, 3):
        on_epoch(epoch, 0.5 + recipe.fit.head_learning_rate)
    time.sleep(seconds)
    return 0.5 + recipe.fit.head_learning_rate

space = read_space(sys.argv[5:])
plan = SearchPlan("quick", {}, space, trials, root / "runs", root / "search.log", sampler, "none")
print(len([trial for trial in run_study(plan, train) if trial.state == "complete"]))
"""


def _worker(root: Path, sampler: str, trials: int, seconds: float, space: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", WORKER, str(root), sampler, str(trials), str(seconds)]
    return subprocess.Popen([*command, *space], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _plan(root: Path, space: list[str], trials: int = 10, **changes: object) -> SearchPlan:
    kept = {"pruner": "none", "folder": root / "runs", "storage": root / "search.log", **changes}
    return SearchPlan("quick", {}, read_space(space), trials, **kept)  # type: ignore[arg-type]


def _score_is_the_learning_rate(recipe: Recipe, folder: Path, on_epoch: object) -> float:
    return recipe.fit.head_learning_rate


@pytest.mark.parametrize(
    ("sampler", "space", "asked", "expected"),
    [("tpe", SPACE, 14, 14), ("grid", SPACE[1:], 50, 6)],
)
def test_two_processes_share_a_search_and_no_recipe_is_trained_twice(
    tmp_path, sampler, space, asked, expected
):
    workers = [_worker(tmp_path, sampler, asked, 0.02, space) for _ in range(2)]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
    started = (tmp_path / "started.txt").read_text().split()
    assert len(started) == len(set(started)) == expected
    # whoever comes later has nothing to do, and sees all of it
    ranked = run_study(_plan(tmp_path, space, asked, sampler=sampler), _must_not_run)
    assert [trial.state for trial in ranked] == ["complete"] * expected


def _must_not_run(recipe: Recipe, folder: Path, on_epoch: object) -> float:
    raise AssertionError(f"{folder.name} was trained")


def test_a_trial_whose_process_was_killed_is_taken_up_again_as_the_same_trial(tmp_path):
    killed = _worker(tmp_path, "random", 3, 600, SPACE)
    started = tmp_path / "started.txt"
    deadline = time.monotonic() + 60
    while not started.is_file() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert started.is_file(), killed.communicate()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    trained = []

    def train(recipe: Recipe, folder: Path, on_epoch: object) -> float:
        trained.append(folder.name)
        return recipe.fit.head_learning_rate

    ranked = run_study(_plan(tmp_path, SPACE, 3, sampler="random"), train)
    assert trained[0] == started.read_text().strip()
    assert sorted(trial.number for trial in ranked) == [0, 1, 2]
    assert {trial.state for trial in ranked} == {"complete"}
    assert len(set(trained)) == 3


def test_a_trial_of_a_process_that_only_sleeps_is_taken_by_nobody_else(tmp_path):
    # a suspended machine: by the clock alone it would be gone, and two processes would train in one folder
    asleep = _worker(tmp_path, "random", 3, 600, SPACE)
    started = tmp_path / "started.txt"
    deadline = time.monotonic() + 60
    while not started.is_file() and asleep.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    asleep.send_signal(signal.SIGSTOP)
    trained = []

    def train(recipe: Recipe, folder: Path, on_epoch: object) -> float:
        trained.append(folder.name)
        return recipe.fit.head_learning_rate

    ranked = run_study(_plan(tmp_path, SPACE, 3, sampler="random"), train)
    asleep.kill()
    asleep.communicate()
    assert [trial.state for trial in ranked] == ["complete", "complete", "running"]
    assert started.read_text().strip() not in trained


def test_a_journal_whose_last_line_was_cut_off_goes_on(tmp_path, caplog):
    run_study(_plan(tmp_path, SPACE, 2), _score_is_the_learning_rate)
    journal = tmp_path / "search.log"
    lines = journal.read_bytes()
    journal.write_bytes(lines + b'{"op_code":5,"worker_id":"c')
    ranked = run_study(_plan(tmp_path, SPACE, 3), _score_is_the_learning_rate)
    assert [trial.state for trial in ranked] == ["complete"] * 3
    assert journal.read_bytes().startswith(lines)
    assert "its last line was cut off" in caplog.text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"SQLite format 3\x00 and no line's end", "must be the journal of a search"),
        (b"head_learning_rate,score\n1e-3,0.7\n", "must be the journal of a search"),
        (b'{"op_code":0,"worker\n{"op_code":1}\n', "must be a whole journal of a search"),
        (b'{"op_code":0}\n', "must be a whole journal of a search"),
    ],
    ids=["database", "table", "torn", "incomplete"],
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path, content, told):
    (tmp_path / "search.log").write_bytes(content)
    with pytest.raises(TrainingError, match=told) as caught:
        run_study(_plan(tmp_path, SPACE, 1), _must_not_run)
    assert "Name another file" in str(caught.value.remedy)
    assert (tmp_path / "search.log").read_bytes() == content


def test_trials_are_ranked_by_val_and_the_search_goes_on_where_it_ended(tmp_path):
    first = run_study(_plan(tmp_path, SPACE, 4), _score_is_the_learning_rate)
    ranked = run_study(_plan(tmp_path, SPACE, 12), _score_is_the_learning_rate)
    assert len(ranked) == 12
    assert {trial.number for trial in first} <= {trial.number for trial in ranked}
    scores = [trial.score for trial in ranked if trial.score is not None]
    assert scores == sorted(scores, reverse=True)
    assert all(float(trial.values["fit.head_learning_rate"]) == trial.score for trial in ranked)
    assert {trial.values["fit.batch_size"] for trial in ranked} == {"8", "16"}


def test_hopeless_trials_are_given_up_and_ranked_behind_the_complete_ones(tmp_path):
    epochs: dict[str, int] = {}

    def train(recipe: Recipe, folder: Path, on_epoch: object) -> float:
        for epoch in range(1, 7):
            epochs[folder.name] = epoch
            on_epoch(epoch, recipe.fit.head_learning_rate * epoch)  # type: ignore[operator]
        return recipe.fit.head_learning_rate * 6

    ranked = run_study(_plan(tmp_path, SPACE[:1], 16, pruner="median", sampler="random"), train)
    states = [trial.state for trial in ranked]
    assert states == sorted(states)  # complete before pruned
    pruned = [trial for trial in ranked if trial.state == "pruned"]
    assert pruned
    assert all(epochs[trial.folder.name] < 6 for trial in pruned)
    assert all(epochs[trial.folder.name] == 6 for trial in ranked if trial.state == "complete")


def test_a_trial_that_cannot_be_trained_does_not_end_the_search(tmp_path):
    def train(recipe: Recipe, folder: Path, on_epoch: object) -> float:
        if recipe.fit.batch_size == 8:
            raise TrainingError("The loss must stay finite; it became NaN.")
        return 0.7

    ranked = run_study(_plan(tmp_path, SPACE[1:], sampler="grid", trials=50), train)
    assert [trial.state for trial in ranked] == ["complete"] * 3 + ["fail"] * 3

    def never(recipe: Recipe, folder: Path, on_epoch: object) -> float:
        raise TrainingError("The loss must stay finite; it became NaN.")

    with pytest.raises(TrainingError, match="the last failed with: The loss must stay finite"):
        run_study(_plan(tmp_path / "other", SPACE, 2), never)


def test_a_small_space_ends_the_search_when_everything_was_tried(tmp_path):
    ranked = run_study(_plan(tmp_path, ["fit.batch_size=choice:8|16"], 10), lambda *_: 0.6)
    assert sorted(trial.values["fit.batch_size"] for trial in ranked) == ["16", "8"]


def test_a_journal_of_another_search_is_refused(tmp_path):
    run_study(_plan(tmp_path, SPACE, 1), _score_is_the_learning_rate)
    with pytest.raises(TrainingError, match="must belong to this search"):
        run_study(_plan(tmp_path, SPACE[:1], 2), _score_is_the_learning_rate)


def test_a_search_goes_on_when_recipes_have_an_entry_more_or_another_text(tmp_path, monkeypatch):
    plan = _plan(tmp_path, SPACE, 1)
    before = json.loads(plan.identity())
    del before["recipe"]["fit"]["precision"]
    before["recipe"]["card"]["title"]["en"] = "Said another way"
    with monkeypatch.context() as earlier:
        earlier.setattr(SearchPlan, "identity", lambda _: json.dumps(before))
        run_study(plan, _score_is_the_learning_rate)
    ranked = run_study(_plan(tmp_path, SPACE, 2), _score_is_the_learning_rate)
    assert [trial.state for trial in ranked] == ["complete"] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "mixed_bfloat16"},  # float32 is what this search computes in
        {"batch_size": 5},
        {"an_entry_that_is_gone": 1},
    ],
)
def test_an_identity_of_other_entries_is_another_search_s(tmp_path, change):
    plan = _plan(tmp_path, SPACE)
    other = json.loads(plan.identity())
    other["recipe"]["fit"] |= change
    assert not same_search(json.dumps(other), plan.identity())
    assert same_search(plan.identity(), plan.identity())


@pytest.mark.parametrize(
    "entry",
    [
        "fit.copies",
        "fit.copies=2,4",
        "fit.copies=int:4..2",
        "fit.copies=int:1.5..3",
        "fit.head_learning_rate=log:0..1",
        "fit.head_learning_rate=log:1e-4",
        "fit.batch_size=choice:8|8",
        "fit.batch_size=log10:1..2",
    ],
)
def test_a_range_that_makes_no_sense_is_refused_with_examples(entry):
    with pytest.raises(TrainingError, match=r"section\.name=kind:values") as caught:
        read_space([entry])
    assert "log:1e-4..1e-2" in str(caught.value.remedy)


def test_both_ends_of_every_range_are_checked_before_anything_is_trained(tmp_path):
    with pytest.raises(TrainingError, match=r"network\.dropout"):
        run_study(_plan(tmp_path, ["network.dropout=float:0..1.5"]), _must_not_run)
    with pytest.raises(TrainingError, match=r"fit\.learning"):
        run_study(_plan(tmp_path, ["fit.learning=log:1e-4..1e-2"]), _must_not_run)


def test_lists_can_be_searched_such_as_the_number_of_blocks(tmp_path):
    seen: list[list[int]] = []

    def train(recipe: Recipe, folder: Path, on_epoch: object) -> float:
        seen.append(list(recipe.network.filters or []))
        return float(len(seen))

    space = ["network.filters=choice:[16]|[16, 32]|[16, 32, 64]"]
    ranked: list[Trial] = run_study(_plan(tmp_path, space, sampler="grid"), train)
    assert sorted(seen, key=len) == [[16], [16, 32], [16, 32, 64]]
    assert ranked[0].score == 3.0
