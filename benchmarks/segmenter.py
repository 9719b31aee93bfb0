"""What lungs cost a film, in turns with a classifier on the same film, by the clock and by CPU time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.film import HEIGHT, WIDTH, write_film
from benchmarks.table import Asked, Table
from cxr_dash import imaging
from cxr_dash.inference.bundle import load_bundle, load_segmenter
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool

_ROUNDS = 100
_THREADS = (1, 2)


def measure(asked: Asked) -> Table:
    """The table of the lung fields, for one thread and for two."""
    film, rounds = asked.folder / "film.png", 2 if asked.brief else _ROUNDS
    write_film(film)
    lungs = asked.bundle.parent / "lungs"
    samples = {threads: _timed(_cases(lungs, asked.bundle, film, threads), rounds) for threads in _THREADS}
    lines = [
        "| what | one thread | of CPU time | two threads | of CPU time |",
        "|---|---|---|---|---|",
    ]
    for name in samples[1]:
        cells = [
            _cell(values) for threads in _THREADS for values in zip(*samples[threads][name], strict=True)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    measured = (
        f"with `lungs`, `{asked.bundle.name}` and a {WIDTH} x {HEIGHT} film, median of {rounds} rounds "
        "in turns and the range of 95 % of them,"
    )
    return Table(measured, "\n".join(lines), {"ms_by_clock_and_cpu": samples})


def _cell(values: tuple[float, ...]) -> str:
    cuts = statistics.quantiles(values, n=40)
    return f"{statistics.median(values):.1f} ms ({cuts[0]:.1f}-{cuts[-1]:.1f})"


def _cases(lungs: Path, against: Path, film: Path, threads: int) -> dict[str, Callable[[], object]]:
    segmenter, classifier, runtimes = load_segmenter(lungs), load_bundle(against), RuntimePool(threads)
    radiograph = imaging.decode(film.read_bytes())
    draws, reads = runtimes.segmenter(segmenter), runtimes.get(classifier)
    small = imaging.prepare(radiograph, segmenter.spec.preparation)
    other = imaging.prepare(radiograph, classifier.spec.preparation)
    field = find_lungs(radiograph, segmenter, runtimes)
    size = f"{radiograph.width} x {radiograph.height}"
    return {
        "segmenter alone": lambda: draws.run(small),
        f"{classifier.id} alone": lambda: reads.run(other),
        f"lungs of a film of {size}, prepared too": lambda: find_lungs(radiograph, segmenter, runtimes),
        "box and measures": lambda: (imaging.lung_box(field), imaging.measure_lungs(field)),
        "outline in the film's frame": lambda: imaging.film_mask(field),
    }


def _timed(cases: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of every case by the clock and of all threads' CPU, in turns: what else runs meets all."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for case in cases.values():
        case()  # whatever is done once is done before the clock starts
    for _ in range(rounds):
        for name, case in cases.items():
            started, used = time.perf_counter(), time.process_time()
            case()
            passed = (time.perf_counter() - started, time.process_time() - used)
            samples[name].append((passed[0] * 1000.0, passed[1] * 1000.0))
    return samples
