"""A film of a patient a model was not made for is refused, and an age that is not known is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from cxr_dash import imaging
from cxr_dash.domain import FilmFacts, Quality, Radiograph, Reason, ReasonCode, Verdict
from cxr_dash.inference.schema_population import Population
from cxr_dash.services import build_service
from cxr_dash.services.population import check_population
from cxr_dash.settings import Settings

CHILDREN = Population(age_years=(1, 5), projections=["AP"])
ADULTS = Population(age_years=(18, 94), projections=["PA", "AP"])


@pytest.mark.parametrize("age", [1.0, 3.0, 5.0, 5.9])
def test_an_age_inside_passes_in_completed_years(age: float) -> None:
    assert check_population(CHILDREN, FilmFacts(age_years=age)) == Quality(Verdict.OK)


@pytest.mark.parametrize(("age", "said"), [(0.5, 0), (6.0, 6), (62.0, 62)])
def test_an_age_outside_is_refused_with_the_age_and_the_range(age: float, said: int) -> None:
    quality = check_population(CHILDREN, FilmFacts(age_years=age))
    values = {"age": said, "youngest": 1, "oldest": 5}
    assert quality == Quality(Verdict.REJECT, (Reason(ReasonCode.AGE_OUTSIDE, values),))
    assert quality.withheld


def test_an_unknown_age_is_said_of_a_model_for_children_alone() -> None:
    said = Reason(ReasonCode.AGE_UNKNOWN_CHILDREN, {"youngest": 1, "oldest": 5})
    assert check_population(CHILDREN, FilmFacts()) == Quality(Verdict.WARN, (said,))
    assert check_population(CHILDREN, FilmFacts()).first_of_all == (said,)
    assert check_population(ADULTS, FilmFacts()) == Quality(Verdict.OK)


def test_a_bundle_that_does_not_say_has_no_age_outside() -> None:
    assert check_population(None, FilmFacts(age_years=3.0, projection="PA")) == Quality(Verdict.OK)


@pytest.mark.parametrize(
    ("population", "projection", "verdict", "codes"),
    [
        (None, "LATERAL", Verdict.REJECT, ["lateral_by_tag"]),
        (ADULTS, "LATERAL", Verdict.REJECT, ["lateral_by_tag"]),
        (ADULTS, "OTHER", Verdict.REJECT, ["projection_outside"]),
        (ADULTS, "PA", Verdict.OK, []),
        (CHILDREN, "PA", Verdict.WARN, ["projection_outside"]),
    ],
)
def test_a_view_the_model_was_not_made_for_is_refused_or_said(
    population: Population | None, projection: str, verdict: Verdict, codes: list[str]
) -> None:
    facts = FilmFacts(age_years=3.0 if population is CHILDREN else 40.0, projection=projection)  # type: ignore[arg-type]
    quality = check_population(population, facts)
    assert (quality.verdict, quality.codes) == (verdict, codes)


@pytest.mark.parametrize("population", [None, ADULTS])
def test_another_part_of_the_body_is_refused_for_every_bundle(population: Population | None) -> None:
    facts = FilmFacts(age_years=40.0, body_part="HAND", projection="OTHER", mirrored=True)
    said = Reason(ReasonCode.OTHER_BODY_PART, {"body_part": "HAND"})
    assert check_population(population, facts) == Quality(Verdict.REJECT, (said,))


@pytest.mark.parametrize("body_part", ["CHEST", "CHESTABDOMEN", "RIB", "UNKNOWN", None])
def test_a_body_part_that_may_be_the_chest_is_left_to_the_picture(body_part: str | None) -> None:
    facts = FilmFacts(age_years=40.0, body_part=body_part)
    assert check_population(ADULTS, facts) == Quality(Verdict.OK)


@pytest.mark.parametrize("population", [None, ADULTS])
def test_a_film_that_its_file_calls_mirrored_is_read_and_said_to_be(population: Population | None) -> None:
    facts = FilmFacts(age_years=40.0, projection="PA", mirrored=True)
    assert check_population(population, facts) == Quality(Verdict.WARN, (Reason(ReasonCode.MIRRORED),))


def test_of_a_lateral_no_sides_are_spoken_of() -> None:
    facts = FilmFacts(projection="LATERAL", mirrored=True)
    assert check_population(None, facts).codes == ["lateral_by_tag"]


def test_a_hand_of_a_child_still_has_no_figures_of_a_model_for_adults() -> None:
    quality = check_population(ADULTS, FilmFacts(age_years=13.0, body_part="EXTREMITY"))
    assert quality.codes == ["other_body_part", "age_outside"]
    assert quality.withheld


def test_what_refuses_is_said_before_what_warns() -> None:
    quality = check_population(CHILDREN, FilmFacts(projection="LATERAL"))
    assert quality.codes == ["lateral_by_tag", "age_unknown_children"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"age_years": [5, 1], "projections": ["AP"]},
        {"age_years": [-1, 5], "projections": ["AP"]},
        {"age_years": [1, 5], "projections": []},
        {"age_years": [1, 5], "projections": ["AP", "AP"]},
        {"age_years": [1, 5], "projections": ["LATERAL"]},
        {"age_years": [1, 5], "projections": ["AP"], "sex": "F"},
    ],
)
def test_a_population_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Population.model_validate(wrong)


@pytest.mark.parametrize(
    ("model", "age", "code"),
    [("pneumonia-paediatric", 62.0, "age_outside"), ("findings", 3.0, "age_outside")],
)
def test_a_shipped_model_does_not_answer_for_an_age_it_was_not_made_for(
    model: str, age: float, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phantom = Radiograph(imaging.chest_phantom(320, 320), 8, "png", "0" * 64)
    aged = replace(phantom, facts=FilmFacts(age_years=age))
    monkeypatch.setattr("cxr_dash.imaging.decode", lambda _data, _limits: aged)
    service = build_service(Settings())
    quality = service.analyse_bytes(b"a film", model).quality
    assert quality.verdict is Verdict.REJECT
    assert quality.codes[0] == code
    ungated = service.analyse_bytes(b"a film", model, gate=False).quality
    assert (ungated.verdict, ungated.codes) == (Verdict.REJECT, [code])


def test_the_shipped_model_for_children_says_first_that_the_age_is_not_known() -> None:
    film = imaging.encode_png(imaging.chest_phantom(320, 320), {})
    quality = build_service(Settings()).analyse_bytes(film, "pneumonia-paediatric").quality
    assert quality.first_of_all == (Reason(ReasonCode.AGE_UNKNOWN_CHILDREN, {"youngest": 1, "oldest": 5}),)
