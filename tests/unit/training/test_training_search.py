"""The grid search, and films that cannot be read."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import decode, prepare
from training.films.manifest import read_manifest
from training.films.prepared import prepared_films
from training.fitting.runs import RunRecord
from training.fitting.search import SearchPlan, read_space, run_study, search
from training.fitting.search.training import fitted


def test_every_combination_is_trained_once_and_ranked_by_val(films_root, tmp_path):
    grid = {
        "data.manifest": "films/manifest.csv",
        "data.labels": '["effusion"]',
        "fit.fine_tune_epochs": "1",
        "fit.fine_tune_learning_rate": "1e-6, 1e-2",
    }
    ranked = search("quick", films_root, grid, tmp_path, None)
    assert len(ranked) == 2
    assert ranked[0][0] >= ranked[1][0]
    assert {row[2]["fit.fine_tune_learning_rate"] for row in ranked} == {"1e-6", "1e-2"}
    records = [row[1] / "run.json" for row in ranked]
    before = [path.stat().st_mtime_ns for path in records]
    assert search("quick", films_root, grid, tmp_path, None) == ranked
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


def test_prepared_films_are_the_serving_preparation_rounded_and_read_back(films_root, tmp_path):
    films, spec = (
        read_manifest(films_root / "films" / "manifest.csv")[:5],
        PreparationSpec(height=48, width=48),
    )
    pixels = prepared_films(films, spec, tmp_path)
    for film, row in zip(films, pixels, strict=True):
        assert np.abs(row - prepare(decode(film.path.read_bytes()), spec)).max() <= 0.5
    (cache,) = tmp_path.iterdir()
    before = cache.stat().st_mtime_ns
    np.testing.assert_array_equal(prepared_films(films, spec, tmp_path), pixels)
    assert cache.stat().st_mtime_ns == before
    prepared_films(films, PreparationSpec(height=32, width=32), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_film_that_cannot_be_read_is_named_with_its_row(tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "manifest.csv").write_text("path,labels,split\ntext.png,Edema,train\n")
    films = read_manifest(tmp_path / "manifest.csv")
    with pytest.raises(
        TrainingError, match=r"manifest\.csv row 2: .*text\.png must be a film that can be read"
    ):
        prepared_films(films, PreparationSpec(), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("prepared-[0-9a-f]*[0-9a-f].npy"))
