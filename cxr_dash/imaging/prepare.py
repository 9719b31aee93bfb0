"""A film -> the float32 grey picture a model sees, and a coarse map -> back into the film's own frame.

The one and only preparation: training and serving both call :func:`prepare`. Order: find the film, its window
and its polarity (``imaging.find``) -> crop to the lungs, or of black borders -> turn upright -> fit into the
frame (``imaging.letterbox``); every step is a function of its own, and what was decided is kept in a
:class:`~cxr_dash.domain.Preparation`: enough to repeat the steps and to undo their geometry.
"""

from __future__ import annotations

import cv2
import numpy as np

from cxr_dash.domain import Box, Float32Array, Preparation, PreparationSpec, Radiograph
from cxr_dash.imaging.boxes import cut, grow_box, middle_of
from cxr_dash.imaging.find import find_levels
from cxr_dash.imaging.letterbox import letterbox, letterbox_content, letterbox_without
from cxr_dash.imaging.turn import turned
from cxr_dash.imaging.window import apply_window, percentile_window

# Letters are left out of the picture up to this share of it; more is padding, and becomes black or white.
_LETTERS_SHARE = 0.1


def plan_preparation(
    radiograph: Radiograph, spec: PreparationSpec, lungs: Box | None = None, *, tilt: float = 0.0
) -> Preparation:
    """Decide every step for one film without making the picture.

    Parameters
    ----------
    radiograph : Radiograph
    spec : PreparationSpec
        What the bundle asks for.
    lungs : Box, optional
        The box around the lungs, as :func:`cxr_dash.imaging.lung_box` gives it without a margin; only looked
        at by a spec whose ``region`` is ``"lungs"``, which adds its own margin. Without it such a spec falls
        back to the whole film.
    tilt : float
        Degrees to undo, as :func:`cxr_dash.imaging.tilt_to_undo` gives them; only looked at by a spec that
        straightens.

    Returns
    -------
    Preparation
        Same film, same spec and same box give the same answer, always.
    """
    found = find_levels(radiograph, spec)
    crop = found.crop
    on_lungs = spec.region == "lungs" and lungs is not None
    if spec.region == "lungs" and lungs is not None:
        crop = grow_box(lungs, spec.region_margin, radiograph.width, radiograph.height)
    if spec.fit == "centre_crop":
        crop = middle_of(crop, spec.width, spec.height)
    low, high = found.low, found.high
    if spec.window_region == "crop":
        kept = np.ascontiguousarray(cut(radiograph.pixels, crop))
        low, high = percentile_window(kept, spec.window_low_percentile, spec.window_high_percentile)
    return Preparation(
        film_width=radiograph.width,
        film_height=radiograph.height,
        window_low=low,
        window_high=high,
        inverted=found.inverted,
        crop=crop,
        content=Box(0, 0, spec.width, spec.height)
        if spec.fit == "centre_crop"
        else letterbox_content(crop.width, crop.height, spec.width, spec.height),
        input_width=spec.width,
        input_height=spec.height,
        pad_value=float(spec.pad_value),
        region="lungs" if on_lungs else "film",
        own_levels=found.own,
        tilt_degrees=round(tilt, 2) if spec.straighten else 0.0,
    )


def first_plan(radiograph: Radiograph) -> Preparation:
    """The plan of the picture that is shown first, whichever model is asked."""
    return plan_preparation(radiograph, PreparationSpec())


def apply_preparation(radiograph: Radiograph, preparation: Preparation) -> Float32Array:
    """Make the model input that a plan describes.

    Parameters
    ----------
    radiograph : Radiograph
        The film the plan was made for.
    preparation : Preparation

    Returns
    -------
    ndarray of float32, shape (input_height, input_width, 1)
        Grey levels 0-255: 0 air, 255 bone; the bars of the letterbox, and the corners that come in where the
        film is turned, are ``pad_value``.

    Raises
    ------
    ValueError
        If the plan was made for a film of another size.
    """
    if (radiograph.width, radiograph.height) != (preparation.film_width, preparation.film_height):
        raise ValueError(
            f"`radiograph` must be {preparation.film_width} x {preparation.film_height} like its plan; "
            f"received {radiograph.width} x {radiograph.height}"
        )
    kept = cut(radiograph.pixels, preparation.crop)
    grey = apply_window(kept, preparation.window_low, preparation.window_high, inverted=preparation.inverted)
    grey = turned(grey, preparation.tilt_degrees, preparation.pad_value)
    if preparation.own_levels is not None:
        foreign = (kept < preparation.own_levels[0]) | (kept > preparation.own_levels[1])
        if foreign.mean() <= _LETTERS_SHARE:
            return letterbox_without(grey, foreign, preparation)[:, :, np.newaxis]
    return letterbox(grey, preparation)[:, :, np.newaxis]


def prepare(radiograph: Radiograph, spec: PreparationSpec, lungs: Box | None = None) -> Float32Array:
    """Plan and apply in one call; the arguments are those of :func:`plan_preparation`.

    Returns
    -------
    ndarray of float32, shape (spec.height, spec.width, 1)
        Grey levels 0-255.
    """
    return apply_preparation(radiograph, plan_preparation(radiograph, spec, lungs))


def map_to_content(values: Float32Array, preparation: Preparation) -> Float32Array:
    """Enlarge a coarse map to the model input and keep the part that shows the film.

    Parameters
    ----------
    values : ndarray of float32, shape (h, w)
        A map >= 0 whose grid spans the whole model input, letterbox bars included; cell (i, j) is centred on
        ``((j + 0.5) / w, (i + 0.5) / h)`` of it.
    preparation : Preparation

    Returns
    -------
    ndarray of float32, shape (content.height, content.width)
        Between 0 and the largest of ``values``, un-normalised: the layer to lay over the crop box. It leans
        as the film does; 0 in the corners that the model did not see.
    """
    coarse = np.ascontiguousarray(values, dtype=np.float32)
    size = (preparation.input_width, preparation.input_height)
    # Linear: a cubic overshoots beside steep cells, which moves the peak out of the strongest cell
    # and draws faint evidence where there is none.
    fine = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    shown = np.ascontiguousarray(cut(fine.astype(np.float32, copy=False), preparation.content))
    return turned(shown, -preparation.tilt_degrees, 0.0)


def restore_map(values: Float32Array, preparation: Preparation) -> Float32Array:
    """Bring a coarse map into the film's own frame.

    Parameters
    ----------
    values : ndarray of float32, shape (h, w)
        As for :func:`map_to_content`.
    preparation : Preparation

    Returns
    -------
    ndarray of float32, shape (film_height, film_width)
        Between 0 and the largest of ``values``, un-normalised; 0 where the film was cropped away.
    """
    crop = preparation.crop
    layer = map_to_content(values, preparation)
    film = np.zeros((preparation.film_height, preparation.film_width), np.float32)
    cut(film, crop)[:] = cv2.resize(layer, (crop.width, crop.height), interpolation=cv2.INTER_LINEAR)
    return film
