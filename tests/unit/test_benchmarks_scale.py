"""What docs/scale.md says of archives follows from what was measured, and from nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.scale import PAGE, RESULTS, kept, markdown
from benchmarks.scale_plan import FilmCost, Site, most_machines, plan, slowest_shard
from cxr_dash.settings import ROOT

_FILM = FilmCost("a film", 1_000_000, seconds=0.05, decode_seconds=0.01, model_seconds=0.01)
_SITE = Site(10, 0.1, efficiency=0.5, network_bytes=1e9, storage_bytes=1e9)


def test_the_page_has_the_tables_of_the_newest_samples() -> None:
    newest = max(RESULTS.glob("scale-*.json"))
    assert markdown(kept(newest)) in PAGE.read_text(encoding="utf-8")


def test_a_plan_bound_by_the_processor_is_films_times_seconds() -> None:
    found = plan(3_600_000, _FILM, 1.0, _SITE)  # 1,000 films/s; a machine does 10 cores * 0.5 / 0.05 s = 100
    assert (found.machines, found.bound) == (10, "processor")
    assert found.hours == pytest.approx(1.0)
    assert found.core_hours == pytest.approx(100.0)
    assert found.dollars == pytest.approx(10.0)
    assert found.read_bytes == pytest.approx(1e9)


def test_more_machines_than_the_store_feeds_are_not_paid_for() -> None:
    assert most_machines(_FILM, _SITE) == 10
    found = plan(36_000_000, _FILM, 1.0, _SITE)
    assert (found.machines, found.bound) == (10, "storage")
    assert found.hours == pytest.approx(10.0)


def test_a_slow_network_bounds_a_machine() -> None:
    found = plan(3_600_000, _FILM, 1.0, replace(_SITE, network_bytes=5e7))
    assert (found.machines, found.bound) == (20, "network")


def test_one_shard_is_never_late_and_many_small_ones_are() -> None:
    seconds = [0.04, 0.05, 0.07]
    assert slowest_shard(1_000_000, 1, seconds) == pytest.approx(1.0, abs=0.001)
    # the largest of 100 shards of 10,000 films lies some 2.5 standard deviations of 1 % out
    assert 1.015 < slowest_shard(1_000_000, 100, seconds) < 1.04
    assert slowest_shard(10_000, 1_000, seconds) > 1.5


def test_the_simulation_of_shards_agrees_with_films_drawn_one_by_one() -> None:
    rng, seconds = np.random.default_rng(1), np.array([0.02, 0.05, 0.11])
    drawn = []
    for _ in range(100):
        shards = rng.integers(0, 20, 20_000)
        times = np.bincount(shards, weights=rng.choice(seconds, 20_000), minlength=20)
        drawn.append(times.max() / (20_000 * seconds.mean() / 20))
    assert slowest_shard(20_000, 20, list(seconds)) == pytest.approx(float(np.median(drawn)), abs=0.015)


@pytest.mark.parametrize(("films", "hours"), [(0, 1.0), (5, 0.0)])
def test_a_plan_for_nothing_is_refused(films: int, hours: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        plan(films, _FILM, hours)


def test_the_measurement_runs() -> None:
    command = [sys.executable, "-m", "benchmarks.scale", "--brief"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| 100 M in 168 h | PNG, 1,024 x 1,024, 8 bits |" in done.stdout
