"""Every colour of the product, once: page, graphs, captions of pictures, report on paper.

``assets/css/00-palette.css`` has them as variables (``INK_SOFT`` is ``--ink-soft``). It is written anew by
``python -m cxr_dash.palette``; tests find it out of date, and any colour that stands elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

# Grounds and lines of the page, dark and quiet
BLACK: Final = "#000000"
WHITE: Final = "#ffffff"
GROUND: Final = "#0b0f12"
RAISED: Final = "#11171b"
RAISED_MORE: Final = "#182026"
GRID: Final = "#1f282e"
LINE: Final = "#232c33"
LINE_STRONG: Final = "#36424b"
QUIET: Final = "#46545f"
BAR: Final = "#65747f"
FAINT: Final = "#74828d"

# Text: 5.9:1 or more on all three grounds
INK: Final = "#e4eaee"
INK_SOFT: Final = "#b3bfc7"
DIM: Final = "#909ea8"

# What can be touched
ACCENT: Final = "#5cc2bb"
ACCENT_BRIGHT: Final = "#8fe0da"
ACCENT_LINE: Final = "#2d6d69"
ACCENT_FILL: Final = "#2c5f5d"
ACCENT_GROUND: Final = "#17393a"
ON_ACCENT: Final = "#d8f3f0"

# One red for what is strong or wrong, amber for what is borderline or asks for care
ALERT: Final = "#ff7064"
AMBER: Final = "#e5b05c"
AMBER_LINE: Final = "#57451f"
AMBER_GROUND: Final = "#1d190f"
ON_AMBER: Final = "#17110a"
RED: Final = ALERT
ERROR: Final = "#ff9c8f"
BAD_LINE: Final = "#7c2b2b"
BAD_GROUND: Final = "#2a1414"
ON_BAD: Final = "#ffd9d4"
ON_RED: Final = "#1a0505"

# A thousand patients, and the four counts
FOUND: Final = ALERT
MISSED: Final = WHITE
ALARMS: Final = "#94703f"
ALARMS_TEXT: Final = "#cfa05f"
CLEARED: Final = LINE_STRONG
WRONG_LINE: Final = "#6a4536"

# What lets through what lies under it: the last two digits are the opacity
SHADOW: Final = f"{BLACK}aa"
SHADOW_DEEP: Final = f"{BLACK}cc"
BACKDROP: Final = f"{BLACK}bb"
GROUND_HALO: Final = f"{GROUND}b3"
GROUND_VEIL: Final = f"{GROUND}d9"
RAISED_THIN: Final = f"{RAISED}e6"
RAISED_OVER_FILM: Final = f"{RAISED}f2"
PRESSED_OVER_FILM: Final = "#142b2ce6"

# The report is printed: black on white
PAPER_INK: Final = BLACK
PAPER_SOFT: Final = "#4d4d4d"
PAPER_LINE: Final = "#b3b3b3"
PAPER_SHADE: Final = "#e8e8e8"

STYLE_SHEET = Path("assets") / "css" / "00-palette.css"


def colours() -> dict[str, str]:
    """All of them by their names, as ``#rrggbb`` or ``#rrggbbaa``."""
    return {
        name: value
        for name, value in globals().items()
        if name.isupper() and isinstance(value, str) and value.startswith("#")
    }


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of a colour, 0-255; its opacity is left out."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def style_sheet() -> str:
    """The colours as variables of CSS."""
    lines = [f"  --{name.lower().replace('_', '-')}: {value};" for name, value in colours().items()]
    head = "/* Written by `python -m cxr_dash.palette` from cxr_dash/palette.py: change colours there. */"
    return "\n".join([head, ":root {", *lines, "}", ""])


if __name__ == "__main__":
    (Path(__file__).resolve().parent.parent / STYLE_SHEET).write_text(style_sheet(), encoding="utf-8")
