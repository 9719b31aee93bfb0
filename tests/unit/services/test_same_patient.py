"""Films of one patient are known in one session, by a tag that names nobody and no day."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from dicom_files import IDENTITY

from cxr_dash.domain import PatientIdentity
from cxr_dash.services.same_patient import PatientTag, patient_tag

JANE = PatientIdentity(
    "DOE, JANE", "ID-4711", "1980-02-28", "ACC-7", "2024-02-29", taken="2024-03-01T08:15:00"
)
KEY, OTHER_KEY = "k" * 32, "o" * 32


def tag(identity: PatientIdentity, key: str = KEY) -> PatientTag:
    found = patient_tag(identity, key)
    assert found is not None
    return found


def test_films_of_one_patient_have_one_tag_and_are_as_far_apart_as_they_were_taken() -> None:
    earlier = replace(JANE, name="DOE, JANE B.", accession_number="ACC-1", taken="2024-02-29T20:15:30")
    new, old = tag(JANE), tag(earlier)
    assert new.patient == old.patient
    assert new.taken is not None
    assert old.taken is not None
    assert new.taken - old.taken == 12 * 3600 - 30
    assert not new.day_only
    assert tag(replace(JANE, taken="2024-03-01")).day_only
    assert tag(replace(JANE, taken="")).taken is None


@pytest.mark.parametrize(
    "changes", [{"patient_id": "ID-4712"}, {"birth_date": "1980-02-29"}, {"issuer": "another house"}]
)
def test_another_number_issuer_or_date_of_birth_is_another_patient(changes: dict[str, str]) -> None:
    assert tag(JANE).patient != tag(replace(JANE, **changes)).patient


def test_another_session_sees_another_tag_and_another_moment() -> None:
    here, there = tag(JANE), tag(JANE, OTHER_KEY)
    assert here.patient != there.patient
    assert here.taken != there.taken
    assert not any(word in str(asdict(here)) for word in (*IDENTITY, "2024-02-29", "2024-03-01"))


def test_what_a_session_sees_of_a_moment_lies_anywhere_in_a_century() -> None:
    seen = [tag(JANE, f"{number:032}").taken or 0 for number in range(60)]
    year = 365 * 24 * 3600
    assert 80 * year < max(seen) - min(seen) < 100 * year
    assert len({moment // (10 * year) for moment in seen}) >= 9


@pytest.mark.parametrize("number", ["", "0", "7", "000000", "ANONYMOUS", "--", "1111", "99999999"])
def test_a_number_that_may_be_a_placeholder_makes_no_two_films_one_patients(number: str) -> None:
    assert patient_tag(replace(JANE, patient_id=number), KEY) is None


def test_without_a_session_or_an_identity_there_is_no_tag() -> None:
    assert patient_tag(JANE, "") is None
    assert patient_tag(None, KEY) is None
