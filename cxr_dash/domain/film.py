"""Films: arrays of grey levels, what a file may be, and a decoded film."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain.facts import FilmFacts, PatientIdentity
from cxr_dash.domain.reasons import Reason

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
GreyArray = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What a file may be before any of its pixels is decoded.

    Attributes
    ----------
    max_bytes : int
        Largest file, in bytes.
    max_pixels : int
        Largest width x height.
    min_side : int
        Shortest allowed side, in pixels.
    max_aspect_ratio : float
        Largest long side / short side.
    max_decoded_bytes : int
        Largest decoded picture: width x height x channels x bytes per sample. Decoding takes up to three
        times as much for a moment.
    max_decoding_bytes : int
        Decoded bytes of large pictures that one process works on at once; the others wait.
    decoder_memory_bytes : int
        Memory that a native decoder in a child process may take for one film, beyond what it has when idle.
    decoder_seconds : float
        Time that it may take, and that a film waits for a free one.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 24
    max_aspect_ratio: float = 4.0
    max_decoded_bytes: int = 128 * 1024 * 1024
    max_decoding_bytes: int = 256 * 1024 * 1024
    decoder_memory_bytes: int = 1024**3
    decoder_seconds: float = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """A decoded film, upright, in grey.

    Attributes
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
        Stored grey levels, unscaled, after the EXIF orientation was applied.
    bits : int
        Bits per sample of the file: 1, 2, 4, 8 or 16.
    file_format : str
        ``"png"``, ``"jpeg"`` or ``"webp"``.
    sha256 : str
        Hex digest of the file's bytes.
    colour_fraction : float
        Share of pixels, 0-1, whose channels differ noticeably: 0 for a grey film.
    facts : FilmFacts
        What the file says beyond the pixels.
    identity : PatientIdentity or None
        Who the patient is, where the file says so; never logged, never part of an answer.
    notes : tuple of Reason
        What was noticed while reading the file, for the verdict on the film.
    measured : dict
        What was measured of the pixels so far, by what was asked: models, gate, segmenter and display ask for
        the same, and a large film takes a while. Filled by ``imaging``, read by nobody else.
    """

    pixels: GreyArray
    bits: int
    file_format: str
    sha256: str
    colour_fraction: float = 0.0
    facts: FilmFacts = field(default_factory=FilmFacts)
    identity: PatientIdentity | None = None
    notes: tuple[Reason, ...] = ()
    measured: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])
