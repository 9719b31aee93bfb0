"""How evenly a large film moves on the screen, in a real Chromium.

``python -m benchmarks frames`` makes the table; ``python -m benchmarks.viewer_frames`` is for a running
server, another browser or a GPU.

A reader's mouse is played by Playwright over the film; the page notes the time of every animation frame. One
that the browser cannot draw in time delays the next, so the intervals say what is seen.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.film import LARGE_HEIGHT, LARGE_WIDTH
from benchmarks.in_page import show_parts
from benchmarks.servers import started
from benchmarks.table import ROOT, Asked, Table
from cxr_dash import imaging

VIEWPORT = (1280, 720)
_STEPS = 120
_RECORD = """() => {
    const times = window.frameTimes = [];
    const note = now => { times.push(now); if (window.frameTimes === times) requestAnimationFrame(note); };
    requestAnimationFrame(note);
}"""
_STOP = "() => { const times = window.frameTimes; window.frameTimes = null; return times; }"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewer_frames", description=__doc__)
    parser.add_argument("--origin", help="a running server; without it one is started")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser to drive")
    parser.add_argument("--gpu", action="store_true", help="let the browser use the machine's GPU")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.origin:
            films = _films(folder)
            found = intervals(asked.origin, films, asked.chromium, gpu=asked.gpu, rounds=asked.rounds)
        else:
            found = _with_a_server(
                folder, ROOT / "models" / "findings", asked.chromium, asked.gpu, asked.rounds
            )
    print(json.dumps(found, indent=2))


def measure(asked: Asked) -> Table:
    """The table of frame intervals, without a GPU.

    Raises
    ------
    RuntimeError
        Without an installed Chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("chromium not found: install it (Debian: apt-get install chromium)")
    found = _with_a_server(asked.folder, asked.bundle, chromium, False, 1 if asked.brief else 3)
    lines = ["| bits of the film | movement | median | 95th percentile | frames |", "|---|---|---|---|---|"]
    for bits, movements in found["frame_ms"].items():
        for name, figures in movements.items():
            told = f"{figures['median']} ms | {figures['p95']} ms | {figures['frames']}"
            lines.append(f"| {bits} | {name} | {told} |")
    measured = (
        f"with a drawn film of {found['film']} in Chromium {found['chromium']} at {found['viewport']}, "
        "**without a GPU**,"
    )
    return Table(measured, "\n".join(lines), found)


def _films(folder: Path) -> dict[str, Path]:
    """The same drawing with 8 bits, and with 12 of 16 and noise in the last four as a detector has it."""
    drawn = imaging.chest_phantom(LARGE_HEIGHT, LARGE_WIDTH)
    noise = np.random.default_rng(0).integers(0, 16, drawn.shape, np.uint16)
    films = {"8": folder / "film.png", "16": folder / "film-16.png"}
    films["8"].write_bytes(imaging.encode_png(drawn, {}))
    films["16"].write_bytes(cv2.imencode(".png", drawn.astype(np.uint16) * 16 + noise)[1].tobytes())
    return films


def _with_a_server(folder: Path, bundle: Path, chromium: str, gpu: bool, rounds: int) -> dict[str, Any]:
    films = _films(folder)
    with started("app:server", bundle, folder) as server:
        server.wait_until_accepting()
        return intervals(f"http://127.0.0.1:{server.port}", films, chromium, gpu=gpu, rounds=rounds)


def intervals(
    origin: str, films: Mapping[str, Path], chromium: str, *, gpu: bool, rounds: int
) -> dict[str, Any]:
    """Frame intervals of every movement over every film, milliseconds, and what they were measured on."""
    before = os.getloadavg()[0]
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", *([] if gpu else ["--disable-gpu"])]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        show_parts(browser)
        seen: dict[str, dict[str, list[float]]] = {bits: {name: [] for name in _MOVEMENTS} for bits in films}
        pages = {}
        for bits, film in films.items():
            pages[bits] = browser.new_page(viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]})
            _open(pages[bits], origin, film)
        # in turns, so that a busy minute of the machine falls on both
        for _ in range(rounds):
            for bits, page in pages.items():
                page.bring_to_front()
                for name, movement in _MOVEMENTS.items():
                    seen[bits][name] += _timed(page, movement)
        version = browser.version
        browser.close()
    return {
        "film": f"{LARGE_HEIGHT} x {LARGE_WIDTH}",
        "viewport": f"{VIEWPORT[0]} x {VIEWPORT[1]}",
        "chromium": version,
        "renderer": "GPU allowed" if gpu else "software, no GPU",
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "load_before": round(before, 2),
        "load_after": round(os.getloadavg()[0], 2),
        "frame_ms": {
            bits: {name: summary(values) for name, values in of.items()} for bits, of in seen.items()
        },
    }


def _open(page: Page, origin: str, film: Path) -> None:
    page.goto(origin)
    page.wait_for_selector("#film-input", state="attached")
    page.wait_for_function("() => cxr.state.facts")
    page.set_input_files("#film-input", str(film))
    page.wait_for_function(
        "() => cxr.rowInView() && cxr.viewer.inView(cxr.rowInView()) && cxr.heard(cxr.rowInView())"
    )
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => !cxr.rowInView().levels || cxr.ownLevels.of(cxr.rowInView().film)")


def _timed(page: Page, movement: Callable[[Page, float, float], None]) -> list[float]:
    """Intervals between frames while the mouse moves, ms."""
    box = page.locator("#stage").bounding_box()
    if box is None:
        raise RuntimeError("the film is not on the screen")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.keyboard.press("0")
    page.keyboard.press("1")
    page.mouse.move(x, y)
    return frames_of(page, lambda: movement(page, x, y))


def frames_of(page: Page, act: Callable[[], None]) -> list[float]:
    """Intervals between frames of the page while something is done, ms."""
    page.evaluate(_RECORD)
    act()
    times = page.evaluate(_STOP)
    return [later - earlier for earlier, later in pairwise(times)]


def _rest(page: Page, x: float, y: float) -> None:
    """The mouse moves and nothing is asked of the film: what the page and the machine cost by themselves."""
    for step in range(_STEPS):
        page.mouse.move(x + step % 40, y)


def _zoom(page: Page, _x: float, _y: float) -> None:
    for step in range(_STEPS):
        page.mouse.wheel(0, -60 if step % 60 < 30 else 60)


def _dragged(button: str) -> Callable[[Page, float, float], None]:
    def movement(page: Page, x: float, y: float) -> None:
        for _ in range(6):
            page.keyboard.press("+")
        page.mouse.down(button=button)  # type: ignore[arg-type]
        for step in range(_STEPS):
            away = min(step % 80, 80 - step % 80)
            page.mouse.move(x + 2 * away, y + away)
        page.mouse.up(button=button)  # type: ignore[arg-type]

    return movement


_MOVEMENTS: dict[str, Callable[[Page, float, float], None]] = {
    "at rest": _rest,
    "zoom by the wheel": _zoom,
    "drag": _dragged("left"),
    "window and level by dragging": _dragged("right"),
}


def summary(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile of two intervals or more, and how many there are."""
    cuts = statistics.quantiles(values, n=20)
    return {
        "median": round(statistics.median(values), 1),
        "p95": round(cuts[-1], 1),
        "frames": len(values),
    }


if __name__ == "__main__":
    main()
