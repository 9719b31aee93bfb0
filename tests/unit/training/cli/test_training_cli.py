"""``python -m training`` answers questions without TensorFlow, and errors in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from training.cli import app

COMMANDS = [
    *("list", "fit", "evaluate", "compare", "search", "predict", "export", "report"),
    *("new", "import", "look", "split", "check"),
]


def test_help_of_every_command_imports_no_tensorflow():
    code = (
        "import sys; from typer.testing import CliRunner; from training.cli import app\n"
        f"for name in {COMMANDS!r}:\n"
        "    assert CliRunner().invoke(app, [name, '--help']).exit_code == 0, name\n"
        "heavy = ('tensorflow', 'keras', 'ai_edge_litert', 'sklearn')\n"
        "loaded = [name for name in heavy if name in sys.modules]\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_names_every_command():
    done = subprocess.run(
        [sys.executable, "-m", "training", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


def test_list_names_recipes_and_networks():
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 0
    for name in ("findings-mobilenetv2", "covid-mobilenetv2", "quick", "mobilenet_v2", "small_cnn"):
        assert name in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fit", "no-such", "--data", "."], "`recipe` must be one of"),
        (["report", "no-such"], "bundle.json"),
        (["export", "no-such"], "must hold run.json"),
        (["predict", "no-such", "film.png"], "bundle.json"),
    ],
)
def test_errors_are_one_line_and_exit_2(arguments, said):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_change_of_the_recipe_needs_an_equals_sign():
    result = CliRunner().invoke(app, ["fit", "quick", "--data", ".", "--set", "fit.copies"])
    assert result.exit_code == 2
    assert "section.name=value" in result.stderr
