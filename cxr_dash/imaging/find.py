"""What of a picture is the film, which levels are its own, and whether black and white are swapped."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_dash.domain import Box, GreyArray, PreparationSpec, Radiograph
from cxr_dash.imaging.borders import find_borders
from cxr_dash.imaging.film_area import find_film, is_lossy
from cxr_dash.imaging.levels import film_window
from cxr_dash.imaging.polarity import coarse_copy, looks_inverted
from cxr_dash.imaging.window import contiguous, percentile_window


@dataclass(frozen=True, slots=True)
class FoundLevels:
    """What was found of one film.

    Attributes
    ----------
    crop : Box
        The film, and inside it what the spec keeps.
    low, high : float
        Stored levels that become 0 and 255.
    inverted : bool
        Whether black and white are swapped.
    own : tuple of (int, int) or None
        First and last level of the film itself where letters or padding have levels apart from them.
    """

    crop: Box
    low: float
    high: float
    inverted: bool
    own: tuple[int, int] | None = None


def find_levels(radiograph: Radiograph, spec: PreparationSpec) -> FoundLevels:
    """Find film, window and polarity, in the way of the spec's version.

    Parameters
    ----------
    radiograph : Radiograph
    spec : PreparationSpec
    """
    return _of_the_film(radiograph, spec) if spec.version >= 2 else _of_the_picture(radiograph, spec)


def _of_the_picture(radiograph: Radiograph, spec: PreparationSpec) -> FoundLevels:
    """Version 1: levels of the whole picture, then its black margins."""
    pixels = radiograph.pixels
    low, high = percentile_window(pixels, spec.window_low_percentile, spec.window_high_percentile)
    inverted = spec.polarity == "auto" and looks_inverted(pixels, low, high)
    crop = Box(0, 0, radiograph.width, radiograph.height)
    if spec.crop_borders:
        crop = find_borders(pixels, low, high, inverted=inverted)
    return FoundLevels(crop, low, high, inverted)


def _of_the_film(radiograph: Radiograph, spec: PreparationSpec) -> FoundLevels:
    """Version 2: margins of any level, then levels and polarity of what is left, then its black margins."""
    pixels = radiograph.pixels
    percentiles = (spec.window_low_percentile, spec.window_high_percentile)
    rough = film_window(coarse_copy(pixels), *percentiles)
    film = find_film(pixels, rough.high - rough.low, lossy=is_lossy(radiograph.file_format))
    inside = cut_film(pixels, film)
    rough = film_window(coarse_copy(inside), *percentiles)
    inverted = spec.polarity == "auto" and looks_inverted(inside, rough.low, rough.high)
    dark = find_borders(inside, rough.low, rough.high, inverted=inverted)
    window = film_window(cut_film(inside, dark), *percentiles)
    crop = Box(film.x + dark.x, film.y + dark.y, dark.width, dark.height) if spec.crop_borders else film
    return FoundLevels(crop, window.low, window.high, inverted, window.own)


def cut_film(pixels: GreyArray, box: Box) -> GreyArray:
    """Give the part of a picture inside a box, C-contiguous."""
    return contiguous(pixels[box.y : box.y + box.height, box.x : box.x + box.width])
