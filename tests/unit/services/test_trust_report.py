"""The trust report through the service and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bundle_builder import write_bundle
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app
from cxr_dash.domain import Box, Finding, Float32Array, Preparation, RawOutput
from cxr_dash.explain import SHIFTS, make_heatmap, shifted_input
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.services.trust import judge_trust

SIDE = 40
PLAN = Preparation(
    film_width=SIDE,
    film_height=SIDE,
    window_low=0.0,
    window_high=255.0,
    inverted=False,
    crop=Box(0, 0, SIDE, SIDE),
    content=Box(0, 0, SIDE, SIDE),
    input_width=SIDE,
    input_height=SIDE,
    pad_value=0.0,
)


class _Looking:
    """Maps that follow what is bright for the first label, and never move for the second."""

    name = "drawn"

    def __init__(self) -> None:
        self.seen: list[Float32Array] = []

    def run(self, model_input: Float32Array) -> RawOutput:
        self.seen.append(model_input)
        still = np.zeros((SIDE, SIDE), np.float32)
        still[18:22, 18:22] = 1.0
        cams = np.stack([np.maximum(model_input[..., 0] - 100.0, 0.0), still])
        return RawOutput(np.zeros(2, np.float32), cams, np.zeros(3, np.float32))


def test_the_model_is_asked_once_for_each_shift_and_its_maps_are_moved_back(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path))
    film = np.zeros((SIDE, SIDE, 1), np.float32)
    film[10:14, 10:14] = 200.0
    runtime = _Looking()
    cams = runtime.run(film).cams
    runtime.seen.clear()
    labels = bundle.spec.labels
    findings = [Finding(label, 0.0, 0.5, 0.5) for label in labels]
    heatmaps = {label.key: make_heatmap(cam, 1.0, PLAN) for label, cam in zip(labels, cams, strict=True)}
    answers = [(shift, runtime.run(shifted_input(film, shift))) for shift in SHIFTS]
    report = judge_trust(bundle, answers, findings=findings, heatmaps=heatmaps, lungs=None)
    # a fortieth of 40 pixels is one, right and down, then left and up
    assert len(runtime.seen) == len(SHIFTS)
    np.testing.assert_array_equal(runtime.seen[0][1:, 1:], film[:-1, :-1])
    np.testing.assert_array_equal(runtime.seen[1][:-1, :-1], film[1:, 1:])
    assert list(report) == [label.key for label in labels]
    following, still = report.values()
    assert following.correlation is not None
    assert still.correlation is not None
    assert following.correlation > 0.99
    assert still.correlation < following.correlation


@pytest.mark.parametrize("switched", [True, False])
def test_analyse_as_json_says_how_far_each_heatmap_may_be_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switched: bool
) -> None:
    monkeypatch.setenv("CXR_HEAT_TRUST", str(switched))
    film = tmp_path / "film.png"
    film.write_bytes(imaging.encode_png(imaging.chest_phantom(300, 250), {}))
    result = CliRunner().invoke(app, ["analyse", str(film), "--json", "--no-gate"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    reports = [finding["heatmap"]["trust"] for finding in answer["findings"]]
    if not switched:
        assert reports == [None] * len(reports)
        return
    assert all(report["sentence"].endswith(".") and 0.0 <= report["drift"] <= 1.0 for report in reports)
    assert all((report["verdict"] == "none") == report["flat"] for report in reports)


def test_scoring_many_films_does_not_ask_the_model_twice_more_about_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the table has no column for a trust report")

    monkeypatch.setattr("cxr_dash.services.workup.judge_trust", asked)
    film, table = tmp_path / "film.png", tmp_path / "table.csv"
    film.write_bytes(imaging.encode_png(imaging.chest_phantom(420, 360), {}))
    done = CliRunner().invoke(app, ["score", str(film), "--out", str(table), "--no-gate"])
    assert done.exit_code == 0, done.output
    assert ",ok," in table.read_text(encoding="utf-8").replace('"', "")
