"""The shipped findings on films as they came: how many without a finding get a flag, counted again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxr_dash.cli import app
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.settings import Settings

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(("split", "most"), [("val", 0.10), ("test", 0.15)])
def test_at_the_default_few_films_without_a_finding_are_flagged(
    shared_dir: Path, tmp_path: Path, split: str, most: float
) -> None:
    spec = load_bundle(Settings().models_dir / "findings").spec
    folder = shared_dir / "data" / "findings_small"
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    clear = [str(folder / row["path"]) for row in rows if row["labels"] == "No Finding"]
    out = tmp_path / "scores.csv"
    answer = CliRunner().invoke(app, ["score", *clear, "--model", "findings", "--out", str(out)])
    assert answer.exit_code == 0, answer.stderr
    thresholds = spec.operating_point().thresholds
    with out.open(newline="", encoding="utf-8") as stream:
        scored = [row for row in csv.DictReader(stream) if row["status"] == "ok"]
    assert len(scored) > 0.9 * len(clear), "refused films would make the share small"
    flagged = [row for row in scored if any(float(row[key]) >= cut for key, cut in thresholds.items())]
    assert len(flagged) / len(clear) <= most
