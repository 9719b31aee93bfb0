"""What of a picture is the film, which levels are its own, and whether black and white are swapped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cxr_dash.domain import Box, GreyArray, PreparationSpec, Radiograph
from cxr_dash.imaging.borders import find_borders
from cxr_dash.imaging.boxes import cut
from cxr_dash.imaging.film_area import find_film, is_lossy
from cxr_dash.imaging.levels import film_window
from cxr_dash.imaging.polarity import coarse_copy, looks_inverted
from cxr_dash.imaging.window import contiguous, percentile_window


@dataclass(frozen=True, slots=True)
class FoundLevels:
    """What was found of one film.

    Attributes
    ----------
    film : Box
        The film, without margins; the whole picture in version 1.
    crop : Box
        What is kept of it: without black margins, where the spec asks for that.
    low, high : float
        Stored levels that become 0 and 255.
    inverted : bool
        Whether black and white are swapped.
    own : tuple of (int, int) or None
        First and last level of the film itself where letters or padding have levels apart from them.
    """

    film: Box
    crop: Box
    low: float
    high: float
    inverted: bool
    own: tuple[int, int] | None = None


def find_levels(radiograph: Radiograph, spec: PreparationSpec) -> FoundLevels:
    """Find film, window and polarity, in the way of the spec's version; once for every film.

    Parameters
    ----------
    radiograph : Radiograph
    spec : PreparationSpec
        Of which only what decides film, window and polarity is looked at.
    """
    percentiles = (spec.window_low_percentile, spec.window_high_percentile)
    asked = ("levels", spec.version, percentiles, spec.polarity)
    if asked not in radiograph.measured:
        find = _of_the_film if spec.version >= 2 else _of_the_picture
        radiograph.measured[asked] = find(radiograph, spec)
    found: FoundLevels = radiograph.measured[asked]
    return found if spec.crop_borders else replace(found, crop=found.film)


def _of_the_picture(radiograph: Radiograph, spec: PreparationSpec) -> FoundLevels:
    """Version 1: levels of the whole picture, then its black margins."""
    pixels = radiograph.pixels
    low, high = percentile_window(pixels, spec.window_low_percentile, spec.window_high_percentile)
    inverted = spec.polarity == "auto" and looks_inverted(pixels, low, high)
    picture = Box(0, 0, radiograph.width, radiograph.height)
    return FoundLevels(picture, find_borders(pixels, low, high, inverted=inverted), low, high, inverted)


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
    crop = Box(film.x + dark.x, film.y + dark.y, dark.width, dark.height)
    return FoundLevels(film, crop, window.low, window.high, inverted, window.own)


def cut_film(pixels: GreyArray, box: Box) -> GreyArray:
    """The part of a film inside a box, C-contiguous."""
    return contiguous(cut(pixels, box))
