"""The app's tools are put beside an own bundle, and beside nothing that was not made."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cxr_dash.settings import ROOT
from training.cli import app
from training.export.tools import copy_tools, tools_beside

MODELS = ROOT / "models"


def test_an_export_that_cannot_begin_leaves_no_tools_behind(tmp_path):
    arguments = ["export", tmp_path / "none", "--out", tmp_path / "served", "--tools", MODELS]
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 2, done.output
    assert not (tmp_path / "served").exists()


def test_a_gate_that_is_being_exported_gets_no_gate_beside_it(tmp_path):
    assert copy_tools(MODELS, tmp_path, skip=("gate", "our-gate")) == ["lungs"]
    assert [path.name for path in tmp_path.iterdir()] == ["lungs"]


def test_an_export_that_fails_takes_its_copies_away_and_leaves_what_was_there(tmp_path):
    copy_tools(MODELS, tmp_path, skip=("gate",))

    def export() -> None:
        with tools_beside(MODELS, tmp_path):
            assert sorted(path.name for path in tmp_path.iterdir()) == ["gate", "lungs"]
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        export()
    assert [path.name for path in tmp_path.iterdir()] == ["lungs"]
