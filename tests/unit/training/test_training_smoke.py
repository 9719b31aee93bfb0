"""A recipe can be tried in seconds, whatever layout its films are published in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from training.cli import app
from training.films.boxes import box_mask, read_boxes
from training.films.layouts import import_layout
from training.films.layouts.base import ReadOptions
from training.films.layouts.registry import LAYOUTS
from training.films.manifest import read_manifest
from training.films.miniature import SPLITS, write_boxes, write_miniature
from training.films.splits import SplitPlan
from training.quiet import LEVEL
from training.recipe import load_recipe
from training.smoke import Tried, classes_of, miniature_recipe, smoke

LABELS = {
    "folders": ["normal", "covid", "viral_pneumonia"],
    "nih": ["no_finding", "effusion", "pleural_thickening"],
    "medmnist": ["normal", "pneumonia"],
    "luna16": ["benign", "malignant"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_miniature_reads_as_its_collection_does_and_every_split_has_every_class(layout, tmp_path):
    labels = LABELS[layout]
    source = write_miniature(layout, labels, tmp_path / "published")
    out = tmp_path / "data"
    films = import_layout(layout, source, out, SplitPlan(0.25, 0.25, 1), ReadOptions(out / "films"))
    assert {(film.split, key) for film in films for key in film.labels} == {
        (split, key) for split in SPLITS for key in labels
    }


def test_a_miniature_manifest_has_as_many_films_of_each_class_as_it_says(tmp_path):
    films = read_manifest(write_miniature("manifest", ["normal", "covid"], tmp_path / "data"))
    assert len(films) == 2 * sum(SPLITS.values())


def test_an_unknown_layout_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="`layout` must be one of"):
        write_miniature("dicom", ["normal"], tmp_path / "data")


def test_a_miniature_recipe_keeps_the_network_and_shortens_the_rest():
    recipe = load_recipe("findings-mobilenetv2")
    small = miniature_recipe(recipe)
    assert small.network == recipe.network
    assert (small.preparation.height, small.fit.head_epochs, small.fit.fine_tune_epochs) == (64, 1, 1)
    assert classes_of(small)[0] == "no_finding"


@pytest.mark.parametrize(
    ("name", "side"), [("quick", 64), ("havana-mobilenet", 128), ("uam-nodules-inceptionv3", 64)]
)
def test_a_miniatures_films_are_as_large_as_its_network_needs(name, side):
    assert miniature_recipe(load_recipe(name)).preparation.height == side


def test_films_of_views_are_as_large_as_a_miniatures_others():
    small = miniature_recipe(load_recipe("findings"))
    assert small.views is not None
    assert small.views.side is None
    assert small.views.smallest_side == small.preparation.height // 2


OUR_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (training|cxr_dash)\.")


def test_the_command_tries_a_recipe_of_another_layout_and_only_we_speak_on_its_standard_error(tmp_path):
    command = [sys.executable, "-m", "training", "fit", "malaga-two-class", "--smoke"]
    # as in a shell where nobody has asked TensorFlow for more or less
    shell = {name: value for name, value in os.environ.items() if name != LEVEL}
    done = subprocess.run(
        [*command, "--run-folder", str(tmp_path)], capture_output=True, text=True, check=False, env=shell
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if not OUR_LINE.match(line)] == []
    assert "training.fitting.callbacks" in done.stderr
    assert load_bundle(tmp_path / "models" / "malaga-two-class-smoke").spec.label_keys == [
        "normal",
        "covid",
    ]


def test_without_smoke_the_films_must_be_named():
    done = CliRunner().invoke(app, ["fit", "malaga-two-class"])
    assert done.exit_code == 2
    assert "--data" in done.output


def test_the_boxes_of_a_miniature_hold_what_is_drawn_for_disease(tmp_path):
    manifest = write_miniature("manifest", ["no_finding", "mass"], tmp_path / "films")
    boxed = read_boxes(write_boxes(manifest), manifest)
    assert len(boxed) == sum(SPLITS.values())
    for found in boxed:
        pixels = cv2.imread(str(found.film.path), cv2.IMREAD_GRAYSCALE)
        inside = box_mask(found.regions, *pixels.shape)
        assert found.finding == "mass"
        assert np.median(pixels[inside]) > 220


def test_what_recipes_go_on_from_is_tried_once(monkeypatch, tmp_path):
    fitted = []

    def fit(recipe, _data, run, *, weights):
        fitted.append((recipe.id, Path(weights).parent.name))
        run.mkdir(parents=True)

    def export(run, models, *, data_root):
        bundle = models / fitted[-1][0]
        bundle.mkdir(parents=True, exist_ok=True)
        return SimpleNamespace(path=bundle)

    monkeypatch.setattr("training.smoke.fit", fit)
    monkeypatch.setattr("training.smoke.fit_ensemble", lambda *_: None)
    monkeypatch.setattr("training.smoke.export_bundle", export)
    tried = Tried()
    for name in ("covid", "tuberculosis"):
        smoke(load_recipe(name), tmp_path / name, tried)
    assert fitted == [
        ("findings-smoke", ""),
        ("covid-smoke", "findings-smoke"),
        ("tuberculosis-smoke", "findings-smoke"),
    ]
    fitted.clear()
    for name in ("findings-vote", "findings-stack"):
        smoke(load_recipe(name), tmp_path / name, tried)
        assert {run.name for run in (tmp_path / name).iterdir()} >= set(load_recipe(name).ensemble.members)
    assert [name for name, _ in fitted] == [
        "findings-mobilenetv2-smoke",
        "findings-mobilenet-finetuned-smoke",
    ]
