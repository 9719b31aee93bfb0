"""The one typeface of page, pictures and paper: Inter, by the Inter project's authors, under the OFL.

The page has ``assets/fonts/inter.woff2``, whose weights run from 400 to 700; pictures and the report have two
weights of the same outlines as TrueType. In these two the figures are tabular ones, because what draws there
knows no features of type. :mod:`cxr_dash.typeface.subset` cuts all three to Latin letters.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FAMILY: Final = "Inter"
# As CSS and Plotly take it: the machine's own letters while the file is on its way.
STACK: Final = f"{FAMILY}, system-ui, sans-serif"
REGULAR: Final = Path(__file__).with_name("inter-regular.ttf")
BOLD: Final = Path(__file__).with_name("inter-bold.ttf")
LICENCE: Final = Path(__file__).with_name("OFL.txt")

__all__ = ["BOLD", "FAMILY", "LICENCE", "REGULAR", "STACK"]
