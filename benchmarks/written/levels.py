"""Ways to write a film's grey levels and frame that must not matter, or must be noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Film = NDArray[np.uint8]
Picture = NDArray[Any]
_TWELVE_BITS = 4095.0


def framed(film: Picture, level: float, width: int = 10) -> Picture:
    """In a frame of one level."""
    return cv2.copyMakeBorder(film, width, width, width, width, cv2.BORDER_CONSTANT, value=(level,) * 4)


def nested(film: Film) -> Picture:
    """A black margin in a grey one in a white one, of unequal widths."""
    inner = cv2.copyMakeBorder(film, 4, 12, 0, 7, cv2.BORDER_CONSTANT, value=(0,))
    return framed(framed(inner, 128, 8), 255, 5)


def one_sided(film: Film) -> Picture:
    """White strips on the left and below alone, as a scanner leaves them."""
    return cv2.copyMakeBorder(film, 0, 17, 23, 0, cv2.BORDER_CONSTANT, value=(255,))


def twelve_bits(film: Film) -> NDArray[np.uint16]:
    """Levels 0-4095 in 16 bits."""
    return np.rint(film * (_TWELVE_BITS / 255.0)).astype(np.uint16)


def lettered(film: Picture, level: float) -> Picture:
    """With burnt-in text in a corner, at one level; the letters' rims are blends."""
    ink = np.zeros(film.shape[:2], np.uint8)
    side = min(film.shape[:2])
    for line, text in enumerate(("NAME 0123", "PA ERECT")):
        place = (side // 40, side // 12 * (line + 1))
        size, weight = side / 700, max(1, side // 300)
        cv2.putText(ink, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255,), weight, cv2.LINE_AA)
    cover = ink / 255.0
    return np.rint(film * (1.0 - cover) + level * cover).astype(film.dtype)


def stamped(film: Picture, level: float) -> Picture:
    """With a short letter without blurred rims, as a device burns it in."""
    ink = np.zeros(film.shape[:2], np.uint8)
    side = min(film.shape[:2])
    size, weight = side / 500, max(1, side // 200)
    cv2.putText(
        ink, "L", (side // 30, side // 10), cv2.FONT_HERSHEY_SIMPLEX, size, (255,), weight, cv2.LINE_8
    )
    return np.where(ink > 0, np.asarray(level, film.dtype), film)


def letter_at_top(film: Film) -> Picture:
    """12-bit levels, a hard-edged letter at 65535."""
    return stamped(twelve_bits(film), 65535)


def noisy_frame(film: Film) -> Picture:
    """In a grey frame with a scanner's noise, standard deviation 1.5 levels."""
    frame = framed(film, 128, 12).astype(np.float64)
    noise = np.random.default_rng(film.size).normal(0.0, 1.5, frame.shape)
    noise[12:-12, 12:-12] = 0.0
    return np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8)


def captioned_strip(film: Film) -> Picture:
    """A white strip below with a caption in it."""
    height, width = film.shape
    strip = np.full((max(24, height // 12), width), 255, np.uint8)
    place = (width // 20, strip.shape[0] * 2 // 3)
    cv2.putText(strip, "CHEST PA 12:30", place, cv2.FONT_HERSHEY_SIMPLEX, width / 700, (0,), 1, cv2.LINE_AA)
    return np.vstack([film, strip])


def gamma_in_16_bits(film: Film) -> Picture:
    """A tone curve of power 0.5 over 12-bit levels."""
    return np.rint(4095.0 * (film / 255.0) ** 0.5).astype(np.uint16)


def text_at_top(film: Film) -> Picture:
    """12-bit levels, text at 65535."""
    return lettered(twelve_bits(film), 65535)


def margin_at_top(film: Film) -> Picture:
    """12-bit levels, a margin at 65535."""
    return framed(twelve_bits(film), 65535, 14)


def raised_in_zero_margin(film: Film) -> Picture:
    """12-bit levels raised by 32768, a margin of 0."""
    return framed((twelve_bits(film).astype(np.uint32) + 32768).astype(np.uint16), 0, 14)


def half_contrast_in_black(film: Film) -> Picture:
    """Half of the contrast on a raised base, in a black frame."""
    return framed(np.rint(film * 0.5 + 64).astype(np.uint8), 0, 14)


def negative_with_text(film: Film) -> Picture:
    """65535 - v of 12-bit levels, text at 0."""
    return lettered((65535 - twelve_bits(film).astype(np.int64)).astype(np.uint16), 0)


def negative_in_black(film: Film) -> Picture:
    """A negative in a black frame."""
    return framed(255 - film, 0, 14)


def negative(film: Film) -> Picture:
    """Black and white swapped."""
    return np.asarray(255 - film)


def brightened_wrapped(film: Film) -> Picture:
    """Levels x 1.15 without saturation."""
    return (film.astype(np.float32) * 1.15).astype(np.int64).astype(np.uint8)


def darkened_wrapped(film: Film) -> Picture:
    """Levels - 30 without saturation."""
    return (film.astype(np.int64) - 30).astype(np.uint8)


def signed_as_unsigned(film: Film) -> Picture:
    """Signed 16-bit levels, half of them negative, read as unsigned."""
    return (twelve_bits(film).astype(np.int64) - 1024).astype(np.uint16)


def brightened_wrapped_12(film: Film) -> Picture:
    """12-bit levels x 1.15, wrapped at 4096."""
    return np.asarray((twelve_bits(film).astype(np.float64) * 1.15).astype(np.int64) % 4096, np.uint16)


def blue_base(film: Film) -> Picture:
    """On an evenly blue film base."""
    return toned(film, (60.0, 18.0, 0.0), (0.76, 0.86, 0.80))


def sepia(film: Film) -> Picture:
    """In sepia, black staying black."""
    return toned(film, (0.0, 0.0, 0.0), (0.62, 0.82, 1.0))


def toned(film: Film, base: tuple[float, ...], gain: tuple[float, ...]) -> Picture:
    """Each channel (blue, green, red) as its own line of the level."""
    return np.clip(np.stack([b + g * film for b, g in zip(base, gain, strict=True)], -1), 0, 255).astype(
        np.uint8
    )


def clahe(film: Film) -> Picture:
    """Contrast-limited adaptive equalisation."""
    return cv2.createCLAHE(4.0, (8, 8)).apply(film)


def equalised(film: Film) -> Picture:
    """Histogram equalised."""
    return cv2.equalizeHist(film)


def gamma(power: float) -> Callable[[Film], Picture]:
    """A tone curve."""
    return lambda film: np.rint(255.0 * (film / 255.0) ** power).astype(np.uint8)


def tilted(degrees: float, border: int = cv2.BORDER_CONSTANT) -> Callable[[Film], Picture]:
    """Turned about its middle; corners that come in are black."""

    def turn(film: Film) -> Picture:
        height, width = film.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return cv2.warpAffine(film, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)

    return turn
