"""All operating points of a model, its default, and the points of its one score a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cxr_dash.domain import Label, LocalisedText
from cxr_dash.inference.schema import FilmScore, FilmScorePoint, OperatingPoint
from cxr_dash.inference.schema_films import ONE_IN
from training.evaluation.film_points import JointChoice, choose_jointly, own_threshold, try_ways
from training.evaluation.film_table import FilmTable
from training.evaluation.film_ways import CommonScale, fit_scale
from training.evaluation.thresholds import (
    DEFAULT_OPERATING_POINT,
    choose_operating_points,
    youden_threshold,
)
from training.labels import LABELS

JOINT_DEFAULT = "one_in_10"
SCORE_POINTS = ("one_in_10", "one_in_5")
_SAME = 1e-9
_FLAGGED = LocalisedText(
    en="1 in {whole} films without a finding flagged", es="1 de cada {whole} placas sin hallazgos señalada"
)
_TOGETHER = LocalisedText(
    en="Thresholds of all findings chosen together: at most 1 in {whole} of the films without a finding that "
    "it was chosen on get any flag.",
    es="Umbrales de todos los hallazgos elegidos a la vez: a lo sumo 1 de cada {whole} placas sin hallazgos "
    "de las que sirvieron para elegir se señala por alguno.",
)
_ALONE = LocalisedText(
    en="At most 1 in {whole} of the films without a finding that it was chosen on get any flag.",
    es="A lo sumo 1 de cada {whole} placas sin hallazgos de las que sirvieron para elegir se señala por "
    "alguno.",
)


@dataclass(frozen=True, slots=True, eq=False)
class PointChoice:
    """What val decides about thresholds.

    Attributes
    ----------
    points : list of OperatingPoint
        Joint ones first, the strictest before the others.
    default : str
        Key of the one in force where a reader chooses none.
    film_score : FilmScore or None
        None where no label speaks of the whole film.
    tried : str
        In words: how false alarms were shared between labels; empty where nothing was to be shared.
    """

    points: list[OperatingPoint]
    default: str
    film_score: FilmScore | None
    tried: str


def choose_points(
    films: FilmTable,
    chosen_on: str,
    *,
    activation: Literal["sigmoid", "softmax"],
    default: str | None = None,
    names: Mapping[str, Label] = LABELS,
) -> PointChoice:
    """Choose every operating point on films used for nothing else but stopping and calibration.

    With several findings the default is joint: with a threshold each, most films without a finding get some
    flag. With one label, or classes that exclude each other, it is Youden's.

    Parameters
    ----------
    films : FilmTable
    chosen_on : str
        Split and films, in words.
    activation : {"sigmoid", "softmax"}
    default : str, optional
        The recipe's own wish.
    names : mapping of str to Label
        How labels are called, where a recipe has some of its own.
    """
    each = choose_operating_points(films.probabilities, films.targets, films.keys, chosen_on, names)
    shares = {key: 1 / whole for key, whole in ONE_IN.items() if films.clear.sum() >= whole}
    choice = choose_jointly(films, list(shares.values())) if shares else None
    joint = _joint_points(films, choice, shares, chosen_on) if choice else []
    several = activation == "sigmoid" and len(films.named) > 1
    wanted = default or (JOINT_DEFAULT if several else DEFAULT_OPERATING_POINT)
    points = merged([*joint, *each], keep=wanted)
    offered = {point.key for point in points}
    default = wanted if wanted in offered else DEFAULT_OPERATING_POINT
    return PointChoice(
        points=[
            point.model_copy(update={"more": not point.joint and point.key != default and bool(joint)})
            for point in points
        ],
        default=default,
        film_score=_film_score(films, chosen_on) if shares else None,
        tried=choice.tried if choice and len(films.named) > 1 else "",
    )


def common_scale(films: FilmTable) -> CommonScale | None:
    """The scale on which the labels' thresholds move together; None where films of one kind are missing."""
    shares = [1 / whole for whole in ONE_IN.values() if films.clear.sum() >= whole]
    return fit_scale(try_ways(films, shares)[0].way, films) if shares else None


def merged(points: list[OperatingPoint], keep: str) -> list[OperatingPoint]:
    """Presets that set the same thresholds are one: the first, or the one of key ``keep``."""
    kept: list[OperatingPoint] = []
    for point in sorted(points, key=lambda one: one.key != keep):
        if not any(_equal(point.thresholds, other.thresholds) for other in kept):
            kept.append(point)
    return [point for point in points if any(point is one for one in kept)]


def _equal(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(abs(one[key] - other[key]) < _SAME for key in one)


def _joint_points(
    films: FilmTable, choice: JointChoice, shares: Mapping[str, float], chosen_on: str
) -> list[OperatingPoint]:
    good_news = {
        key: youden_threshold(films.probabilities[:, k], films.targets[:, k])
        for k, key in enumerate(films.keys)
        if k not in films.flags
    }
    points = []
    for key, share in shares.items():
        points.append(
            OperatingPoint(
                key=key,
                name=joint_name(key),
                explanation=(_TOGETHER if len(films.named) > 1 else _ALONE).filled(whole=ONE_IN[key]),
                thresholds={label: (choice.thresholds[share] | good_news)[label] for label in films.keys},
                chosen_on=chosen_on,
                joint=True,
            )
        )
    return points


def joint_name(key: str) -> LocalisedText:
    """What a joint point is called."""
    return _FLAGGED.filled(whole=ONE_IN[key])


def _film_score(films: FilmTable, chosen_on: str) -> FilmScore | None:
    column = films.summary if films.summary is not None else films.named[0]
    if films.summary is None and len(films.named) > 1:
        return None
    points = [
        FilmScorePoint(
            key=key,
            name=joint_name(key),
            threshold=own_threshold(films, column, 1 / ONE_IN[key]),
        )
        for key in SCORE_POINTS
        if films.clear.sum() >= ONE_IN[key]
    ]
    return FilmScore(label=films.keys[column], points=points, chosen_on=chosen_on)
