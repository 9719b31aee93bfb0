"""How well a segmenter's bundle agrees with people, film by film, through the very code that serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.imaging import decode, film_mask, heart_mask, measure_heart
from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_segmenter import HeartMetrics, MaskMetrics, RatioMetrics
from training.segmentation.collections import MaskedFilm
from training.segmentation.dice import dice, mean_interval
from training.segmentation.films import read_mask


@dataclass(frozen=True, slots=True)
class FilmDice:
    """One film's agreement.

    Attributes
    ----------
    film : MaskedFilm
    dice : float
        Of the lungs over the whole film, 0-1.
    outside_heart : float or None
        Of the lungs over what lies outside the heart; None where no heart was drawn.
    heart : float or None
        Of the heart; None where none was drawn, or the segmenter draws none.
    ratio, drawn_ratio : float or None
        Cardiothoracic ratio by the segmenter's outlines, and by people's.
    """

    film: MaskedFilm
    dice: float
    outside_heart: float | None
    heart: float | None = None
    ratio: float | None = None
    drawn_ratio: float | None = None

    @property
    def error(self) -> float | None:
        """The segmenter's ratio less people's; None where one of them is missing."""
        return self.ratio - self.drawn_ratio if self.ratio and self.drawn_ratio else None


def film_dices(films: Sequence[MaskedFilm], bundle: SegmenterBundle) -> list[FilmDice]:
    """Draw lungs and heart of every film as the app does, and compare with its masks, in its own frame."""
    runtimes = RuntimePool()
    return [_film_dice(film, bundle, runtimes) for film in films]


def _film_dice(film: MaskedFilm, bundle: SegmenterBundle, runtimes: RuntimePool) -> FilmDice:
    radiograph = decode(film.path.read_bytes())
    size = (radiograph.width, radiograph.height)
    field = find_lungs(radiograph, bundle, runtimes)
    found, drawn = film_mask(field), read_mask(film.mask, *size)
    if film.heart is None:
        return FilmDice(film, dice(found, drawn), None)
    heart, measures = read_mask(film.heart, *size), measure_heart(field)
    return FilmDice(
        film,
        dice(found, drawn),
        dice(found, drawn, heart),
        heart=dice(heart_mask(field), heart) if field.heart is not None else None,
        ratio=measures.ratio if measures else None,
        drawn_ratio=film.ratio if film.ratio is not None else drawn_ratio(drawn, heart),
    )


def drawn_ratio(lungs: NDArray[np.bool_], heart: NDArray[np.bool_]) -> float:
    """The cardiothoracic ratio of two masks of an upright film: the heart's width over that of both lungs."""
    widths = [np.ptp(np.flatnonzero(mask.any(axis=0))) + 1 for mask in (heart, lungs)]
    return float(widths[0] / widths[1])


def mask_metrics(split: str, rows: Sequence[FilmDice]) -> MaskMetrics:
    """Means with their intervals: of all films, by collection, and by what was drawn behind the heart."""
    with_heart = [row for row in rows if row.outside_heart is not None]
    return MaskMetrics(
        split=split,
        films=len(rows),
        patients=_patients(rows),
        dice=_interval(rows, _lungs),
        lowest=round(min(row.dice for row in rows), 5),
        by_source=_grouped(rows, _lungs),
        by_behind_heart=_grouped(rows, _lungs, lambda row: row.film.behind_heart),
        outside_heart=_interval(with_heart, lambda row: row.outside_heart or 0.0) if with_heart else None,
        heart=_heart_metrics([row for row in rows if row.heart is not None]),
    )


def _heart_metrics(rows: Sequence[FilmDice]) -> HeartMetrics | None:
    if not rows:
        return None
    measured = [row for row in rows if row.error is not None]
    return HeartMetrics(
        films=len(rows),
        patients=_patients(rows),
        dice=_interval(rows, _heart),
        lowest=round(min(_heart(row) for row in rows), 5),
        by_source=_grouped(rows, _heart),
        ratio=RatioMetrics(
            films=sum(row.drawn_ratio is not None for row in rows),
            measured=len(measured),
            error=_interval(measured, _distance),
            bias=_interval(measured, _difference),
            largest=round(max(_distance(row) for row in measured), 5),
            by_source=_grouped(measured, _distance),
        )
        if measured
        else None,
    )


def _lungs(row: FilmDice) -> float:
    return row.dice


def _heart(row: FilmDice) -> float:
    return row.heart or 0.0


def _difference(row: FilmDice) -> float:
    return row.error or 0.0


def _distance(row: FilmDice) -> float:
    return abs(_difference(row))


def _source(row: FilmDice) -> str:
    return row.film.source


def _patients(rows: Sequence[FilmDice]) -> int:
    return len({row.film.group for row in rows})


def _interval(rows: Sequence[FilmDice], value: Callable[[FilmDice], float]) -> Interval:
    return mean_interval([value(row) for row in rows], [row.film.group for row in rows])


def _grouped(
    rows: Sequence[FilmDice], value: Callable[[FilmDice], float], key: Callable[[FilmDice], str] = _source
) -> dict[str, Interval]:
    names = sorted({key(row) for row in rows})
    return {name: _interval([row for row in rows if key(row) == name], value) for name in names}
