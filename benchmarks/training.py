"""``python -m benchmarks.training``: a head on 5,000 cached films, and what the input pipeline costs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.table import RESULTS, ROOT, write_between
from training.bench.machine import machine_facts

BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    shared = Path(os.environ.get("CXR_SHARED_DIR", ROOT.parent / "shared"))
    parser.add_argument("--shared", type=Path, default=shared, help="folder of shared films and weights")
    parser.add_argument(
        "--films", type=int, default=5000, help="train films of the head (default: %(default)s)"
    )
    parser.add_argument("--naive-films", type=int, help="films timed the naive way; all of them if not given")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument(
        "--part", choices=("all", "head", "pipeline"), default="all", help="measure only this"
    )
    parser.add_argument("--quick", action="store_true", help="a few films, once: does it run?")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/benchmarks.md")
    asked = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if asked.quick:
        asked.films, asked.naive_films, asked.rounds = 96, 64, 1
    machine, when = machine_facts(), datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="cxr-bench-training-") as name:
        found = _measured(asked, Path(name))
    found["load_after"] = round(os.getloadavg()[0], 2)
    text = _described(machine, when, found)
    print(text)
    if asked.quick:
        return
    RESULTS.mkdir(exist_ok=True)
    data = {"measured_at": when.isoformat(timespec="seconds"), "machine": machine, **found}
    path = RESULTS / f"training-{when:%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if asked.write_docs:
        write_between("training", text)


def _measured(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    # TensorFlow is loaded only now, with the environment that `main` made
    from benchmarks.training_cases import PIPELINES, Paths  # noqa: PLC0415

    weights = asked.shared / "weights"
    paths = Paths(
        data=asked.shared / "data",
        mobilenet=str(weights / "mobilenet_imagenet_notop.weights.h5"),
        mobilenet_v2=str(weights / "mobilenetv2_imagenet_notop.weights.h5"),
        folder=folder,
    )
    found: dict[str, Any] = {}
    if asked.part != "pipeline":
        found["head"] = _head(asked, paths)
    if asked.part != "head":
        found["pipeline"] = {name: _pipeline(name, asked, paths) for name in PIPELINES}
    return found


def _head(asked: argparse.Namespace, paths: Any) -> dict[str, Any]:
    """Runs on cached features and epochs with the backbone in the loop, in turn."""
    from benchmarks.training_cases import (  # noqa: PLC0415
        head_run,
        naive_epoch,
        some_films,
        write_manifest,
    )

    films = some_films(paths.data / "covid" / "manifest.csv", asked.films, max(asked.films // 12, 96))
    write_manifest(films, paths.folder / "films" / "manifest.csv")
    _say(f"{len(films)} films: preparing them and their features, once")
    first = head_run(paths, 0)
    timed = [film for film in films if film.split == "train"][: asked.naive_films]
    naive = naive_epoch(paths, timed, BATCH)
    runs, epochs = [], []
    for number in range(asked.rounds):
        _say(f"head, round {number + 1} of {asked.rounds}")
        runs.append(head_run(paths, number + 1))
        if number < max(1, asked.rounds // 2):  # an epoch with the backbone takes minutes
            epochs.append(naive())
    return {
        "train_films": asked.films,
        "first_run_seconds": first["run"],
        "runs": runs,
        "naive_films": len(timed),
        "naive_seconds": epochs,
    }


def _pipeline(name: str, asked: argparse.Namespace, paths: Any) -> dict[str, Any]:
    from benchmarks.training_cases import pipeline_epochs, some_films  # noqa: PLC0415

    count = 2 * BATCH if asked.quick else 10 * BATCH
    films = some_films(paths.data / "covid" / "manifest.csv", count, 0)
    _say(f"{name}: preparing {count} films")
    epochs = pipeline_epochs(name, paths, films, BATCH)
    samples: dict[str, list[float]] = {f"{kind}{clock}": [] for kind in epochs for clock in ("", "_cpu")}
    for epoch in epochs.values():
        epoch()  # traced and compiled before the clock starts
    for number in range(asked.rounds * 2):
        _say(f"{name}, round {number + 1} of {asked.rounds * 2}")
        # the first of a pair changes, so that a busy machine that calms down favours neither
        for kind in list(epochs)[:: -1 if number % 2 else 1]:
            seconds, cpu_seconds = epochs[kind]()
            samples[kind].append(seconds)
            samples[f"{kind}_cpu"].append(cpu_seconds)
    return {"steps": count // BATCH, **samples}


def _described(machine: dict[str, Any], when: datetime, found: dict[str, Any]) -> str:
    text = (
        f"Measured {when:%Y-%m-%d} on {machine['cores']} cores of {machine['processor']}, "
        f"{machine['memory_gib']} GiB; load {machine['load_before']} before and {found['load_after']} at the "
        f"end, niceness {machine['niceness']}; tensorflow-cpu {machine['tensorflow-cpu']}, "
        f"keras {machine['keras']}."
    )
    if "head" in found:
        text += "\n\n" + _head_table(found["head"])
    if "pipeline" in found:
        text += "\n\n" + _pipeline_table(found["pipeline"])
    return text


def _head_table(found: dict[str, Any]) -> str:
    runs, count = found["runs"], found["train_films"]
    run, alone = [row["run"] for row in runs], [row["epochs_seconds"] for row in runs]
    epochs = round(median(row["epochs"] for row in runs))
    per_epoch = [seconds * count / found["naive_films"] for seconds in found["naive_seconds"]]
    naive = [seconds * epochs for seconds in per_epoch]
    extrapolated = (
        f"one epoch timed, times {epochs}"
        if found["naive_films"] == count
        else f"{found['naive_films']} films timed, times {count / found['naive_films']:.3g} and {epochs}"
    )
    return "\n".join(
        [
            f"| a head of 64 units on MobileNet, {count} films, {epochs} epochs | time |",
            "|---|---|",
            f"| On cached features: the epochs | {_spread(alone)} s |",
            f"| On cached features: a whole run, from the manifest to the saved model | {_spread(run)} s |",
            f"| The first run, which also prepares films and features | {found['first_run_seconds']:.0f} s |",
            f"| Backbone in the loop: one epoch | {_spread(per_epoch)} s |",
            f"| Backbone in the loop: all epochs, **extrapolated** ({extrapolated}) | {_spread(naive)} s |",
            f"| The epochs are faster on cached features by | {median(naive) / median(alone):.0f} x |",
        ]
    )


def _pipeline_table(found: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| training step, batch of 32 | real pipeline | one batch in memory | share of time | of CPU time |",
        "|---|---|---|---|---|",
    ]
    for name, samples in found.items():
        real, held = (
            [seconds / samples["steps"] * 1e3 for seconds in samples[kind]] for kind in ("real", "held")
        )
        shares = [_share(samples["real"], samples["held"]), _share(samples["real_cpu"], samples["held_cpu"])]
        lines.append(
            f"| {name} | {_spread(real)} ms | {_spread(held)} ms | {shares[0]:.1f} % | {shares[1]:.1f} % |"
        )
    return "\n".join(lines)


def _share(real: list[float], held: list[float]) -> float:
    """What the pipeline adds, per cent; neighbours in time are compared, so that the load cancels."""
    return 100 * median(1 - fast / slow for slow, fast in zip(real, held, strict=True))


def _spread(values: list[float]) -> str:
    return f"{_short(median(values))} ({_short(min(values))}-{_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
