"""The grid search, and a search whose trials are real runs."""

from __future__ import annotations

from typer.testing import CliRunner

from training.cli import app
from training.fitting.runs import RunRecord
from training.fitting.search import SearchPlan, read_space, run_study
from training.fitting.search.training import fitted


def test_every_combination_of_a_grid_is_trained_once_and_ranked_by_val(films_root, tmp_path):
    arguments = ["search", "quick", "--data", str(films_root), "--run-folder", str(tmp_path)]
    for entry in ("data.manifest=films/manifest.csv", 'data.labels=["effusion"]', "fit.fine_tune_epochs=1"):
        arguments += ["--set", entry]

    def ranked(*grid: str) -> list[list[str]]:
        given = [part for entry in grid for part in ("--grid", entry)]
        result = CliRunner().invoke(app, ["--quiet", *arguments, *given])
        assert result.exit_code == 0, result.output
        return [line.split(maxsplit=3) for line in result.stdout.splitlines()]

    rows = ranked("fit.fine_tune_learning_rate=1e-6, 1e-2")
    assert [row[1] for row in rows] == ["complete"] * 2
    assert float(rows[0][0]) >= float(rows[1][0])
    assert {row[3] for row in rows} == {
        f"{{'fit.fine_tune_learning_rate': '{rate}'}}" for rate in ("1e-6", "1e-2")
    }
    records = [tmp_path / row[2] / "run.json" for row in rows]
    before = [path.stat().st_mtime_ns for path in records]
    assert ranked("fit.fine_tune_learning_rate=1e-6, 1e-2") == rows
    # another grid in the same folder finds the runs that it shares with the first
    both = ranked("fit.fine_tune_learning_rate=1e-2", "fit.fine_tune_epochs=1")
    assert {row[2] for row in both} <= {row[2] for row in rows}
    assert [path.stat().st_mtime_ns for path in records] == before


def test_a_study_trains_ordinary_runs_and_reports_every_epoch_to_the_pruner(films_root, tmp_path):
    fixed = {
        "data.manifest": "films/manifest.csv",
        "data.labels": '["effusion"]',
        "fit.copies": "1",
        "fit.fine_tune_epochs": "2",
    }
    plan = SearchPlan(
        "quick",
        fixed,
        read_space(["fit.fine_tune_learning_rate=log:1e-5..1e-2"]),
        trials=1,
        folder=tmp_path / "runs",
        storage=tmp_path / "search.log",
    )
    reported: list[int] = []
    train = fitted(films_root, None)

    def listened(recipe, folder, on_epoch):
        def both(epoch, score):
            reported.append(epoch)
            on_epoch(epoch, score)

        return train(recipe, folder, both)

    (trial,) = run_study(plan, listened)
    record = RunRecord.read(trial.folder / "run.json")
    assert trial.state == "complete"
    assert trial.score == record.val_macro_auroc
    assert record.recipe.fit.fine_tune_learning_rate == float(trial.values["fit.fine_tune_learning_rate"])
    assert reported == [1, 2]
    # features are large and made again when they are needed; the model stays
    assert not (trial.folder / "features").exists()
    assert (trial.folder / "model.keras").is_file()
