"""How a film becomes a model input: what a bundle asks for, and what was done to one film."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreparationSpec:
    """How a film becomes a model input; part of the bundle, the same in training and in serving.

    Attributes
    ----------
    version : int
        2 finds the film before its levels are measured: margins of any level are cut off, letters and padding
        have no say in the window. 1 takes the levels of the whole picture and knows black margins alone.
    height, width : int
        Model input size, pixels.
    window_low_percentile, window_high_percentile : float
        Grey levels at these percentiles (0-100) of the film are mapped to 0 and 255, linearly, clipped.
    polarity : str
        ``"auto"`` turns a film around that is white where air should be (MONOCHROME1-like);
        ``"keep"`` never does.
    crop_borders : bool
        Cut off black margins before the letterbox.
    pad_value : float
        Grey level, 0-255, of the letterbox bars.
    region : str
        ``"film"`` keeps the film (less its black margins); ``"lungs"`` the box around the lungs, and the
        film where no lungs were found.
    region_margin : float
        What is kept around the lungs, as a share of their box's width (left and right) and height (above and
        below).
    fit : str
        ``"letterbox"`` shows all of the region between bars; ``"centre_crop"`` its middle, without bars.
        Neither stretches it.
    window_region : str
        Whose grey levels the percentiles are of: all of the ``"film"``, or the ``"crop"`` that is kept, so
        that letters and borders outside it have no say.
    straighten : bool
        Turn a film that leans by up to 15 degrees upright, by the axis of its lungs; see
        :func:`cxr_dash.imaging.measure_tilt`.
    """

    version: int = 2
    height: int = 224
    width: int = 224
    window_low_percentile: float = 0.5
    window_high_percentile: float = 99.5
    polarity: str = "auto"
    crop_borders: bool = True
    pad_value: float = 0.0
    region: str = "film"
    region_margin: float = 0.05
    fit: str = "letterbox"
    window_region: str = "film"
    straighten: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: columns ``x .. x + width``, rows ``y .. y + height``."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was done to one film, in order; enough to repeat it and to undo its geometry.

    Attributes
    ----------
    film_width, film_height : int
        The film's own frame, pixels.
    window_low, window_high : float
        Stored grey levels mapped to 0 and 255.
    inverted : bool
        Whether black and white were swapped.
    crop : Box
        What was kept, in the film's frame.
    content : Box
        Where the crop lies in the model input, between the letterbox bars.
    input_width, input_height : int
        Model input size, pixels.
    pad_value : float
        Grey level of the bars, 0-255.
    region : str
        ``"lungs"`` where the crop is the box around the lungs, else ``"film"``.
    own_levels : tuple of (int, int) or None
        First and last stored level of the film itself where letters or padding have levels apart from them:
        those pixels are no part of the film. None where there are none.
    tilt_degrees : float
        How far the film leant clockwise, -15 to 15, to a hundredth: the crop was turned as far
        counter-clockwise about its middle. 0 where it was left as it is.
    """

    film_width: int
    film_height: int
    window_low: float
    window_high: float
    inverted: bool
    crop: Box
    content: Box
    input_width: int
    input_height: int
    pad_value: float
    region: str = "film"
    own_levels: tuple[int, int] | None = None
    tilt_degrees: float = 0.0
