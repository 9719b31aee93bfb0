"""Whom a model answers: each age, look and view on both sides of what the bundle says."""

from __future__ import annotations

import pytest

from cxr_dash.domain import FilmFacts, ReasonCode, Verdict
from cxr_dash.inference.schema_population import Population
from cxr_dash.services import population as room

CHILDREN = Population(age_years=(1, 5), projections=["PA"])
ADULTS = Population(age_years=(18, 120), projections=["PA", "AP"])
TEENS = Population(age_years=(12, 17), projections=["PA"])


class Guess:
    def __init__(self, *, adult: bool = False, child: bool = False) -> None:
        self.seems_adult, self.seems_child = adult, child


@pytest.mark.parametrize(
    ("age", "verdicts"),
    [
        (0.99, [Verdict.REJECT]),
        (1.0, []),
        (5.99, []),
        (6.0, [Verdict.REJECT]),
        (None, [Verdict.WARN]),
    ],
)
def test_an_age_counts_in_completed_years(age: float | None, verdicts: list[Verdict]) -> None:
    assert [verdict for verdict, _ in room._of_age(CHILDREN, FilmFacts(age_years=age))] == verdicts
    assert not list(room._of_age(None, FilmFacts(age_years=age)))


def test_an_age_that_is_not_known_is_said_of_models_for_children_alone() -> None:
    assert not list(room._of_age(ADULTS, FilmFacts()))
    ((_, reason),) = room._of_age(TEENS, FilmFacts())
    assert reason.code is ReasonCode.AGE_UNKNOWN_CHILDREN
    ((_, outside),) = room._of_age(ADULTS, FilmFacts(age_years=17.9))
    assert outside.code is ReasonCode.AGE_OUTSIDE
    assert outside.values == {"age": 17, "youngest": 18, "oldest": 120}


@pytest.mark.parametrize(
    ("made_for", "guess", "codes"),
    [
        (CHILDREN, Guess(adult=True), [ReasonCode.SEEMS_ADULT]),
        (CHILDREN, Guess(child=True), []),
        (CHILDREN, Guess(), []),
        (ADULTS, Guess(adult=True), []),
        (ADULTS, Guess(child=True), [ReasonCode.SEEMS_CHILD]),
        (ADULTS, Guess(), []),
        (TEENS, Guess(adult=True), [ReasonCode.SEEMS_ADULT]),
        (TEENS, Guess(child=True), [ReasonCode.SEEMS_CHILD]),
        (CHILDREN, None, []),
        (None, Guess(adult=True, child=True), []),
    ],
)
def test_looks_count_against_whom_the_model_is_made_for(
    made_for: Population | None, guess: Guess | None, codes: list[ReasonCode]
) -> None:
    found = [reason.code for _, reason in room._of_looks(made_for, FilmFacts(), guess)]  # type: ignore[arg-type]
    assert found == codes
    known = FilmFacts(age_years=30.0)
    assert not list(room._of_looks(made_for, known, guess))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("view", "made_for", "found"),
    [
        ("LATERAL", ADULTS, [(Verdict.REJECT, ReasonCode.LATERAL_BY_TAG)]),
        ("LATERAL", None, [(Verdict.REJECT, ReasonCode.LATERAL_BY_TAG)]),
        ("PA", CHILDREN, []),
        ("AP", CHILDREN, [(Verdict.WARN, ReasonCode.PROJECTION_OUTSIDE)]),
        ("AP", ADULTS, []),
        ("AP", None, []),
        (None, CHILDREN, []),
        ("OBLIQUE", ADULTS, [(Verdict.REJECT, ReasonCode.PROJECTION_OUTSIDE)]),
    ],
)
def test_a_view_counts_against_those_the_model_knows(
    view: str | None, made_for: Population | None, found: list[tuple[Verdict, ReasonCode]]
) -> None:
    facts = FilmFacts(projection=view)  # type: ignore[arg-type]
    assert [(verdict, reason.code) for verdict, reason in room._of_view(made_for, facts)] == found


def test_a_film_of_something_else_is_refused_and_nothing_else_is_said_of_it() -> None:
    facts = FilmFacts(body_part="HAND", projection="LATERAL", mirrored=True)
    assert [reason.code for _, reason in room._of_film(ADULTS, facts)] == [ReasonCode.OTHER_BODY_PART]
    mirrored = FilmFacts(body_part="CHEST", projection="PA", mirrored=True)
    assert [reason.code for _, reason in room._of_film(ADULTS, mirrored)] == [ReasonCode.MIRRORED]
    lateral = FilmFacts(projection="LATERAL", mirrored=True)
    assert [reason.code for _, reason in room._of_film(ADULTS, lateral)] == [ReasonCode.LATERAL_BY_TAG]
