"""The backend comparison: what it times, what it writes, what it refuses."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from training.bench import Bench, BenchPlan, Case, Row, worker
from training.cli import app
from training.report.bench import bench_figure, write_bench

CASES = (Case("small_cnn", 32, 1), Case("small_cnn", 32, 8))


def _bench() -> Bench:
    rows = [
        Row(CASES[0], "tensorflow", "train", first_seconds=2.5, seconds=(0.5, 0.4, 0.8)),
        Row(CASES[0], "jax", "train", first_seconds=9.0, seconds=(0.25,)),
        Row(CASES[1], "tensorflow", "train", first_seconds=1.0, seconds=(0.8,)),
        Row(CASES[1], "jax", "train", problem="ResourceExhaustedError: <no memory>"),
    ]
    return Bench({"processor": "slow & steady", "cores": 2}, tuple(rows))


def test_networks_are_timed_in_a_process_of_their_own_and_written_down(tmp_path):
    arguments = [
        "bench",
        "small_cnn",
        "--batch-sizes",
        "2",
        "--size",
        "16",
        "--rounds",
        "2",
        "--seconds",
        "0",
    ]
    chosen = ["--backends", "tensorflow", "--precisions", "float32,mixed_bfloat16"]
    result = CliRunner().invoke(app, [*arguments, *chosen, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    with (tmp_path / "bench.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["what"], row["backend"], row["batch_size"], row["rounds"]) for row in rows] == [
        ("train", "tensorflow", "2", "2"),
        ("train", "tensorflow mixed_bfloat16", "2", "2"),
        ("predict", "tensorflow", "2", "2"),
        ("predict", "tensorflow mixed_bfloat16", "2", "2"),
    ]
    assert all(float(row["films_per_second"]) > 0 and not row["problem"] for row in rows)
    written = json.loads((tmp_path / "bench.json").read_text())
    assert written["machine"]["cores"] >= 1
    assert any(name.startswith("tensorflow ") and name.endswith(" on") for name in written["machine"])
    assert len(written["rows"][0]["seconds"]) == 2
    assert "small_cnn" in (tmp_path / "bench.html").read_text()


@pytest.mark.parametrize(("precision", "inside"), [("float32", "float32"), ("mixed_bfloat16", "bfloat16")])
def test_every_network_is_timed_in_the_precision_that_was_asked_for(precision, inside, monkeypatch):
    timed = []
    monkeypatch.setattr(worker, "_trained", lambda model, *_: timed.append(model.get_layer("conv_1")) or 1.0)
    bencher = worker.Bencher(precision)
    for _ in range(2):
        bencher.prepare("small_cnn", 16, 2)
        assert timed.pop().compute_dtype == inside


def test_the_median_counts_and_compiling_is_reported_apart():
    row = _bench().rows[0]
    assert row.films_per_second == pytest.approx(2.0)
    assert row.compile_seconds == pytest.approx(2.0)
    table = _bench().markdown().splitlines()
    assert table[0] == "| network | px | batch | | tensorflow | jax |"
    assert table[2] == "| small_cnn | 32 | 1 | train | 2 films/s (2 s) | 4 films/s (8.75 s) |"
    assert table[3] == "| small_cnn | 32 | 8 | train | 10 films/s (0.2 s) | failed |"


def test_the_page_holds_its_scripts_and_names_what_failed(tmp_path):
    write_bench(_bench(), tmp_path / "bench.html")
    page = (tmp_path / "bench.html").read_text()
    assert "<script src=" not in page
    assert "ResourceExhaustedError: &lt;no memory&gt;" in page
    assert "slow &amp; steady" in page


def test_the_chart_has_one_line_for_each_backend_and_kind_of_work():
    figure = bench_figure(_bench())
    lines = {(trace.name, trace.xaxis): list(zip(trace.x, trace.y, strict=True)) for trace in figure.data}
    assert lines["tensorflow", "x"] == [(1, 2.0), (8, 10.0)]
    assert lines["jax", "x"] == [(1, 4.0)]
    assert lines["jax", "x2"] == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"networks": ("lenet",)}, "`networks` must be among .* received lenet"),
        ({"size": 4}, "`--size` must be at least 16 for small_cnn; received 4"),
        ({"batch_sizes": (0,)}, "whole numbers from 1 on"),
        ({"precisions": ("float16",)}, "must be among float32, mixed_bfloat16; received float16"),
        ({"precisions": ()}, "must be among float32, mixed_bfloat16; received none"),
    ],
)
def test_a_plan_that_cannot_be_timed_is_refused(changes, message):
    plan = {"networks": ("small_cnn",), "backends": ("tensorflow",), "batch_sizes": (1,), **changes}
    with pytest.raises(TrainingError, match=message):
        BenchPlan(**plan).cases()
