"""The table of DICOM elements that are read is the standard's."""

from __future__ import annotations

import pytest
from pydicom.datadict import keyword_for_tag

from cxr_dash.imaging.formats.dicom.facts import _age_years
from cxr_dash.imaging.formats.dicom.values import MAX_VALUE_BYTES, WANTED


@pytest.mark.parametrize("tag", WANTED, ids=lambda tag: f"{tag:08X}")
def test_an_element_has_the_name_that_the_standard_gives_it(tag: int) -> None:
    assert WANTED[tag] == keyword_for_tag(tag)


def test_no_element_is_missing_and_a_lookup_table_of_full_length_is_read() -> None:
    assert len(WANTED) == 59
    assert 65_536 * 2 < MAX_VALUE_BYTES <= 2**20


@pytest.mark.parametrize(
    ("stated", "years"),
    [
        ("045Y", 45.0),
        ("000045Y", 45.0),
        ("0000045Y", None),
        ("012M", 1.0),
        ("045", 45.0),
        ("045X", None),
        ("Y", None),
    ],
)
def test_an_age_has_six_digits_at_most_and_a_unit_or_none(stated: str, years: float | None) -> None:
    found = _age_years({"PatientAge": stated})
    assert found == (None if years is None else pytest.approx(years))
