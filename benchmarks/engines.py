"""The shipped graph by the libraries that could run it: time, memory and loading, in turns on one film."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.alike import Answer, apart, installed, left_out, of_own_peak, probabilities_of
from benchmarks.engine import APP, BUILDS_CACHE, ENGINES, Engine
from benchmarks.film import HEIGHT, WIDTH, write_film
from benchmarks.protocol import Subject
from benchmarks.sealed import AVAILABLE, sealed
from benchmarks.table import Asked, Table, short, spread
from cxr_dash import imaging
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.verified import read_verified

_ROUNDS, _STARTS = 100, 7
_THREADS = (1, 2)
_PAUSE_SECONDS = 0.02  # threads of some engines go on spinning for a moment
Samples = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """An engine, and the paths of what it reads: ``cache`` is "" where it has no weight cache."""

    key: str
    film: Path
    graph: str
    cache: str

    def process(self, asked: Asked, threads: int = 1) -> Subject:
        """A process of its own, which is loading."""
        log = asked.folder / f"{self.key}.log"
        more = (self.key, str(threads), self.graph, self.cache)
        return Subject("benchmarks.engine", asked.bundle, self.film, log, *more)


def measure(asked: Asked) -> Table:
    """The table of engines.

    Raises
    ------
    RuntimeError
        When engines do not give the same probabilities and maps, within 0.001.
    """
    versions = {key: installed(engine.packages) for key, engine in ENGINES.items()}
    missing = {ENGINES[key].title: ENGINES[key].packages for key, found in versions.items() if found is None}
    engines = {
        key: engine
        for key, engine in ENGINES.items()
        if versions[key] is not None and (AVAILABLE or not engine.sealed)
    }
    rounds, starts = (2, 1) if asked.brief else (_ROUNDS, _STARTS)
    film = _prepared(asked)
    with ExitStack() as stack:
        cases = _cases(asked, film, engines, stack)
        samples: Samples = {
            key: {"load_s": [], "before_mib": [], "uss_mib": [], "ms": {}, "apart": {}} for key in engines
        }
        for _ in range(starts):
            for case in cases:
                _started(asked, case, samples[case.key])
        _in_turns(asked, cases, samples, rounds)
    others = {
        name: number
        for found in versions.values()
        for name, number in (found or {}).items()
        if name != "ai-edge-litert"
    }
    told = "".join(f", {name} {number}" for name, number in others.items())
    before = median(value for one in samples.values() for value in one["before_mib"])
    measured = (
        f"with the graph of `{asked.bundle.name}` and a {WIDTH} x {HEIGHT} film that was prepared before, "
        f"each engine in processes of its own, {rounds} rounds in turns and {starts} starts, median and "
        f"range of all{told},"
    )
    notes = [
        f"Private memory (USS) of a process beside another like it; {before:.0f} MiB of it are Python, NumPy "
        "and this project's modules, before the engine. To load: the engine's import, the graph, one film.",
        left_out(missing),
        "" if AVAILABLE else "Left out, because this system seals no memory: engines that need it.",
    ]
    lines = [*_markdown(samples), "", " ".join(note for note in notes if note)]
    return Table(measured, "\n".join(lines), {"versions": others, "engines": short(samples)})


def _prepared(asked: Asked) -> Path:
    write_film(asked.folder / "film.png")
    radiograph = imaging.decode((asked.folder / "film.png").read_bytes())
    path = asked.folder / "film.npy"
    np.save(path, imaging.prepare(radiograph, load_bundle(asked.bundle).spec.preparation))
    return path


def _cases(asked: Asked, film: Path, engines: dict[str, Engine], stack: ExitStack) -> list[Case]:
    """Engines with graph and weight cache; what has to be made lies there until ``stack`` ends."""
    bundle = load_bundle(asked.bundle)
    if bundle.serving_path is None:
        raise RuntimeError(f"{bundle.id} must have a compiled graph to compare engines")
    graphs = {"bundle": str(bundle.serving_path)}
    caches = {"": "", "file": str(asked.folder / "weights.cache")}
    if any(engine.graph == "onnx" for engine in engines.values()):
        graphs["onnx"] = str(_as_onnx(bundle.serving_path, asked.folder))
    if AVAILABLE:
        with Case(BUILDS_CACHE, film, graphs["bundle"], caches["file"]).process(asked) as builds:
            builds.reached("loaded")
        verified = read_verified(bundle.serving_path, bundle.serving_sha256)
        graphs["sealed"] = str(stack.enter_context(sealed(verified)))
        caches["sealed"] = str(stack.enter_context(sealed(Path(caches["file"]).read_bytes())))
    return [Case(key, film, graphs[engine.graph], caches[engine.cache]) for key, engine in engines.items()]


def _as_onnx(graph: Path, folder: Path) -> Path:
    path = folder / "graph.onnx"
    command = [sys.executable, "-m", "tf2onnx.convert", "--tflite", str(graph), "--output", str(path)]
    with (folder / "onnx.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=True)
    return path


def _started(asked: Asked, case: Case, samples: dict[str, Any]) -> None:
    """Two processes, as a server's workers: time to load, and memory while both are there."""
    with case.process(asked) as one:
        samples["load_s"].append(one.reached("loaded")[1]["seconds"])
        with case.process(asked) as beside:
            samples["before_mib"].append(beside.reached("loaded")[1]["before_mib"])
            for subject in (one, beside):
                subject.ask("run")
            samples["uss_mib"].append(one.memory_mib()["uss"])


def _in_turns(asked: Asked, cases: list[Case], samples: Samples, rounds: int) -> None:
    """Milliseconds of a film by the clock and of CPU time, with one thread and with two."""
    activation = load_bundle(asked.bundle).spec.activation
    with ExitStack() as stack:
        subjects = {
            (case.key, threads): stack.enter_context(case.process(asked, threads))
            for case in cases
            for threads in _THREADS
        }
        answers = {}
        for who, subject in subjects.items():
            said = subject.reached("loaded")[1]
            answers[who] = Answer(probabilities_of(said["logits"], activation), of_own_peak(said["maps"]))
        for key, threads in subjects:
            title = ENGINES[key].title
            samples[key]["apart"][threads] = apart(
                answers[APP, 1], answers[key, threads], f"{title} and the app"
            )
            samples[key]["ms"][threads] = {"clock": [], "cpu": []}
        order = list(subjects)
        for number in range(rounds):
            start = number % len(order)
            for key, threads in order[start:] + order[:start]:
                time.sleep(_PAUSE_SECONDS)
                passed = subjects[key, threads].ask("run")
                samples[key]["ms"][threads]["clock"].append(1000.0 * passed["seconds"])
                samples[key]["ms"][threads]["cpu"].append(1000.0 * passed["cpu_seconds"])


def _markdown(samples: Samples) -> list[str]:
    lines = [
        "| engine | one thread | of CPU time | two threads | of CPU time | private memory | to load |",
        "|---|---|---|---|---|---|---|",
    ]
    for key, found in samples.items():
        cells = [
            spread(found["ms"][threads][kind], "ms", 1) for threads in _THREADS for kind in ("clock", "cpu")
        ]
        cells += [spread(found["uss_mib"], "MiB", 0), spread(found["load_s"], "s", 2)]
        lines.append(f"| {ENGINES[key].title} | {' | '.join(cells)} |")
    return lines
