"""``--prevalence`` and the film's one score on the command line."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app
from cxr_dash.settings import Settings

MODEL = "findings"
runner = CliRunner()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "phantom.png"
    path.write_bytes(imaging.encode_png(imaging.chest_phantom(420, 360), {}))
    return path


@pytest.fixture
def scored_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The default model with a stated prevalence and a film's score."""
    copy = tmp_path / "models" / MODEL
    shutil.copytree(Settings().models_dir / MODEL, copy)
    spec: dict[str, Any] = json.loads((copy / "bundle.json").read_text(encoding="utf-8"))
    names = {"name": {"en": "x", "es": "x"}}
    points = [
        {"key": "one_in_10", "threshold": 0.99, **names},
        {"key": "one_in_5", "threshold": 1e-4, **names},
    ]
    spec |= {
        "schema_version": 3,
        "prevalence": {label["key"]: 0.1 for label in spec["labels"]},
        "film_score": {"label": "finding", "points": points, "chosen_on": "val"},
    }
    (copy / "bundle.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "models"))
    return spec


def _analysed(film: Path, *options: str) -> tuple[dict[str, Any], str]:
    answer = runner.invoke(app, ["analyse", str(film), "--model", MODEL, "--json", "--no-gate", *options])
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout), answer.stderr


def test_analyse_states_probabilities_at_the_prevalence_that_is_given_and_says_so(
    film: Path, scored_models: dict[str, Any]
) -> None:
    before, said = _analysed(film)
    assert "prevalence" not in said
    assert before["stated_at"]["prevalence"]["finding"] == 0.1
    after, said = _analysed(film, "--prevalence", "finding=0.5")
    assert "are stated at a prevalence of: finding 0.5." in said
    for one, other in zip(before["findings"], after["findings"], strict=True):
        assert other["above"] == one["above"]
        if one["label"] != "finding":
            assert other == {**one, "heatmap": other["heatmap"]}
            continue
        odds = [p / (1 - p) for p in (one["probability"], other["probability"])]
        assert odds[1] / odds[0] == pytest.approx(9.0)
        assert (one["prevalence"], other["prevalence"]) == (0.1, 0.5)
        assert after["film_score"]["score"] == other["probability"]
    assert (
        after["film_score"]["above"]
        == before["film_score"]["above"]
        == {"one_in_10": False, "one_in_5": True}
    )


def test_one_share_holds_for_every_label_and_a_later_one_for_its_own(
    film: Path, scored_models: dict[str, Any]
) -> None:
    answer, _ = _analysed(film, "--prevalence", "0.02", "--prevalence", "mass=0.3")
    stated = {one["label"]: one["prevalence"] for one in answer["findings"]}
    assert stated.pop("mass") == 0.3
    assert set(stated.values()) == {0.02}


@pytest.mark.parametrize("given", ["hernia=0.1", "finding=2", "finding=much", "0"])
def test_what_is_no_prevalence_is_refused_in_words(
    film: Path, scored_models: dict[str, Any], given: str
) -> None:
    answer = runner.invoke(app, ["analyse", str(film), "--model", MODEL, "--prevalence", given])
    assert answer.exit_code != 0
    assert "prevalence`" in answer.stderr


def test_score_has_the_films_score_after_the_labels_and_takes_a_prevalence(
    film: Path, scored_models: dict[str, Any], tmp_path: Path
) -> None:
    rows = []
    for name, options in (("one.csv", []), ("two.csv", ["--prevalence", "finding=0.01"])):
        out = tmp_path / name
        command = ["score", str(film), "--model", MODEL, "--no-gate", "--out", str(out), *options]
        answer = runner.invoke(app, command)
        assert answer.exit_code == 0, answer.stderr
        with out.open(newline="", encoding="utf-8") as stream:
            rows += list(csv.DictReader(stream))
    keys = [label["key"] for label in scored_models["labels"]]
    tail = ["reason_codes", "film_score", "film_above_one_in_10", "film_above_one_in_5"]
    ratio = ["cardiothoracic_ratio", "cardiothoracic_ratio_comparable"]
    assert list(rows[0]) == ["path", "status", "reason", "model", *keys, *tail, *ratio]
    assert rows[0]["film_score"] == rows[0]["finding"]
    assert [rows[0][name] for name in tail[2:]] == [rows[1][name] for name in tail[2:]] == ["0", "1"]
    assert float(rows[1]["finding"]) < float(rows[0]["finding"])
    assert rows[1]["mass"] == rows[0]["mass"]
