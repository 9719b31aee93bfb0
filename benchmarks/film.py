"""The film every subject reads: synthetic, so that anybody can repeat the run."""

from __future__ import annotations

from pathlib import Path

from cxr_dash import imaging

HEIGHT, WIDTH = 1024, 1024


def write_film(path: Path) -> None:
    """Write the product's chest phantom as an 8-bit grey PNG."""
    path.write_bytes(imaging.encode_png(imaging.chest_phantom(HEIGHT, WIDTH), {}))
