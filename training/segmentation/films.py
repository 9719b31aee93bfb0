"""Films with masks of lungs and hearts, prepared as the app prepares films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Preparation, PreparationSpec
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import apply_preparation, decode, plan_preparation
from cxr_dash.imaging.boxes import cut
from training.segmentation.collections import MaskedFilm

LUNGS, HEART = "lungs", "heart"
INCLUDED, EXCLUDED = "included", "excluded"  # the lung behind the heart: drawn, or left out; else partly
# Shares of the lungs' height from their top. Of 75 train hearts of JSRT the highest begins at 0.36 and the
# lowest ends at 1.03; those of the two readers begin at 0.11 to 0.25, with the great vessels.
ZONE = (0.33, 1.08)
GREAT_VESSELS = 0.4


def read_mask(path: Path, width: int, height: int) -> NDArray[np.bool_]:
    """What people drew, in the film's own frame.

    Returns
    -------
    ndarray of bool, shape (height, width)

    Raises
    ------
    TrainingError
        When the picture cannot be read, or is of another shape than its film.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None or picture.shape != (height, width):
        received = "no picture" if picture is None else f"{picture.shape[1]} x {picture.shape[0]}"
        raise TrainingError(
            f"{path} must be a mask of {width} x {height} like its film; received {received}."
        )
    return np.asarray(picture > 127)


def prepare_mask(mask: NDArray[np.bool_], preparation: Preparation) -> NDArray[np.bool_]:
    """Take a mask where the preparation takes its film: cropped and fitted, false in the bars.

    Returns
    -------
    ndarray of bool, shape (input_height, input_width)
        A pixel is in where at least half of what it covers is.
    """
    content = preparation.content
    kept = cut(mask.astype(np.float32), preparation.crop)
    shrinks = content.width < kept.shape[1] or content.height < kept.shape[0]
    fitted = cv2.resize(
        kept, (content.width, content.height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    frame = np.zeros((preparation.input_height, preparation.input_width), np.bool_)
    cut(frame, content)[:] = fitted >= 0.5
    return frame


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMasks:
    """Films and masks as the network sees them; the last axis of masks is that of the structures.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, H, W, 1)
        Grey levels 0-255.
    masks : ndarray of uint8, shape (n, H, W, C)
        0 or 1.
    ignored : ndarray of uint8, shape (n, H, W, C)
        1 where nothing is learned: of a heart that nobody drew, where it may lie between the lungs; of the
        lungs, inside the heart, where its hidden lung was drawn against the custom of the others.
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    ignored: NDArray[np.uint8]

    def repeated(self, structure: int, times: int) -> PreparedMasks:
        """The same films, and those on which a structure was drawn so often in all."""
        drawn = np.flatnonzero(self.masks[..., structure].any(axis=(1, 2)))
        rows = np.concatenate([np.arange(len(self.pixels)), *[drawn] * (times - 1)])
        return PreparedMasks(self.pixels[rows], self.masks[rows], self.ignored[rows])


def prepare_masks(
    films: Sequence[MaskedFilm], spec: PreparationSpec, structures: Sequence[str] = (LUNGS,)
) -> PreparedMasks:
    """Prepare films with the app's own functions, and their masks with the same geometry.

    Parameters
    ----------
    films : sequence of MaskedFilm
    spec : PreparationSpec
    structures : sequence of {"lungs", "heart"}
        Channels of the masks, in this order.

    Raises
    ------
    TrainingError
        Naming the file that cannot be read.
    """
    shape = (len(films), spec.height, spec.width)
    pixels = np.zeros((*shape, 1), np.uint8)
    masks, ignored = np.zeros((2, *shape, len(structures)), np.uint8)
    for row, film in enumerate(films):
        try:
            radiograph = decode(film.path.read_bytes())
        except FilmError as error:
            raise TrainingError(f"{film.path} must be a film that can be read; {error.message}") from error
        preparation = plan_preparation(radiograph, spec)
        size = (radiograph.width, radiograph.height)
        pixels[row] = np.rint(apply_preparation(radiograph, preparation)).astype(np.uint8)
        lungs = prepare_mask(read_mask(film.mask, *size), preparation)
        heart = prepare_mask(read_mask(film.heart, *size), preparation) if film.heart else None
        for channel, structure in enumerate(structures):
            drawn, open_ = _asked(structure, lungs, heart, film.behind_heart)
            masks[row, :, :, channel], ignored[row, :, :, channel] = drawn, open_
    return PreparedMasks(pixels, masks, ignored)


def _asked(
    structure: str, lungs: NDArray[np.bool_], heart: NDArray[np.bool_] | None, behind_heart: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What the network shall draw of a structure, and where nothing is asked of it."""
    if structure == HEART:
        return _no_heart_outside(lungs, behind_heart) if heart is None else _drawn_heart(heart, lungs)
    nowhere = np.zeros_like(lungs)
    return lungs, heart if heart is not None and behind_heart == INCLUDED else nowhere


def _no_heart_outside(
    lungs: NDArray[np.bool_], behind_heart: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Nobody drew the heart, but the lungs say where none is: beside, above, below, and inside of them.

    Else a network that saw hearts of one hospital alone draws them into the abdomen and the arms of others.
    """
    nowhere = np.zeros_like(lungs)
    rows, columns = (np.flatnonzero(lungs.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return nowhere, np.ones_like(lungs)
    open_ = np.zeros_like(lungs)
    open_[_share_down(rows, ZONE[0]) : _share_down(rows, ZONE[1]), columns[0] : columns[-1] + 1] = True
    return nowhere, open_ & ~lungs if behind_heart == EXCLUDED else open_


def _drawn_heart(
    heart: NDArray[np.bool_], lungs: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """A heart as it was drawn, but for great vessels: two readers draw them with it, others do not."""
    rows = np.flatnonzero(lungs.any(axis=1))
    vessels = np.zeros_like(heart)
    if len(rows):
        vessels[: _share_down(rows, GREAT_VESSELS)] = True
    return heart & ~vessels, heart & vessels


def _share_down(rows: NDArray[np.intp], share: float) -> int:
    """The row that lies at a share of the lungs' height below their top."""
    return max(0, round(int(rows[0]) + share * len(rows)))
