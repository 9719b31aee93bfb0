"""What a file says of its film beyond the pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Projection = Literal["PA", "AP", "LATERAL", "OTHER"]
Sex = Literal["F", "M", "O"]

_MONTHS_BELOW_YEARS = 2.0


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What the file says of film and patient that is no identity; None where it says nothing.

    Attributes
    ----------
    projection : {"PA", "AP", "LATERAL", "OTHER"} or None
        ``OTHER`` is a view that the file names and that is none of the three, such as an oblique one.
    body_part : str or None
        As the file codes it, upper case: ``"CHEST"``, ``"HAND"``.
    age_years : float or None
        At the time of the film, >= 0.
    sex : {"F", "M", "O"} or None
    mirrored : bool
        Whether the file says that the patient's left lies at the left of the picture.
    pixel_spacing_mm : tuple of (float, float) or None
        Distance of rows, distance of columns, millimetres, upright like the pixels; at the detector unless
        the file says that it was corrected.
    for_processing : bool
        Whether the file calls itself raw ("for processing"): its levels are not those of a viewer.
    study_uid, series_uid, instance_uid : str or None
        DICOM identifiers, for results that go back.
    """

    projection: Projection | None = None
    body_part: str | None = None
    age_years: float | None = None
    sex: Sex | None = None
    mirrored: bool = False
    pixel_spacing_mm: tuple[float, float] | None = None
    for_processing: bool = False
    study_uid: str | None = None
    series_uid: str | None = None
    instance_uid: str | None = None

    @property
    def shareable(self) -> FilmFacts:
        """The same without what leads back to one study or one birthday.

        Returns
        -------
        FilmFacts
            No identifiers; the age in completed years, below 2 years in completed months.
        """
        age = self.age_years
        if age is not None:
            # a month is 30.4375 days: whole ones, as stated, must not become one less by rounding
            age = float(math.floor(age)) if age >= _MONTHS_BELOW_YEARS else math.floor(age * 12 + 1e-6) / 12
        return replace(self, age_years=age, study_uid=None, series_uid=None, instance_uid=None)


@dataclass(frozen=True, slots=True, repr=False)
class PatientIdentity:
    """Who the patient is: kept beside the film alone, for its lifetime; never logged, so it has no ``repr``.

    Attributes
    ----------
    name, patient_id, birth_date, accession_number, study_date : str
        As a person reads them; empty where the file says nothing. Dates are ISO 8601.
    issuer : str
        Who gave the patient's number: the same number of two hospitals is two patients.
    taken : str
        When the film was taken, as well as the file says it: ISO 8601, ``2024-02-29`` or with the time of day
        on the device's clock, ``2024-02-29T08:15:30``.
    """

    name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    accession_number: str = ""
    study_date: str = ""
    issuer: str = ""
    taken: str = ""

    def __repr__(self) -> str:
        """Nothing that a log could keep."""
        return "PatientIdentity(...)"
