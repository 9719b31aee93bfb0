"""Cut Inter to what the product writes: ``python -m cxr_dash.typeface.subset Inter-roman.var.ttf``.

Needs ``fonttools`` and ``brotli``, which nothing else here does: ``pip install fonttools brotli`` first. The
source is the upright variable font of Inter 3.19 (Debian's ``fonts-inter-variable``, or
https://github.com/rsms/inter). Run again only to add letters: the files it writes are kept with the code.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from cxr_dash.typeface import BOLD, REGULAR

_PAGE: Final = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "inter.woff2"
# Latin with its supplements, punctuation, raised and lowered figures, currency, arrows, mathematics, shapes
_LETTERS: Final = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x2BC, 0x2DD),
    (0x2010, 0x2044),
    (0x2070, 0x2094),
    (0x20AC, 0x20AC),
    (0x2116, 0x2122),
    (0x2190, 0x21E7),
    (0x2200, 0x2265),
    (0x25A0, 0x25E6),
    (0x2713, 0x2717),
)
_FEATURES: Final = ("calt", "case", "ccmp", "kern", "locl", "mark", "mkmk", "sups", "subs", "tnum")
_WEIGHTS: Final = (400, 700)


def write(source: Path) -> None:
    """Write the three files from the variable font."""
    _whole(source, _WEIGHTS).save(_PAGE)
    for path, weight in zip((REGULAR, BOLD), _WEIGHTS, strict=True):
        font = _whole(source, weight)
        _tabular(font)
        font.flavor = None
        # a PDF keeps its faces apart by this name
        name = f"Inter-{path.stem.rpartition('-')[2].title()}"
        font["name"].setName(name, 6, 3, 1, 0x409)
        font.save(path)


def _whole(source: Path, weights: tuple[int, int] | int) -> Any:
    """The letters wanted, in a range of weights or in one."""
    from fontTools.subset import Options, Subsetter  # noqa: PLC0415 (only here, and not installed with the rest)
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib.instancer import instantiateVariableFont  # noqa: PLC0415

    font = TTFont(source)
    options = Options()
    options.layout_features = list(_FEATURES)
    options.name_IDs = ["*"]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[one for first, last in _LETTERS for one in range(first, last + 1)])
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"wght": weights})
    font.flavor = "woff2"
    return font


def _tabular(font: Any) -> None:
    """Have each figure drawn as its tabular form wherever text is drawn letter by letter."""
    feature = next(one for one in font["GSUB"].table.FeatureList.FeatureRecord if one.FeatureTag == "tnum")
    forms: dict[str, str] = {}
    for index in feature.Feature.LookupListIndex:
        for table in font["GSUB"].table.LookupList.Lookup[index].SubTable:
            forms |= getattr(table, "ExtSubTable", table).mapping
    for table in font["cmap"].tables:
        table.cmap = {code: forms.get(name, name) for code, name in table.cmap.items()}
    del font["GSUB"]
    # a weight between two masters is rounded glyph by glyph
    figures = [font.getBestCmap()[code] for code in range(ord("0"), ord("9") + 1)]
    widest = max(font["hmtx"][name][0] for name in figures)
    for name in figures:
        font["hmtx"][name] = (widest, font["hmtx"][name][1])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
