"""One picture of the gate's collection: where it comes from, and how it is made again, always the same."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cxr_dash.errors import TrainingError
from training.films.gate.changed import READABLE, UNREADABLE, varied
from training.films.gate.drawn import DRAWN, Picture

FRONTAL, LATERAL, OTHER = "frontal_chest", "lateral_chest", "not_chest"
_CHANGES = READABLE | UNREADABLE | {"varied": varied}


@dataclass(frozen=True, slots=True)
class GatePicture:
    """A picture for the gate.

    Attributes
    ----------
    label : str
        ``frontal_chest``, ``lateral_chest`` or ``not_chest``.
    kind : str
        What it shows or what was done to it, such as ``ct_slice`` or ``half``.
    split : str
        ``train``, ``val``, ``test`` or ``external``.
    source : str
        The collection.
    group : str
        What must stay in one split.
    file : Path or None
        What it is made of; None for a drawn picture.
    change : str
        Name of the change, or of the drawing; empty for a picture as it is.
    number : int
        Tells pictures of one kind and split apart; for a 28 px film its row in the array of its split.
    """

    label: str
    kind: str
    split: str
    source: str
    group: str
    file: Path | None
    change: str = ""
    number: int = 0

    @property
    def as_it_is(self) -> bool:
        """Whether the file itself is the picture."""
        return self.file is not None and not self.change

    @property
    def name(self) -> str:
        """A file name of its own."""
        return f"{self.split}-{self.kind}-{self.change}-{self.number:04d}.png"

    def pixels(self, seed: int) -> Picture:
        """Make the picture.

        Parameters
        ----------
        seed : int
            The same seed makes the same picture.

        Returns
        -------
        ndarray of uint8, shape (H, W) or (H, W, 3), BGR

        Raises
        ------
        TrainingError
            When the file is no picture.
        """
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        if self.file is None:
            return DRAWN[self.change](rng)
        if self.file.suffix == ".npz":
            with np.load(self.file) as arrays:
                return np.asarray(arrays[f"{self.split}_images"][self.number], np.uint8)
        if self.label == OTHER and self.change == "varied":
            return varied(_read(self.file, cv2.IMREAD_COLOR), rng)
        film = _read(self.file, cv2.IMREAD_GRAYSCALE)
        return _CHANGES[self.change](film, rng) if self.change else film


def _read(file: Path, mode: int) -> Picture:
    pixels = cv2.imread(str(file), mode)
    if pixels is None:
        raise TrainingError(f"{file} must be a picture that can be read.", remedy="Replace the file.")
    return np.asarray(pixels, np.uint8)
