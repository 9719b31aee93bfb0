"""Decoding, in turns with the library that does nothing but decode.

The app's own decoding also looks at the header, refuses what is damaged or too large, and takes the
fingerprint of the file; the ratio says what that costs. Ratios carry over from one release to the next,
milliseconds do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.dicom_film import (
    JPEG_2000,
    UNCOMPRESSED,
    dicom_film,
    pixels_by_imagecodecs,
    pixels_by_pydicom,
)
from benchmarks.film import LARGE_HEIGHT, LARGE_WIDTH, noisy_films
from benchmarks.table import Asked, Table, spread
from cxr_dash import imaging

_ROUNDS = 60
Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Case:
    """One kind of file.

    Attributes
    ----------
    name, plain_name : str
        What a reader sees.
    write : callable
        From a 12-bit film to the file's bytes.
    plain : callable
        From the bytes to pixels, by the library alone.
    apart : int
        How many grey levels the two may differ: decoders of JPEG round in their own ways.
    """

    name: str
    write: Callable[[NDArray[np.uint16]], bytes]
    plain_name: str
    plain: Callable[[bytes], Pixels]
    apart: int = 0


def _encoded(extension: str, pixels: Pixels, *options: int) -> bytes:
    return bytes(cv2.imencode(extension, pixels, options)[1])


def _eight_bits(film: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.asarray(film >> 4, np.uint8)


def _opencv(data: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))


# One line a format that is read; whatever decodes it alone stands beside it.
CASES = (
    Case(
        "JPEG, 8 bits",
        lambda film: _encoded(".jpg", _eight_bits(film), cv2.IMWRITE_JPEG_QUALITY, 92),
        "`cv2.imdecode`",
        _opencv,
        apart=2,
    ),
    Case("PNG, 8 bits", lambda film: _encoded(".png", _eight_bits(film)), "`cv2.imdecode`", _opencv),
    Case("PNG, 12 bits in 16", lambda film: _encoded(".png", film), "`cv2.imdecode`", _opencv),
    Case(
        "DICOM, 16 bits, uncompressed",
        lambda film: dicom_film(film, UNCOMPRESSED),
        "`pydicom` `pixel_array`",
        pixels_by_pydicom,
    ),
    Case(
        "DICOM, 16 bits, JPEG 2000 lossless",
        lambda film: dicom_film(film, JPEG_2000),
        "`pydicom` and `imagecodecs`",
        pixels_by_imagecodecs,
    ),
)


def measure(asked: Asked) -> Table:
    """The table of decoders.

    Raises
    ------
    RuntimeError
        When the two do not give the same pixels: speed would mean nothing.
    """
    (film,) = noisy_films(1)
    rounds = 2 if asked.brief else _ROUNDS
    lines = [
        "| file | cxr-dash | the library alone | cxr-dash takes |",
        "|---|---|---|---|",
    ]
    rows = {}
    for case in CASES:
        data = case.write(film)
        _check(case, data)
        ours, plain = _in_turns(lambda d=data: imaging.decode(d), lambda c=case, d=data: c.plain(d), rounds)  # type: ignore[misc]
        ratio = median(one / other for one, other in zip(ours, plain, strict=True))
        megabytes = len(data) / 1e6
        lines.append(
            f"| {case.name}, {megabytes:.1f} MB | {spread(ours, 'ms', 1)} | "
            f"{case.plain_name}: {spread(plain, 'ms', 1)} | {ratio:.2f} x |"
        )
        rows[case.name] = {"bytes": len(data), "ours_ms": ours, "plain_ms": plain, "ratio": ratio}
    measured = (
        f"with one noisy phantom of {LARGE_WIDTH} x {LARGE_HEIGHT}, median of {rounds} rounds in turns,"
    )
    return Table(measured, "\n".join(lines), {"rows": rows})


def _check(case: Case, data: bytes) -> None:
    ours, plain = imaging.decode(data).pixels.astype(np.int64), case.plain(data).astype(np.int64)
    apart = np.abs(ours - plain).max() if ours.shape == plain.shape else np.inf
    if apart > case.apart:
        raise RuntimeError(
            f"{case.name}: both decoders must give the same pixels; received {apart} levels apart"
        )


def _in_turns(
    ours: Callable[[], object], plain: Callable[[], object], rounds: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of each; neighbours in time are compared, and the first of a pair changes."""
    samples: tuple[list[float], list[float]] = ([], [])
    ours(), plain()
    for number in range(rounds):
        pair = [(ours, samples[0]), (plain, samples[1])]
        for decode, kept in pair if number % 2 else pair[::-1]:
            clock = time.perf_counter()
            decode()
            kept.append((time.perf_counter() - clock) * 1000.0)
    return samples
