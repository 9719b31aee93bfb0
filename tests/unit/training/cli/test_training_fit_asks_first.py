"""``fit`` asks what costs nothing before it reads a film: there are no films at all here."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from training.cli import app
from training.segmentation import fit as segmentation


def refused(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["fit", *(str(one) for one in arguments)])
    assert done.exit_code == 2, done.output
    return done.output


@pytest.mark.parametrize("recipe", ["covid-block3", "covid-mobilenet-frozen", "lungs"])
def test_weights_that_are_no_file_are_named(tmp_path, recipe):
    said = refused(recipe, "--data", tmp_path, "--weights", tmp_path / "gone.keras")
    assert "`--weights` must be a file" in said
    assert "gone.keras" in said


@pytest.mark.parametrize("recipe", ["covid-block3", "findings-vote", "lungs"])
def test_a_run_folder_that_is_taken_is_named(tmp_path, recipe):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.keras").touch()
    said = refused(recipe, "--data", tmp_path, "--run-folder", tmp_path / "run")
    assert "`run folder` must be new" in said


def test_a_list_that_was_asked_for_is_named(tmp_path):
    arguments = ("--data", tmp_path, "--run-folder", tmp_path / "run")
    said = refused("covid-block3", *arguments, "--set", "data.gate_manifest=mine/manifest.csv")
    assert "`data.gate_manifest` must name CSV files" in said


def test_a_segmenter_may_begin_with_random_weights(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(segmentation, "check_start", lambda *given, **_: begun.append(given[-1]))
    refused("lungs", "--data", tmp_path, "--weights", "none", "--run-folder", tmp_path / "run")
    assert begun == [None]
