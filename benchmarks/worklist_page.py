"""The page under a stopwatch: marks in a real Chromium, memory of the whole browser beside it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.in_page import show_parts
from benchmarks.protocol import MIB

# For all films of a list, and for anything else that a page is asked.
_ALL_FILMS_MS, _PATIENCE_MS = 900_000, 120_000
_SAMPLE_SECONDS = 0.5

# Marks what the page itself knows: when files came, when rows were judged, how long the main thread was held.
_MARKS = """
window.marks = {dropped: 0, first: 0, done: 0, longest: 0, blocked: 0, heap: 0};
new PerformanceObserver(list => {
    for (const task of list.getEntries()) {
        marks.longest = Math.max(marks.longest, task.duration);
        marks.blocked += Math.max(0, task.duration - 50);
    }
}).observe({type: 'longtask', buffered: true});
document.addEventListener('change', event => {
    if (event.target.id !== 'film-input') return;
    Object.assign(marks, {dropped: performance.now(), first: 0, done: 0, longest: 0, blocked: 0});
}, true);
"""

# After the app's own painters have run: the frame that follows is the one a reader sees.
_WATCH = """() => cxr.painters.push(() => {
    marks.heap = Math.max(marks.heap, performance.memory.usedJSHeapSize);
    const now = name => { marks[name] = marks[name] || performance.now(); };
    const seen = name => requestAnimationFrame(() => setTimeout(() => now(name)));
    if (!marks.first && cxr.answerOf(cxr.rowInView())) seen('first');
    const judged = item => item.status === 'failed' || cxr.heard(item);
    if (!marks.done && cxr.state.films.length && cxr.state.films.every(judged)) seen('done');
})"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed Chromium, headless."""
    path = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if path is None:
        raise SystemExit("chromium not found: install it (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        show_parts(browser)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, port: int) -> Iterator[Page]:
    """The page, watched, with nothing in it yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.add_init_script(_MARKS)
    page.goto(f"http://127.0.0.1:{port}")
    page.wait_for_selector("#film-input", state="attached")
    page.wait_for_function("() => cxr.state.facts")
    page.evaluate(_WATCH)
    yield page
    context.close()


def dropped(page: Page, films: Sequence[Path]) -> dict[str, float]:
    """Add films and wait until each is judged.

    Returns
    -------
    dict
        ``first`` and ``done`` in seconds since the files came; ``longest`` and ``blocked`` (what main-thread
        tasks took beyond 50 ms, in all) in ms; ``heap``, the largest JavaScript heap seen at a paint, in MiB;
        ``failed`` rows.
    """
    page.set_input_files("#film-input", [str(film) for film in films])
    page.wait_for_function("() => marks.done", timeout=_ALL_FILMS_MS)
    marks: dict[str, float] = page.evaluate("() => marks")
    return {
        "first": (marks["first"] - marks["dropped"]) / 1000,
        "done": (marks["done"] - marks["dropped"]) / 1000,
        "longest": marks["longest"],
        "blocked": marks["blocked"],
        "heap": marks["heap"] / MIB,
        "failed": page.evaluate("() => cxr.state.films.filter(item => item.status === 'failed').length"),
    }


def requests_of(page: Page, act: Callable[[], Any]) -> int:
    """How many requests an action makes, until the network has been quiet for half a second."""
    seen: list[str] = []
    note = lambda request: seen.append(request.url)  # noqa: E731
    page.on("request", note)
    act()
    page.wait_for_timeout(500)
    page.remove_listener("request", note)
    return len(seen)


class PeakMemory:
    """Largest memory of groups of processes while it runs, MiB, sampled twice a second."""

    def __init__(self, groups: dict[str, Callable[[], list[psutil.Process]]]) -> None:
        self._groups = groups
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peaks = dict.fromkeys(groups, 0.0)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            for name, processes in self._groups.items():
                self.peaks[name] = max(self.peaks[name], sum(map(_pss_mib, processes())))


def browser_processes() -> list[psutil.Process]:
    """Every Chromium process that this one started."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "chrom" in _name(child)]


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def _pss_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / MIB
    except psutil.Error:
        return 0.0  # gone between the list and the look
