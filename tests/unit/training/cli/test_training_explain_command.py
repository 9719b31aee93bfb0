"""``explain``, and reports with films, from a run's folder to files."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ensemble_runs import small_network, write_run
from typer.testing import CliRunner

from cxr_dash.imaging import decode, read_png_text
from training.cli import app


@pytest.fixture(scope="module")
def run(films_root, tiny_recipe, tmp_path_factory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "small", small_network(1), tiny_recipe, films_root)


@pytest.fixture(scope="module")
def written(run, films_root, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("explained")
    options = ["--films", str(films_root / "films" / "12.png"), "--label", "effusion", "--patches", "3"]
    done = CliRunner().invoke(app, ["explain", str(run), *options, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert {Path(line) for line in done.stdout.splitlines()} == set(out.iterdir())
    return out


def read_table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_pictures_say_what_they_show_and_of_which_model(written, films_root):
    (heat,) = written.glob("12.gradcam.*.png")
    said = read_png_text(heat.read_bytes())
    assert heat.name == "12.gradcam.effusion.png"
    assert (said["model"], said["label"]) == ("small", "effusion")
    assert said["film sha256"] == decode((films_root / "films" / "12.png").read_bytes()).sha256
    assert 0 < float(said["probability"]) < 1
    assert "logits per cell" in said["peak"]
    layers = {read_png_text(path.read_bytes())["layer"] for path in written.glob("12.maps.*.png")}
    assert len(layers) == len(list(written.glob("patches.*.png"))) >= 3


def test_patches_are_listed_with_films_of_the_split_and_places_on_them(written, films_root):
    rows = read_table(written / "patches.csv")
    manifest = read_table(films_root / "films" / "manifest.csv")
    test = {row["path"] for row in manifest if row["split"] == "test"}
    assert {row["film"] for row in rows} <= test
    assert {row["label"] for row in rows} == {"effusion"}
    for row in rows:
        assert 0 <= int(row["x"]) <= 48 - int(row["width"])
        assert 0 <= int(row["y"]) <= 48 - int(row["height"])
    by_layer = {}
    for row in rows:
        by_layer.setdefault(row["layer"], []).append(float(row["value"]))
    assert all(values == sorted(values, reverse=True) and len(values) == 3 for values in by_layer.values())


def test_a_report_shows_films_when_asked(run, tmp_path):
    out = tmp_path / "report.html"
    options = ["--films", "1", "--patches", "2", "--label", "effusion", "--out", str(out)]
    done = CliRunner().invoke(app, ["report", str(run), *options])
    assert done.exit_code == 0, done.output
    text = out.read_text(encoding="utf-8")
    for section in ("heatmaps", "activations", "patches"):
        assert f'id="{section}"' in text
    shown = text.count('src="data:image/')
    # a strip for each kind there is, some layers, two layers of patches
    assert 4 <= shown <= 10
    assert "<h3>finding</h3>" not in text[text.index('id="heatmaps"') : text.index('id="activations"')]
    assert "peak" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--films", "{film}", "--layer", "nose"], "There are: "),
        (["--films", "{film}", "--label", "nose"], "must be one of effusion, finding"),
        (["--films", "{film}", "--films", "{film}"], "received '12' twice"),
        (["--films", "nowhere.png"], "nowhere.png"),
        (["--patches", "1", "--channel", "4000"], "between 0 and"),
        ([], "Give --films, or --patches"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(run, films_root, tmp_path, options, said):
    film = str(films_root / "films" / "12.png")
    given = [option.format(film=film) for option in options]
    done = CliRunner().invoke(app, ["explain", str(run), *given, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.output


def test_probabilities_of_a_picture_are_those_of_the_evaluation(run, written, films_root):
    from training.evaluation.saved import saved_or_measured

    manifest = films_root / "films" / "manifest.csv"
    _, scores = saved_or_measured(run, manifest, "test")
    said = read_png_text((written / "12.gradcam.effusion.png").read_bytes())
    assert "12.png" in scores.paths
    row = scores.paths.index("12.png")
    np.testing.assert_allclose(float(said["probability"]), scores.probabilities[row, 0], atol=1e-4)


@pytest.mark.parametrize("command", ["explain", "report"])
def test_help_needs_neither_tensorflow_nor_plotly(command):
    code = (
        "import sys; from typer.testing import CliRunner; from training.cli import app\n"
        f"assert CliRunner().invoke(app, [{command!r}, '--help']).exit_code == 0\n"
        "loaded = [name for name in ('tensorflow', 'keras', 'plotly', 'sklearn') if name in sys.modules]\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
