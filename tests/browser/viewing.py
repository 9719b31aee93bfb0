"""What a reader does with the film itself, and what is then seen: pixels, not what the scripts believe."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page
from steps import frames

# Of the film by the matrix that the browser itself applies: screen pixels to film pixels.
_POINTED = """([pane, x, y]) => {
    const frame = document.querySelector(`.pane.${pane} .frame`);
    const box = frame.parentElement.getBoundingClientRect();
    const point = new DOMPoint(x - box.left, y - box.top);
    const film = point.matrixTransform(new DOMMatrix(getComputedStyle(frame).transform).inverse());
    return [film.x, film.y];
}"""


def pointed(page: Page, x: float, y: float, pane: str = "first") -> NDArray[np.float64]:
    """The film's pixel under a point of the page."""
    frames(page)
    return np.array(page.evaluate(_POINTED, [pane, x, y]))


def as_printed(factor: float) -> Any:
    """A scale to compare with: the page writes its matrix with six decimals."""
    return pytest.approx(factor, rel=1e-5)


def scale(page: Page, pane: str = "first") -> float:
    """Screen pixels per film pixel."""
    one, other = pointed(page, 300, 300, pane), pointed(page, 400, 300, pane)
    return float(100 / np.hypot(*(other - one)))


def still(page: Page) -> None:
    """Wait until nothing moves any more: films are then drawn at their exact size."""
    frames(page)
    page.wait_for_function("() => !document.querySelector('.stage.moving')")
    frames(page)


def seen(page: Page, selector: str = ".pane.first .film") -> NDArray[np.int64]:
    """A node as it is on the screen, without what stands over it: RGB, shape (H, W, 3)."""
    still(page)
    box = page.locator(selector).bounding_box()
    assert box is not None
    left, top = ceil(box["x"]), ceil(box["y"])
    right, low = floor(box["x"] + box["width"]), floor(box["y"] + box["height"])
    style = page.add_style_tag(
        content=".toolbar, .popover, .film-foot, .film-note,"
        " .pane.otherwise .pane-view::before { visibility: hidden !important; }"
    )
    clip = {"x": left, "y": top, "width": right - left, "height": low - top}
    shot = cv2.imdecode(np.frombuffer(page.screenshot(clip=clip), np.uint8), cv2.IMREAD_COLOR)  # type: ignore[arg-type]
    style.evaluate("node => node.remove()")
    return np.asarray(shot[..., ::-1], np.int64)


def middle(page: Page, pane: str = "first") -> tuple[float, float]:
    """The middle of a pane."""
    box = page.locator(f".pane.{pane} > .pane-view").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, dx: float, dy: float, *, button: str = "left", pane: str = "first") -> None:
    """Drag from a pane's middle."""
    x, y = middle(page, pane)
    page.mouse.move(x, y)
    page.mouse.down(button=button)  # type: ignore[arg-type]
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up(button=button)  # type: ignore[arg-type]
    frames(page)


def wheel(page: Page, x: float, y: float, delta: float) -> None:
    """Turn the wheel over a point."""
    page.mouse.move(x, y)
    page.mouse.wheel(0, delta)
    frames(page)
