"""Fifty films of five megabytes in a real browser, before a real server.

Also one film from drop to result, in turns with the reference's server route, and what interactions ask for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import psutil
from playwright.sync_api import Browser, Page

from benchmarks.film import LARGE_HEIGHT, LARGE_WIDTH, noisy_films
from benchmarks.servers import Running, ask_ours, ask_reference, films_per_second, started
from benchmarks.table import Asked, Table, spread
from benchmarks.worklist_page import PeakMemory, browser_processes, chromium, dropped, opened, requests_of
from cxr_dash import imaging

_FILMS, _ROUNDS = 50, 7
Figures = dict[str, Any]


def measure(asked: Asked) -> Table:
    """The tables of the worklist."""
    count, rounds = (3, 2) if asked.brief else (_FILMS, _ROUNDS)
    folder = asked.folder
    with chromium() as browser:
        films = write_films(folder, count + rounds)
        megabytes = median(film.stat().st_size for film in films) / 1e6
        single, many = films[:rounds], films[rounds:]
        with started("app:server", asked.bundle, folder) as ours:
            ours.wait_until_accepting()
            warm(ours, asked.bundle.name)
            figures = {
                "many": dropped_at_once(browser, ours, many),
                "interactions": interactions(browser, ours.port, many[0]),
            }
            with started("benchmarks.reference_app:server", asked.bundle, folder) as reference:
                reference.wait_until_accepting()
                figures["single"] = _single(browser, ours, reference, single, asked.bundle)
    measured = (
        f"with `{asked.bundle.name}` and {count} noisy phantoms of {LARGE_WIDTH} x {LARGE_HEIGHT}, "
        f"12 bits in 16, {megabytes:.1f} MB each; two workers; browser, server and films"
    )
    return Table(measured, _markdown(figures, count), {"film_megabytes": megabytes, **figures})


def write_films(folder: Path, count: int) -> list[Path]:
    """Different 12-bit phantoms of about five megabytes, as 16-bit PNG."""
    paths = []
    for number, film in enumerate(noisy_films(count)):
        paths.append(folder / f"film-{number:02d}.png")
        cv2.imwrite(str(paths[-1]), film, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return paths


def warm(server: Running, model: str) -> None:
    """Both workers have read a film: what is measured is a server that has been up for a while."""
    small = imaging.encode_png(imaging.chest_phantom(512, 512), {})
    for _ in range(8):
        server.request("POST", f"/films?model={model}", small)


def _workers(server: Running) -> Callable[[], list[psutil.Process]]:
    return lambda: psutil.Process(server.process.pid).children()


def dropped_at_once(
    browser: Browser,
    server: Running,
    films: Sequence[Path],
    afterwards: Callable[[Page], Figures] = lambda _page: {},
) -> Figures:
    """What a page and its server do when films are dropped; ``afterwards`` goes on in the same page."""
    asked: list[str] = []
    note = lambda request: asked.append(request.method)  # noqa: E731
    with opened(browser, server.port) as page:
        page.on("request", note)
        with PeakMemory({"browser": browser_processes, "server": _workers(server)}) as memory:
            found = dropped(page, films)
        rows = page.locator(".row").count()
        page.remove_listener("request", note)
        more = afterwards(page)
    return {
        **found,
        "rows": rows,
        "requests": len(asked),
        "browser_mib": memory.peaks["browser"],
        "server_mib": memory.peaks["server"],
        "films_per_second": len(films) / found["done"],
        **more,
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


def interactions(browser: Browser, port: int, film: Path) -> dict[str, int]:
    """Requests of what only changes the picture or a threshold."""
    with opened(browser, port) as page:
        dropped(page, [film])
        page.wait_for_load_state("networkidle")
        page.keyboard.press("h")
        page.keyboard.press("t")  # the threshold's drawer
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
            "name => { cxr.look.set({colourMap: name}); cxr.changed(); })"
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


def _markdown(figures: Figures, films: int) -> str:
    many, single = figures["many"], figures["single"]
    rows = [
        (f"{films} films dropped at once, until all are judged", told("done", many, films)),
        *((what, told(key, many, films)) for key, what in ROWS.items()),
        ("One film from drop to the first paint of its result", spread(single["drop_to_result"], "s", 2)),
    ]
    ratio = median(single["reference"]) / median(single["ours"])
    rate = median(single["ours_rate"]) / median(single["reference_rate"])
    lines = ["| what | cxr-dash |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows)]
    lines += [
        "",
        "| the server alone, the same films, in turns | cxr-dash | reference | ratio |",
        "|---|---|---|---|",
        f"| One film sent until probabilities and one heatmap are back | {spread(single['ours'], 's', 2)} | "
        f"{spread(single['reference'], 's', 2)} | {ratio:.1f} x |",
        f"| Films/s, two workers, four clients | {median(single['ours_rate']):.2f} | "
        f"{median(single['reference_rate']):.2f} | {rate:.1f} x |",
    ]
    said = ", ".join(f"{name} {count}" for name, count in figures["interactions"].items())
    return "\n".join([*lines, "", f"Requests made by: {said}."])


# What is said of films that were dropped at once.
ROWS = {
    "first": "The first of them on the screen after",
    "failed": "Rows that failed",
    "longest": "Longest time the page did not answer (main-thread task)",
    "blocked": "Main thread held beyond 50 ms, in all",
    "heap": "Largest JavaScript heap",
    "browser_mib": "Largest memory of the browser, all processes (PSS)",
    "server_mib": "Largest memory of the server's two workers together (PSS)",
    "requests": "Requests",
}


def told(key: str, many: Figures, films: int) -> str:
    """One figure of films that were dropped at once, with its unit."""
    value = many[key]
    if key == "done":
        return f"{value:.1f} s ({many['films_per_second']:.1f} films/s)"
    if key == "requests":
        return f"{value} ({value / films:.1f} a film)"
    units = {"first": "{:.2f} s", "failed": "{:.0f}", "longest": "{:.0f} ms", "blocked": "{:.0f} ms"}
    return units.get(key, "{:.0f} MiB").format(value)
