"""What a file says of its film, held against what can be read at all and whom the model was made for.

A tag is believed where it says that the film cannot be read; where it says nothing of use, or lies, the
gate's own network decides by the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_dash.domain import FilmFacts, Quality, Reason, ReasonCode, Verdict, names_chest
from cxr_dash.inference.schema_population import Population
from cxr_dash.services.age_group import AgeGuess

_FRONTAL = ("PA", "AP")


def check_population(
    population: Population | None, facts: FilmFacts, guess: AgeGuess | None = None
) -> Quality:
    """Hold what a file says of its film against whom a bundle was made for.

    Parameters
    ----------
    population : Population or None
        None where the bundle does not say: then no age is inside or outside.
    facts : FilmFacts
        What the file does not say is not held against it, but where the bundle is for children alone an
        unknown age is said.
    guess : AgeGuess, optional
        What the film looks like; an age that the file says wins.

    Returns
    -------
    Quality
        ``reject`` for another part of the body and for a lateral view, whatever the bundle says of itself,
        for an age outside, for a film that looks like one of a child where adults are meant, or the other
        way round, and for a view that is neither PA nor AP; ``warn`` for a film that may be
        mirrored, for an unknown age as above, and for the other of the two frontal views.
    """
    opinions = [
        *_of_film(population, facts),
        *_of_age(population, facts),
        *_of_looks(population, facts, guess),
    ]
    if not opinions:
        return Quality(Verdict.OK)
    refused = any(verdict is Verdict.REJECT for verdict, _ in opinions)
    opinions.sort(key=lambda opinion: opinion[0] is not Verdict.REJECT)
    return Quality(Verdict.REJECT if refused else Verdict.WARN, tuple(reason for _, reason in opinions))


def check_age(population: Population | None, facts: FilmFacts) -> Quality:
    """Refuse an age outside alone: what holds also where nothing else is asked of a film.

    Parameters
    ----------
    population : Population or None
    facts : FilmFacts
    """
    outside = tuple(reason for verdict, reason in _of_age(population, facts) if verdict is Verdict.REJECT)
    return Quality(Verdict.REJECT if outside else Verdict.OK, outside)


def _of_age(population: Population | None, facts: FilmFacts) -> Iterator[tuple[Verdict, Reason]]:
    if population is None:
        return
    youngest, oldest = population.age_years
    range_of = {"youngest": youngest, "oldest": oldest}
    if facts.age_years is None:
        if population.children_only:
            yield Verdict.WARN, Reason(ReasonCode.AGE_UNKNOWN_CHILDREN, range_of)
        return
    age = math.floor(facts.age_years)
    if not youngest <= age <= oldest:
        yield Verdict.REJECT, Reason(ReasonCode.AGE_OUTSIDE, {"age": age, **range_of})


def _of_looks(
    population: Population | None, facts: FilmFacts, guess: AgeGuess | None
) -> Iterator[tuple[Verdict, Reason]]:
    if population is None or guess is None or facts.age_years is not None:
        return
    youngest, oldest = population.age_years
    range_of = {"youngest": youngest, "oldest": oldest}
    if guess.seems_adult and population.children_only:
        yield Verdict.REJECT, Reason(ReasonCode.SEEMS_ADULT, range_of)
    if guess.seems_child and population.grown_ups_only:
        yield Verdict.REJECT, Reason(ReasonCode.SEEMS_CHILD, range_of)


def _of_film(population: Population | None, facts: FilmFacts) -> Iterator[tuple[Verdict, Reason]]:
    if names_chest(facts.body_part) is False:
        # from which side a hand was taken, and which way round, is then of no interest
        yield Verdict.REJECT, Reason(ReasonCode.OTHER_BODY_PART, {"body_part": facts.body_part})
        return
    yield from _of_view(population, facts)
    if facts.mirrored and facts.projection != "LATERAL":
        yield Verdict.WARN, Reason(ReasonCode.MIRRORED)


def _of_view(population: Population | None, facts: FilmFacts) -> Iterator[tuple[Verdict, Reason]]:
    view = facts.projection
    if view == "LATERAL":
        yield Verdict.REJECT, Reason(ReasonCode.LATERAL_BY_TAG)
    elif population is not None and view is not None and view not in population.projections:
        verdict = Verdict.WARN if view in _FRONTAL else Verdict.REJECT
        made_for = ", ".join(population.projections)
        yield verdict, Reason(ReasonCode.PROJECTION_OUTSIDE, {"projection": view, "made_for": made_for})
