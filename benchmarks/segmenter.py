"""``python -m benchmarks.segmenter``: what lungs cost a film, in turns with a classifier on the same film."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.film import write_film
from cxr_dash import imaging
from cxr_dash.inference.bundle import load_bundle, load_segmenter
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segmenter", description=__doc__)
    parser.add_argument("--lungs", type=Path, default=ROOT / "models" / "lungs")
    parser.add_argument("--against", type=Path, default=ROOT / "models" / "findings")
    parser.add_argument("--film", type=Path, default=ROOT / "var" / "benchmark-film.png")
    parser.add_argument("--rounds", type=int, default=100)
    asked = parser.parse_args()
    if not asked.film.is_file():
        asked.film.parent.mkdir(parents=True, exist_ok=True)
        write_film(asked.film)
    for threads in (1, 2):
        print(f"\n{threads} thread{'s' if threads > 1 else ''}: median (2.5 % to 97.5 %), ms; of CPU time")
        cases = _cases(asked.lungs.resolve(), asked.against.resolve(), asked.film, threads)
        for name, samples in _timed(cases, asked.rounds).items():
            clock, processor = zip(*samples, strict=True)
            cuts = statistics.quantiles(clock, n=40)
            figure = f"{statistics.median(clock):6.1f} ({cuts[0]:.1f}-{cuts[-1]:.1f})"
            print(f"  {name:44} {figure:24} {statistics.median(processor):6.1f}")


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


if __name__ == "__main__":
    main()
