"""How well a segmenter's bundle agrees with people, film by film, through the very code that serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cxr_dash.imaging import decode, film_mask
from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_segmenter import MaskMetrics
from training.segmentation.dice import dice, mean_interval
from training.segmentation.films import MaskedFilm, read_mask


@dataclass(frozen=True, slots=True)
class FilmDice:
    """One film's agreement.

    Attributes
    ----------
    film : MaskedFilm
    dice : float
        Over the whole film, 0-1.
    outside_heart : float or None
        Over what lies outside the heart; None where no heart was drawn.
    """

    film: MaskedFilm
    dice: float
    outside_heart: float | None


def film_dices(films: Sequence[MaskedFilm], bundle: SegmenterBundle) -> list[FilmDice]:
    """Draw the lungs of every film as the app does, in the film's own frame, and compare with its mask."""
    runtimes, rows = RuntimePool(), []
    for film in films:
        radiograph = decode(film.path.read_bytes())
        size = (radiograph.width, radiograph.height)
        found = film_mask(find_lungs(radiograph, bundle, runtimes))
        drawn = read_mask(film.mask, *size)
        outside = dice(found, drawn, read_mask(film.heart, *size)) if film.heart else None
        rows.append(FilmDice(film, dice(found, drawn), outside))
    return rows


def mask_metrics(split: str, rows: Sequence[FilmDice]) -> MaskMetrics:
    """Means with their intervals: of all films, by collection, and by what was drawn behind the heart."""
    with_heart = [row for row in rows if row.outside_heart is not None]
    return MaskMetrics(
        split=split,
        films=len(rows),
        patients=len({row.film.group for row in rows}),
        dice=_interval(rows),
        lowest=round(min(row.dice for row in rows), 5),
        by_source=_grouped(rows, lambda row: row.film.source),
        by_behind_heart=_grouped(rows, lambda row: row.film.behind_heart),
        outside_heart=mean_interval(
            [row.outside_heart or 0.0 for row in with_heart], [row.film.group for row in with_heart]
        )
        if with_heart
        else None,
    )


def _interval(rows: Sequence[FilmDice]) -> Interval:
    return mean_interval([row.dice for row in rows], [row.film.group for row in rows])


def _grouped(rows: Sequence[FilmDice], key: Callable[[FilmDice], str]) -> dict[str, Interval]:
    names = sorted({key(row) for row in rows})
    return {name: _interval([row for row in rows if key(row) == name]) for name in names}
