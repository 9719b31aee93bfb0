"""A long list beside a usual one: films dropped at once, then scrolled and stepped through."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.film import LARGE_HEIGHT, LARGE_WIDTH
from benchmarks.servers import Running, started
from benchmarks.table import Asked, Table, short, spread
from benchmarks.viewer_frames import frames_of, summary
from benchmarks.worklist import ROWS, Figures, dropped_at_once, told, warm, write_films
from benchmarks.worklist_page import chromium

_LENGTHS, _BRIEF = (50, 200), (2, 4)
_WHEEL_STEPS, _WHEEL_PIXELS, _FILM_STEPS = 120, 120, 40
# Films of five megabytes, their display copies and their answers: more than a server keeps by itself.
_CACHE_GIB, _READER_GIB = 8, 4
_ROOM = {
    "CXR_MAX_CACHE_BYTES": str(_CACHE_GIB * 1024**3),
    "CXR_MAX_SESSION_BYTES": str(_READER_GIB * 1024**3),
}

# From the key to the frame in which the next film stands on the screen, ms.
_STEP = """() => new Promise(done => {
    const before = cxr.rowInView(), pressed = performance.now();
    for (const kind of ['keydown', 'keyup']) {
        document.body.dispatchEvent(new KeyboardEvent(kind, { key: 'j', bubbles: true }));
    }
    const look = () => {
        const row = cxr.rowInView();
        if (row !== before && cxr.viewer.inView(row)) done(performance.now() - pressed);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""


def measure(asked: Asked) -> Table:
    """The table of lists: each length in a page of its own, before one server that has room for them."""
    lengths = _BRIEF if asked.brief else _LENGTHS
    films = write_films(asked.folder, sum(lengths))
    megabytes = median(film.stat().st_size for film in films) / 1e6
    found = {}
    with (
        chromium() as browser,
        started("app:server", asked.bundle, asked.folder, settings=_ROOM) as server,
    ):
        server.wait_until_accepting()
        warm(server, asked.bundle.name)
        for length in lengths:
            mine, films = films[:length], films[length:]
            found[length] = listed(browser, server, mine, asked.folder / "cache")
    measured = (
        f"with `{asked.bundle.name}` and noisy phantoms of {LARGE_WIDTH} x {LARGE_HEIGHT}, 12 bits in 16, "
        f"{megabytes:.1f} MB each; two workers with a cache of {_CACHE_GIB} GiB, {_READER_GIB} GiB a reader "
        "(`CXR_MAX_CACHE_BYTES`, `CXR_MAX_SESSION_BYTES`); browser, server and films"
    )
    data = {"film_megabytes": megabytes, "lists": short(found)}
    return Table(measured, markdown(found), data)


def listed(browser: Browser, server: Running, films: Sequence[Path], cache: Path) -> Figures:
    """What a list does while it fills, while it is scrolled and while its films are stepped through.

    Parameters
    ----------
    cache : Path
        The server's folder of films.
    """
    before = _megabytes(cache)

    def used(page: Page) -> Figures:
        kept = (_megabytes(cache) - before) / len(films)
        page.evaluate("() => cxr.fold.toggle(true)")
        page.wait_for_load_state("networkidle")
        scrolled = summary(frames_of(page, lambda: _scroll(page)))
        steps: list[float] = []
        stepped = frames_of(page, lambda: _step(page, min(_FILM_STEPS, len(films) - 1), steps))
        return {"kept_mb": kept, "scrolled": scrolled, "stepped": summary(stepped), "step_ms": steps}

    return dropped_at_once(browser, server, films, used)


def _scroll(page: Page) -> None:
    """Down and up again by the wheel, over the whole list or as far as half of the steps lead."""
    page.hover("#worklist")
    room = page.locator("#worklist").evaluate("list => list.scrollHeight - list.clientHeight")
    turn = max(1, min(_WHEEL_STEPS // 2, room // _WHEEL_PIXELS))
    for step in range(_WHEEL_STEPS):
        page.mouse.wheel(0, -_WHEEL_PIXELS if step // turn % 2 else _WHEEL_PIXELS)


def _step(page: Page, steps: int, took: list[float]) -> None:
    """On to the next film, as soon as the one before is on the screen."""
    took.extend(page.evaluate(_STEP) for _ in range(steps))


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def markdown(found: dict[int, Figures]) -> str:
    """A column a list."""
    lists = list(found.items())
    rows = {"Dropped at once, until all are judged": [told("done", one, films) for films, one in lists]}
    rows |= {what: [told(key, one, films) for films, one in lists] for key, what in ROWS.items()}
    rows["Kept by the server, a film"] = [f"{one['kept_mb']:.1f} MB" for _, one in lists]
    for key, what in (("scrolled", "Scrolling the list"), ("stepped", "Stepping through films")):
        rows[f"{what}: between frames, median and 95th percentile"] = [
            f"{one[key]['median']} ms, {one[key]['p95']} ms" for _, one in lists
        ]
    rows["From the key to the next film on the screen"] = [
        spread(one["step_ms"], "ms", 0) for _, one in lists
    ]
    head = " | ".join(f"{films} films" for films in found)
    return "\n".join(
        [
            f"| what | {head} |",
            f"|---|{'---|' * len(found)}",
            *(f"| {what} | {' | '.join(cells)} |" for what, cells in rows.items()),
        ]
    )
