"""``python -m benchmarks.worklist``: fifty films of five megabytes in a real browser, before a real server.

Also one film from drop to result, in turns with the reference's server route, and what interactions ask for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import psutil
from playwright.sync_api import Browser, Page

from benchmarks.servers import ROOT, Running, ask_ours, ask_reference, films_per_second, started
from benchmarks.worklist_page import PeakMemory, browser_processes, chromium, dropped, opened, requests_of
from cxr_dash import imaging
from training.bench.machine import machine_facts

HEIGHT, WIDTH = 2500, 2048
_GREY_STEPS, _NOISE = 16, 8.0  # a 12-bit detector in a 16-bit file: noise is what makes it five megabytes
_PAGE = ROOT / "docs" / "benchmarks.md"
_BETWEEN = re.compile(r"(<!-- worklist results -->\n).*?(<!-- end of worklist results -->)", flags=re.DOTALL)
_LIBRARIES = ("ai-edge-litert", "dash", "gunicorn", "playwright", "tensorflow-cpu", "keras")
Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worklist", description=__doc__)
    parser.add_argument("--model", default="findings", help="bundle id (default: %(default)s)")
    parser.add_argument("--films", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7, help="single films, in turns (default: %(default)s)")
    parser.add_argument("--no-reference", action="store_true", help="leave the reference out (no TensorFlow)")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    machine, when = machine_facts(_LIBRARIES), datetime.now(UTC)
    bundle = ROOT / "models" / asked.model
    with tempfile.TemporaryDirectory(prefix="cxr-bench-") as name, chromium() as browser:
        folder = Path(name)
        films = write_films(folder, asked.films + asked.rounds)
        megabytes = median(film.stat().st_size for film in films) / 1e6
        with started("app:server", bundle, folder) as ours:
            ours.wait_until_accepting()
            _warm(ours, bundle.name)
            single, many = films[: asked.rounds], films[asked.rounds :]
            figures = {
                "many": _many(browser, ours, many),
                "interactions": _interactions(browser, ours, many[0]),
            }
            if asked.no_reference:
                figures["single"] = {
                    "drop_to_result": [_drop_to_result(browser, ours, film) for film in single]
                }
            else:
                with started("benchmarks.reference_app:server", bundle, folder) as reference:
                    reference.wait_until_accepting()
                    figures["single"] = _single(browser, ours, reference, single, bundle)
    machine["load_after"] = round(os.getloadavg()[0], 2)
    data = {"measured_at": when.isoformat(timespec="seconds"), "model": asked.model, "machine": machine}
    text = _described(machine, when, len(many), megabytes) + "\n\n" + _markdown(figures, len(many))
    print(text)
    results = ROOT / "benchmarks" / "results"
    path = results / f"worklist-{when:%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(
        json.dumps({**data, "film_megabytes": megabytes, **figures}, indent=1) + "\n", encoding="utf-8"
    )
    if asked.write_docs:
        page = _PAGE.read_text(encoding="utf-8")
        _PAGE.write_text(
            _BETWEEN.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page), encoding="utf-8"
        )


def write_films(folder: Path, count: int) -> list[Path]:
    """Different 12-bit phantoms of about five megabytes, as 16-bit PNG."""
    drawn = cv2.GaussianBlur(imaging.chest_phantom(HEIGHT, WIDTH).astype(np.float32), (0, 0), 3)
    phantom = np.asarray(drawn, np.float32) * _GREY_STEPS
    paths = []
    for seed in range(count):
        noise = np.random.default_rng(seed).normal(0, _NOISE, phantom.shape).astype(np.float32)
        paths.append(folder / f"film-{seed:02d}.png")
        film = np.clip(phantom + noise, 0, 256 * _GREY_STEPS - 1).astype(np.uint16)
        cv2.imwrite(str(paths[-1]), film, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return paths


def _warm(server: Running, model: str) -> None:
    """Both workers have read a film: what is measured is a server that has been up for a while."""
    small = imaging.encode_png(imaging.chest_phantom(512, 512), {})
    for _ in range(8):
        server.request("POST", f"/films?model={model}", small)


def _workers(server: Running) -> Callable[[], list[psutil.Process]]:
    return lambda: psutil.Process(server.process.pid).children()


def _many(browser: Browser, server: Running, films: list[Path]) -> Figures:
    asked: list[str] = []
    with opened(browser, server.port) as page:
        page.on("request", lambda request: asked.append(request.method))
        with PeakMemory({"browser": browser_processes, "server": _workers(server)}) as memory:
            found = dropped(page, films)
        rows = page.locator(".row").count()
    return {
        **found,
        "rows": rows,
        "requests": len(asked),
        "browser_mib": memory.peaks["browser"],
        "server_mib": memory.peaks["server"],
        "films_per_second": len(films) / found["done"],
    }


def _drop_to_result(browser: Browser, server: Running, film: Path) -> float:
    with opened(browser, server.port) as page:
        return dropped(page, [film])["first"]


def _single(browser: Browser, ours: Running, reference: Running, films: list[Path], bundle: Path) -> Figures:
    """In turns, so that a busy moment of the machine meets all."""
    label = "effusion" if bundle.name == "findings" else "pneumonia"
    samples: dict[str, list[float]] = {
        name: [] for name in ("drop_to_result", "ours", "reference", "ours_rate", "reference_rate")
    }
    for film in films[:2]:
        ask_reference(reference, film.read_bytes(), bundle.name, label)  # each worker loads its model
    routes = {"ours": (ask_ours, ours), "reference": (ask_reference, reference)}
    for film in films:
        data = film.read_bytes()
        samples["drop_to_result"].append(_drop_to_result(browser, ours, film))
        for name, (ask, server) in routes.items():
            clock = time.perf_counter()
            ask(server, data, bundle.name, label)
            samples[name].append(time.perf_counter() - clock)
    data = films[0].read_bytes()
    for _ in range(3):
        for name, (ask, server) in routes.items():
            rate = films_per_second(lambda a=ask, s=server: a(s, data, bundle.name, label), 8)  # type: ignore[misc]
            samples[f"{name}_rate"].append(rate)
    return samples


def _interactions(browser: Browser, server: Running, film: Path) -> dict[str, int]:
    """Requests of what only changes the picture or a threshold."""
    with opened(browser, server.port) as page:
        dropped(page, [film])
        page.wait_for_load_state("networkidle")
        page.keyboard.press("h")
        page.wait_for_timeout(1500)  # the heat layer itself is fetched once
        return {name: requests_of(page, act) for name, act in _acts(page).items()}


def _acts(page: Page) -> dict[str, Callable[[], Any]]:
    def zoom() -> None:
        page.hover("#stage")
        for step in (-240, -240, 300):
            page.mouse.wheel(0, step)

    def palette() -> None:
        page.evaluate(
            "() => Object.keys(cxr.state.settings.colour_maps).forEach("
            "name => { cxr.state.view.colourMap = name; cxr.changed(); })"
        )

    def threshold() -> None:
        for position in (100, 500, 900):
            page.locator("#cut-range").fill(str(position))

    def heat() -> None:
        for _ in range(2):
            page.keyboard.press("h")

    def order() -> None:
        page.evaluate(
            "() => { Object.assign(cxr.listing.options, {order: 'above', text: 'eff'}); cxr.changed(); }"
        )

    return {
        "zoom": zoom,
        "invert": lambda: page.keyboard.press("i"),
        "window preset": lambda: page.keyboard.press("2"),
        "threshold": threshold,
        "palette": palette,
        "heat off and on": heat,
        "order and filter": order,
    }


def _described(machine: Figures, when: datetime, films: int, megabytes: float) -> str:
    return (
        f"Measured {when:%Y-%m-%d} on {machine['cores']} cores of {machine['processor']}, "
        f"{machine['memory_gib']} GiB; load {machine['load_before']} before and {machine['load_after']} "
        f"after, niceness {machine['niceness']}. {films} noisy phantoms of {WIDTH} x {HEIGHT}, 12 bits in "
        f"16, {megabytes:.1f} MB each; two workers; browser, server and films on one machine."
    )


def _markdown(figures: Figures, films: int) -> str:
    many, single = figures["many"], figures["single"]
    rows = [
        (
            f"{films} films dropped at once, until all are judged",
            f"{many['done']:.1f} s ({many['films_per_second']:.1f} films/s)",
        ),
        ("The first of them on the screen after", f"{many['first']:.2f} s"),
        ("Rows that failed", f"{many['failed']:.0f}"),
        ("Longest time the page did not answer (main-thread task)", f"{many['longest']:.0f} ms"),
        ("Main thread held beyond 50 ms, in all", f"{many['blocked']:.0f} ms"),
        ("Largest JavaScript heap", f"{many['heap']:.0f} MiB"),
        ("Largest memory of the browser, all processes (PSS)", f"{many['browser_mib']:.0f} MiB"),
        ("Largest memory of the server's two workers together (PSS)", f"{many['server_mib']:.0f} MiB"),
        ("Requests", f"{many['requests']} ({many['requests'] / films:.1f} a film)"),
        ("One film from drop to the first paint of its result", _seconds(single["drop_to_result"])),
    ]
    lines = ["| what | cxr-dash |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows)]
    if "reference" in single:
        ratio = median(single["reference"]) / median(single["ours"])
        rate = median(single["ours_rate"]) / median(single["reference_rate"])
        lines += [
            "",
            "| the server alone, the same films, in turns | cxr-dash | reference | ratio |",
            "|---|---|---|---|",
            f"| One film sent until probabilities and one heatmap are back | {_seconds(single['ours'])} | "
            f"{_seconds(single['reference'])} | {ratio:.1f} x |",
            f"| Films/s, two workers, four clients | {median(single['ours_rate']):.2f} | "
            f"{median(single['reference_rate']):.2f} | {rate:.1f} x |",
        ]
    said = ", ".join(f"{name} {count}" for name, count in figures["interactions"].items())
    return "\n".join([*lines, "", f"Requests made by: {said}."])


def _seconds(samples: list[float]) -> str:
    return f"{median(samples):.2f} s ({min(samples):.2f}-{max(samples):.2f})"


if __name__ == "__main__":
    main()
