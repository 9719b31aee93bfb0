"""Operating points chosen jointly over labels, by the share of films without a finding that get any flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float64Array
from training.evaluation.calibration_choice import FOLDS, REPEATS, SEED, patient_folds
from training.evaluation.film_table import FilmTable
from training.evaluation.film_ways import CommonScale, Way, fit_scale, ways

# a label with fewer films says little about a way, and would decide as much as one of a hundred
LEAST_FILMS = 5
_ROUNDED_TO = 1e6
_TIGHTER = np.linspace(1.0, 0.5, 11)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A way, on films that were left out of its choice.

    Attributes
    ----------
    way : Way
    flagged : dict of float to float
        Budget to the share of films without a finding that were flagged.
    shown, found : float
        Means over budgets: the share of true findings shown, mean over labels; of films with a finding that
        got any flag.
    """

    way: Way
    flagged: dict[float, float]
    shown: float
    found: float

    @property
    def worth(self) -> float:
        """What ways are compared by: a finding named and a film found count the same."""
        return (self.shown + self.found) / 2


@dataclass(frozen=True, slots=True, eq=False)
class JointChoice:
    """The way that found most, and the thresholds it gives for each budget.

    Attributes
    ----------
    way : Way
    scale : CommonScale
        The way, fitted on all films.
    thresholds : dict of float to dict of str to float
        Budget to label to threshold; good news has none.
    tried : str
        In words: every way, and what it found on films left out.
    """

    way: Way
    scale: CommonScale
    thresholds: dict[float, dict[str, float]]
    tried: str


def choose_jointly(films: FilmTable, budgets: Sequence[float]) -> JointChoice:
    """Try every way on films left out, keep the one that finds most, and set its thresholds on all films.

    A budget is kept on the films themselves and, by a smaller one where need be, on films left out.

    Parameters
    ----------
    films : FilmTable
        Used for nothing else but stopping and calibration; some must have no finding.
    budgets : sequence of float
        Shares of films without a finding that may be flagged, 0-1.
    """
    trials = try_ways(films, budgets)
    best = trials[0]
    thresholds = {
        budget: set_thresholds(best.way, films, tightened(best.way, films, budget)) for budget in budgets
    }
    said = "; ".join(
        f"{t.way.name}: {t.shown:.1%} of findings shown, {t.found:.1%} of films found" for t in trials
    )
    tried = (
        f"{best.way.name}: found most on films left out, {FOLDS} folds by patient, {REPEATS} times, "
        f"mean of the budgets {', '.join(f'{budget:.0%}' for budget in budgets)}; findings shown are the "
        f"mean over labels, films found those with a finding that got any flag. Tried: {said}."
    )
    return JointChoice(best.way, fit_scale(best.way, films), thresholds, tried)


def set_thresholds(way: Way, films: FilmTable, budget: float) -> dict[str, float]:
    """The lowest thresholds of a way that flag at most ``budget`` of the films without a finding.

    Returns
    -------
    dict
        By label key, without good news; rounded upwards.
    """
    scale = fit_scale(way, films)
    clear = films.films(films.clear)
    allowed = int(np.floor(budget * len(clear.targets) + 1e-9))
    cuts = np.ones(len(films.keys))
    flagged = np.zeros(len(clear.targets), dtype=bool)
    if films.summary is not None:
        own = clear.probabilities[:, films.summary]
        cut = _just_above(own, int(np.floor(way.summary_share * allowed + 1e-9)))
        cuts[films.summary] = _rounded_up(cut)
        flagged = own >= cuts[films.summary]
    highest = scale.scores(clear.probabilities)[:, films.named].max(axis=1)
    # films that are flagged already cost nothing more
    cut = _just_above(highest[~flagged], allowed - int(flagged.sum()))
    cuts[films.named] = [_rounded_up(float(p)) for p in scale.thresholds(cut)[films.named]]
    return {films.keys[k]: float(cuts[k]) for k in films.flags}


def own_threshold(films: FilmTable, column: int, budget: float) -> float:
    """The lowest threshold of one label that at most ``budget`` of the films without a finding reach."""
    clear = films.probabilities[films.clear, column]
    return _rounded_up(_just_above(clear, int(np.floor(budget * len(clear) + 1e-9))))


def tightened(way: Way, films: FilmTable, budget: float) -> float:
    """The largest budget, at most the given one, that films left out of the choice keep to the given one."""
    for share in _TIGHTER:
        if left_out(way, films, budget * share).flagged.mean() <= budget:
            return float(budget * share)
    return float(budget * _TIGHTER[-1])


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Calls on films left out: of each clear film, of each other one, and of each label."""

    flagged: Float64Array
    found: Float64Array
    shown: Float64Array


def left_out(way: Way, films: FilmTable, budget: float) -> LeftOut:
    """What thresholds do to films that they were not chosen on.

    Returns
    -------
    LeftOut
        ``flagged`` of films without a finding, ``found`` of the others, ``shown`` by label with at least
        :data:`LEAST_FILMS` films; each a mean over repeats, 0-1.
    """
    clear = films.clear
    calls = np.zeros(films.targets.shape)
    any_flag = np.zeros(len(clear))
    for repeat in range(REPEATS):
        folds = patient_folds(films.groups, FOLDS, SEED + repeat)
        for fold in range(int(folds.max()) + 1):
            out: NDArray[np.bool_] = folds == fold
            inside = films.films(~out)
            if not inside.clear.any():
                continue
            cuts = {**dict.fromkeys(films.keys, 1.0), **set_thresholds(way, inside, budget)}
            called = films.films(out).called(cuts)
            calls[out] += called / REPEATS
            any_flag[out] += called.any(axis=1) / REPEATS
    truths = films.targets[:, films.named]
    positives = truths.sum(axis=0)
    shown = (calls[:, films.named] * truths).sum(axis=0) / np.maximum(positives, 1)
    enough = positives >= min(LEAST_FILMS, positives.max())
    return LeftOut(any_flag[clear], any_flag[~clear], shown[enough & (positives > 0)])


def try_ways(films: FilmTable, budgets: Sequence[float]) -> list[Trial]:
    """Every way, on films left out; the one that finds most first."""
    trials = [try_way(way, films, budgets) for way in ways(films)]
    return sorted(trials, key=lambda trial: -trial.worth)


def try_way(way: Way, films: FilmTable, budgets: Sequence[float]) -> Trial:
    """What a way finds on films left out, mean over budgets."""
    results = {budget: left_out(way, films, budget) for budget in budgets}
    return Trial(
        way,
        {budget: float(one.flagged.mean()) for budget, one in results.items()},
        float(np.mean([one.shown.mean() for one in results.values()])),
        float(np.mean([one.found.mean() for one in results.values()])),
    )


def _just_above(scores: Float64Array, allowed: int) -> float:
    """The lowest cut that at most ``allowed`` of the scores reach."""
    if not len(scores):
        return -np.inf
    falling = np.sort(scores)[::-1]
    if allowed >= len(falling):
        return float(falling[-1])
    return float(np.nextafter(falling[allowed], np.inf))


def _rounded_up(threshold: float) -> float:
    # to the next step above: a film of that very probability is one more than the budget holds
    return min(1.0, float((np.floor(threshold * _ROUNDED_TO + 1e-6) + 1) / _ROUNDED_TO))
