"""The parts of the page with no page around them, for what they reckon and say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from page_scripts import SCRIPTS, scripts
from playwright.sync_api import Browser, Page, Route

from benchmarks.in_page import ASSEMBLE

_ADDRESS = "http://parts.invalid/"  # nobody's: what is asked for there is answered here


@contextmanager
def parts_alone(chromium: Browser) -> Iterator[Page]:
    """An empty page with the parts in it, and nothing for them to paint into."""

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(_ADDRESS)
        if name:
            route.fulfill(path=SCRIPTS / name, content_type="text/javascript")
        else:
            route.fulfill(body="", content_type="text/html")

    page = chromium.new_page()
    page.route(f"{_ADDRESS}**", answer)
    page.goto(_ADDRESS)
    names = [one.path.relative_to(SCRIPTS).as_posix() for one in scripts()]
    page.evaluate(f"names => {{ {ASSEMBLE}; return assemble(names); }}", [_ADDRESS + name for name in names])
    yield page
    page.close()
