"""Every kind, by name, with what a reader may expect of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.written import damage, levels

Expected = Literal["same", "refused", "said"]
Write = Callable[[NDArray[np.uint8], np.random.Generator], bytes]


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to write a film.

    Attributes
    ----------
    name : str
    expected : {"same", "refused", "said"}
        Read with the same findings; refused in words; or read with a word on it.
    write : callable
        A film, uint8 (H, W), and a source of chance, to the bytes of a file.
    """

    name: str
    expected: Expected
    write: Write


def _png(change: Callable[[NDArray[np.uint8]], NDArray[Any]]) -> Write:
    return lambda film, _rng: damage.png(change(film))


def _jpeg(change: Callable[[NDArray[np.uint8]], NDArray[Any]]) -> Write:
    return lambda film, _rng: damage.jpeg(change(film))


KINDS = (
    Kind("16-bit copy", "same", _png(lambda film: film.astype(np.uint16) * 257)),
    Kind("JPEG copy", "same", lambda film, _: damage.jpeg(film)),
    Kind("JPEG cut at 93 %", "refused", lambda film, _: damage.cut(damage.jpeg(film), 0.93)),
    Kind("JPEG cut at 80 %", "refused", lambda film, _: damage.cut(damage.jpeg(film), 0.80)),
    Kind("JPEG cut at 50 %", "refused", lambda film, _: damage.cut(damage.jpeg(film), 0.50)),
    Kind("JPEG, tail zeroed", "refused", lambda film, _: damage.tail_zeroed(damage.jpeg(film), 0.85)),
    Kind("JPEG, one wrong byte", "refused", lambda film, rng: damage.one_wrong_byte(damage.jpeg(film), rng)),
    Kind(
        "progressive, first scan",
        "refused",
        lambda film, _: damage.first_scans(damage.jpeg(film, progressive=True), 1),
    ),
    Kind(
        "progressive, three scans",
        "refused",
        lambda film, _: damage.first_scans(damage.jpeg(film, progressive=True), 3),
    ),
    Kind("WebP with a hole", "refused", lambda film, rng: damage.hole(damage.webp(film), rng)),
    Kind("black frame", "same", _png(lambda film: levels.framed(film, 0))),
    Kind("white frame", "same", _png(lambda film: levels.framed(film, 255))),
    Kind("white frame, JPEG", "same", _jpeg(lambda film: levels.framed(film, 255))),
    Kind("grey frame", "same", _png(lambda film: levels.framed(film, 128))),
    Kind("grey frame, JPEG", "same", _jpeg(lambda film: levels.framed(film, 128))),
    Kind("nested frames", "same", _png(levels.nested)),
    Kind("white strips, two sides", "same", _png(levels.one_sided)),
    Kind("grey frame with noise", "same", _png(levels.noisy_frame)),
    Kind("white strip with a caption", "same", _png(levels.captioned_strip)),
    Kind("12 bits, text at 65535", "same", _png(levels.text_at_top)),
    Kind("12 bits, letter at 65535", "same", _png(levels.letter_at_top)),
    Kind("12 bits, margin at 65535", "same", _png(levels.margin_at_top)),
    Kind("raised by 32768, margin of 0", "same", _png(levels.raised_in_zero_margin)),
    Kind("half contrast in black frame", "same", _png(levels.half_contrast_in_black)),
    Kind("negative", "same", _png(levels.negative)),
    Kind("negative, text at 0", "same", _png(levels.negative_with_text)),
    Kind("negative in black frame", "same", _png(levels.negative_in_black)),
    Kind("x 1.15, wrapped", "refused", _png(levels.brightened_wrapped)),
    Kind("x 1.15, wrapped, JPEG", "refused", _jpeg(levels.brightened_wrapped)),
    Kind("- 30, wrapped", "refused", _png(levels.darkened_wrapped)),
    Kind("signed as unsigned", "refused", _png(levels.signed_as_unsigned)),
    Kind("12 bits x 1.15, wrapped", "refused", _png(levels.brightened_wrapped_12)),
    Kind("blue base, JPEG", "same", _jpeg(levels.blue_base)),
    Kind("blue base, PNG", "same", _png(levels.blue_base)),
    Kind("sepia, JPEG", "same", _jpeg(levels.sepia)),
    Kind("CLAHE", "said", _png(levels.clahe)),
    Kind("equalised", "said", _png(levels.equalised)),
    Kind("gamma 0.5", "said", _png(levels.gamma(0.5))),
    Kind("gamma 0.5, 16 bits", "said", _png(levels.gamma_in_16_bits)),
    Kind("gamma 2", "said", _png(levels.gamma(2.0))),
    Kind("tilted by 7 degrees", "said", _png(levels.tilted(7.0))),
    Kind("tilted by -10 degrees", "said", _png(levels.tilted(-10.0))),
)
