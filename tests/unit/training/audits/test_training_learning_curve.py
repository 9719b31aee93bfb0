"""The learning curve: more patients, the same head, the same test films; kept in the run for the card."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.audits.learning_curve import learning_curve, read_learning_curve
from training.fitting.runs import RunFolder


def test_each_point_holds_more_patients_and_is_measured_on_the_same_films(films_root, tiny_recipe, tmp_path):
    curve = learning_curve(tiny_recipe, films_root, tmp_path, None, (0.25, 0.5, 1.0))
    patients = [point.patients for point in curve.points]
    assert patients == sorted(set(patients))
    assert [point.films for point in curve.points] == [2 * count for count in patients]
    # effusions are drawn white: even random features of a small network tell them
    assert curve.points[-1].auroc.value > 0.8
    assert curve.points[-1].auroc.low <= curve.points[-1].auroc.value
    assert "random weights" in curve.how
    again = learning_curve(tiny_recipe, films_root, tmp_path, None, (0.25, 0.5, 1.0))
    assert [p.patients for p in again.points] == patients


def test_a_runs_curve_is_read_back_and_a_broken_one_refused(tmp_path):
    run = RunFolder(tmp_path)
    assert read_learning_curve(run) is None
    points = [{"patients": n, "films": n, "auroc": {"value": 0.7}} for n in (10, 20)]
    run.learning_curve.write_text(json.dumps({"how": "x", "split": "test", "points": points}))
    found = read_learning_curve(run)
    assert found is not None
    np.testing.assert_array_equal([point.patients for point in found.points], [10, 20])
    run.learning_curve.write_text(json.dumps({"how": "x", "split": "test", "points": points[:1]}))
    with pytest.raises(TrainingError, match="must be a learning curve"):
        read_learning_curve(run)
