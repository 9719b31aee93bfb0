"""One look at every film: can it be read, does it show anything, how much of it is black border."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import FilmError
from cxr_dash.imaging import decode
from cxr_dash.imaging.borders import find_borders
from cxr_dash.imaging.window import level_counts, percentile_window
from training.films.checks.twins import fingerprint
from training.films.manifest import Film

# Fewest distinct grey levels in a real 8-bit film: 109 (see cxr_dash.imaging.quality).
BLANK_LEVELS = 32
BORDER_SHARE = 0.10
MIN_SIZE_FILMS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one film's file shows.

    Attributes
    ----------
    fault : str
        Why it cannot be read; empty when it can.
    sha256 : str
        Of the file's bytes; empty when it cannot be read.
    levels : int
        Distinct grey levels.
    border : float
        Share of the area, 0-1, that is black margin.
    fingerprint : ndarray of uint64, shape (8,)
    written : str
        How the file is written: format, bits, grey or colour.
    size : str
        Width and height, pixels.
    """

    fault: str = ""
    sha256: str = ""
    levels: int = 0
    border: float = 0.0
    fingerprint: NDArray[np.uint64] | None = None
    written: str = ""
    size: str = ""

    @property
    def blank(self) -> bool:
        """Whether the film can be read and shows next to nothing."""
        return not self.fault and self.levels < BLANK_LEVELS

    @property
    def bordered(self) -> bool:
        """Whether more than a tenth of the film is black margin."""
        return self.border > BORDER_SHARE


def look_at(films: Sequence[Film]) -> list[Look]:
    """Look at every film, with the decoder that training and serving use, on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_look, films))


def _look(film: Film) -> Look:
    try:
        radiograph = decode(film.path.read_bytes())
    except FilmError as error:
        return Look(fault=error.message)
    pixels = radiograph.pixels
    levels = int(np.count_nonzero(level_counts(pixels)))
    border = 0.0
    if levels >= BLANK_LEVELS:
        box = find_borders(pixels, *percentile_window(pixels, 0.5, 99.5))
        border = 1.0 - box.width * box.height / pixels.size
    colour = "colour" if radiograph.colour_fraction else "grey"
    return Look(
        sha256=radiograph.sha256,
        levels=levels,
        border=border,
        fingerprint=fingerprint(pixels),
        written=f"{radiograph.file_format} {radiograph.bits} bit {colour}",
        size=f"{pixels.shape[1]} x {pixels.shape[0]}",
    )


def file_kinds(looks: Sequence[Look]) -> list[str]:
    """How each film's file is written, with its size where that is one of many: a hospital's own hand.

    Returns
    -------
    list of str
        ``"png 8 bit grey, 1024 x 1024"``, or ``"..., other sizes"`` where fewer than one in twenty films, or
        fewer than five, have the size.
    """
    sizes = Counter(look.size for look in looks)
    common = {size for size, count in sizes.items() if count >= max(MIN_SIZE_FILMS, len(looks) / 20)}
    return [f"{look.written}, {look.size if look.size in common else 'other sizes'}" for look in looks]
