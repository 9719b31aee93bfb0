"""What a file says of film and patient, in a line."""

from __future__ import annotations

import pytest

from cxr_dash.domain import FilmFacts, PatientIdentity
from cxr_dash.language import say_facts, say_identity, translator

ENGLISH, SPANISH = translator("en"), translator("es")


@pytest.mark.parametrize(
    ("facts", "english", "spanish"),
    [
        (FilmFacts(projection="PA", age_years=64.9, sex="F"), "PA, 64 years, F", "PA, 64 años, F"),
        (FilmFacts(projection="AP", age_years=1.0), "AP, 12 months", "AP, 12 meses"),
        (FilmFacts(age_years=1 / 12, sex="M"), "1 month, M", "1 mes, M"),
        (FilmFacts(age_years=0.01), "0 months", "0 meses"),
        (FilmFacts(projection="LATERAL"), "lateral view", "proyección lateral"),
        (FilmFacts(projection="OTHER", sex="O"), "another view, O", "otra proyección, O"),
        (FilmFacts(body_part="CHEST", study_uid="1.2.3"), "", ""),
    ],
)
def test_projection_age_and_sex_are_said_as_far_as_they_are_known(
    facts: FilmFacts, english: str, spanish: str
) -> None:
    assert say_facts(facts, ENGLISH) == english
    assert say_facts(facts, SPANISH) == spanish


def test_of_a_patient_only_what_is_known_is_said() -> None:
    whole = PatientIdentity("DOE, JANE", "4711-XQ", "1959-03-14", "ACC-7", "2024-02-29")
    assert (
        say_identity(whole, SPANISH) == "DOE, JANE · n.º 4711-XQ · nac. 1959-03-14 · "
        "estudio 2024-02-29 · acceso ACC-7"
    )
    assert say_identity(PatientIdentity(patient_id="4711-XQ"), ENGLISH) == "ID 4711-XQ"
    assert say_identity(PatientIdentity(), ENGLISH) == ""
