"""A shipped recipe on a hospital's own films: its bundle says what is true of these, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxr_dash.inference.bundle import load_bundle
from training.cli import app
from training.films.miniature import write_miniature

RECIPE = "covid-block3"
TITLE = ("--set", "card.title.en=Our films")
SMALL = [
    *("--set", "preparation.version=1"),
    *("--set", "preparation.height=64", "--set", "preparation.width=64"),
    *("--set", "fit.head_epochs=1", "--set", "fit.fine_tune_epochs=1", "--set", "fit.batch_size=8"),
    *("--set", "data.manifest=own/manifest.csv"),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``own/manifest.csv``: drawn films of three classes, of no known hospital."""
    root = tmp_path_factory.mktemp("hospital")
    write_miniature("manifest", ["normal", "pneumonia", "covid"], root / "own")
    return root


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def trained(own: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / RECIPE
    run("fit", RECIPE, "--data", own, "--run-folder", folder, *SMALL, "--accept", *TITLE)
    return folder


def test_own_films_are_exported_without_the_lists_and_the_card_of_another_hospital(trained, tmp_path):
    run("export", trained, "--out", tmp_path)
    bundle = load_bundle(tmp_path / RECIPE)
    spec = bundle.spec
    assert spec.title.en == "Our films"  # --set is not undone
    assert spec.out_of_distribution is None
    assert [source.name for source in spec.sources] == ["drawn"]
    told = json.dumps(spec.model_dump(mode="json", exclude={"training"}))
    told += (bundle.path / "CARD.md").read_text()
    for theirs in ("Hannover", "Guangzhou", "Valencia", "NIH", "SOURCE NEARLY DETERMINES"):
        assert theirs not in told
    assert spec.population is None


def test_a_list_that_was_asked_for_and_is_not_there_is_named_before_the_work(own, tmp_path):
    folder = tmp_path / "run"
    asked = ("--set", "data.gate_manifest=mine/manifest.csv")
    said = run("fit", RECIPE, "--data", own, "--run-folder", folder, *SMALL, *asked, "--accept", code=2)
    assert "data.gate_manifest" in said
    assert "mine/manifest.csv" in said
    assert not folder.exists()
