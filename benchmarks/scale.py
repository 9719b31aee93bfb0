"""``python -m benchmarks.scale``: processor time of one film in ``cxr-dash score``, and what archives take.

Processor time, not the clock: it is what a machine has to give, and other work on the machine moves it less.
Kinds of film, and parts of one film, take turns.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2

from benchmarks.dicom_film import UNCOMPRESSED, dicom_film
from benchmarks.film import noisy_films, write_film
from benchmarks.scale_plan import FilmCost, Site, most_machines, plan, slowest_shard
from benchmarks.table import RESULTS, ROOT, Machine, Table, write_between
from cxr_dash import imaging
from cxr_dash.cli.scoring.film import score_film
from cxr_dash.cli.sources import Source
from cxr_dash.inference.bundle import Bundle
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.settings import Settings

PAGE = ROOT / "docs" / "scale.md"
ARCHIVES = ((1_000_000, 24.0), (100_000_000, 7 * 24.0))
_ROUNDS, _BRIEF = 25, 2
_PARTS = ("whole", "decode", "model")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--model", default="findings", help="bundle id (default: %(default)s)")
    parser.add_argument("--brief", action="store_true", help="two rounds, nothing kept: does it run?")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/scale.md")
    asked = parser.parse_args()
    machine = Machine()
    samples = measure(asked.model, _BRIEF if asked.brief else _ROUNDS)
    measured = f"with `{asked.model}`, processor time, medians of rounds in turns,"
    text = machine.text(Table(measured, markdown(samples), {}))
    print(text)
    if not asked.brief:
        machine.keep("scale", asked.model, Table(measured, "", {"kinds": samples}), RESULTS)
    if asked.write_docs:
        write_between("scale", text, PAGE)


def measure(model_id: str, rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds of processor time by kind of film and part, every sample."""
    settings = Settings(heat_trust=False, default_model=model_id)
    service = build_service(settings)
    bundle = service.catalog.get(model_id)
    kinds = _kinds()
    steps = {name: _steps(service, bundle, data) for name, data in kinds.items()}
    samples: dict[str, dict[str, Any]] = {
        name: {"bytes": len(data), **{part: [] for part in _PARTS}} for name, data in kinds.items()
    }
    for parts in steps.values():
        for step in parts.values():
            step()
    for number in range(rounds):
        for name in list(steps)[:: 1 if number % 2 else -1]:
            for part, step in steps[name].items():
                clock = time.process_time()
                step()
                samples[name][part].append(time.process_time() - clock)
    return samples


def _kinds() -> dict[str, bytes]:
    (large,) = noisy_films(1)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "film.png"
        write_film(small)
        return {
            "PNG, 1,024 x 1,024, 8 bits": small.read_bytes(),
            "PNG, 2,500 x 2,048, 12 bits in 16": bytes(cv2.imencode(".png", large)[1]),
            "DICOM, 2,500 x 2,048, 16 bits, uncompressed": dicom_film(large, UNCOMPRESSED),
        }


def _steps(service: AnalysisService, bundle: Bundle, data: bytes) -> dict[str, Callable[[], object]]:
    source = Source("film", lambda _most: data, "film")
    runtime = service.runtimes.get(bundle)
    model_input = imaging.prepare(imaging.decode(data), bundle.spec.preparation)
    return {
        "whole": partial(score_film, service, source, bundle, gate=True),
        "decode": partial(imaging.decode, data),
        "model": lambda: runtime.run(model_input),
    }


def costs(samples: dict[str, dict[str, Any]]) -> list[FilmCost]:
    """Medians of the samples."""
    return [
        FilmCost(name, one["bytes"], *(median(one[part]) for part in _PARTS)) for name, one in samples.items()
    ]


def markdown(samples: dict[str, dict[str, Any]], site: Site | None = None) -> str:
    """The tables of docs/scale.md."""
    films, site = costs(samples), site or Site()
    lines = [
        "| film | processor time | of it decoding | films/s and core | cores a process can keep busy |",
        "|---|---|---|---|---|",
        *(
            f"| {film.name}, {film.size_bytes / 1e6:.1f} MB | {film.seconds * 1e3:.0f} ms | "
            f"{film.decode_seconds / film.seconds:.0%} | {film.per_core:.1f} | "
            f"{film.cores_of_a_process:.1f} |"
            for film in films
        ),
        "",
        "| archive | film | core hours | machines | hours | US $ | read, GB/s | bound by | slowest shard |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for number, hours in ARCHIVES:
        for film in films:
            found = plan(number, film, hours, site)
            late = slowest_shard(number, found.machines * site.cores, samples[film.name]["whole"])
            lines.append(
                f"| {number / 1e6:.0f} M in {hours:.0f} h | {film.name} | {found.core_hours:,.0f} | "
                f"{found.machines} | {found.hours:.1f} | {found.dollars:,.0f} | "
                f"{found.read_bytes / 1e9:.2f} | {found.bound} | +{late - 1:.1%} |"
            )
    most = ", ".join(f"{most_machines(film, site)} ({film.name})" for film in films)
    lines += ["", f"Machines that a store of {site.storage_bytes / 1e9:.0f} GB/s feeds: {most}."]
    return "\n".join(lines)


def kept(path: Path) -> dict[str, dict[str, Any]]:
    """The samples of an earlier run."""
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["kinds"]
    return found


if __name__ == "__main__":
    main()
