"""Facts of film and patient from single values: each word, figure and limit of the standard's elements."""

from __future__ import annotations

from typing import Any

import pytest

from cxr_dash.imaging.formats.dicom import facts
from cxr_dash.imaging.formats.dicom.facts import read_facts, read_identity, upright_orientation


@pytest.mark.parametrize(
    ("stated", "projection"),
    [
        *[(word, "LATERAL") for word in ("LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "lateral ap")],
        *[(word, "OTHER") for word in ("LLD", "RLD", "DECUB", "DECUBITUS", "LLO", "RLO", "LAO", "RAO")],
        *[(word, "OTHER") for word in ("LPO", "RPO", "OBL", "OBLIQUE", "LORDOTIC", "AXIAL", "TANGENTIAL")],
        *[(word, "PA") for word in ("PA", "p-a", "PA1", "PA ERECT")],
        *[(word, "AP") for word in ("AP", "a-p", "AP+AP")],
        *[(word, None) for word in ("PA AP", "LATERAL OBLIQUE", "PAP", "PALATERAL", "-", "")],
        ("LAO PA", "OTHER"),
    ],
)
def test_a_view_is_named_by_a_word_of_its_own(stated: str, projection: str | None) -> None:
    assert read_facts({"ViewPosition": stated}).projection == projection


def _coded(*codes: str) -> tuple[dict[str, str], ...]:
    return tuple({"CodeValue": code, "CodeMeaning": "Somewhere"} for code in codes)


@pytest.mark.parametrize(
    ("values", "projection"),
    [
        *[({"ViewCodeSequence": _coded(code)}, "PA") for code in ("272479007", "R-10214")],
        *[({"ViewCodeSequence": _coded(code)}, "AP") for code in ("399348003", "R-10206")],
        *[
            ({"ViewCodeSequence": _coded(code)}, "LATERAL")
            for code in ("399067008", "399173006", "399198007")
        ],
        *[({"ViewCodeSequence": _coded(code)}, "LATERAL") for code in ("R-10236", "R-10232", "R-10228")],
        *[({"ViewCodeSequence": _coded(code)}, None) for code in ("399033003", "R-10202", "")],
        ({"ViewCodeSequence": _coded("R-10202", "R-10206")}, "AP"),
        ({"ViewCodeSequence": _coded("1", "R-10206")}, "OTHER"),
        ({"ViewCodeSequence": "R-10206"}, None),
        ({"ViewCodeSequence": ("R-10206",)}, None),
        ({"PatientOrientation": ("A", "F")}, "LATERAL"),
        ({"PatientOrientation": ("F", "P")}, "LATERAL"),
        ({"PatientOrientation": ("R", "F")}, None),
    ],
)
def test_without_a_word_a_code_or_the_axes_name_the_view(
    values: dict[str, Any], projection: str | None
) -> None:
    assert read_facts(values).projection == projection


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"BodyPartExamined": "chest " + "x" * 70}, "CHEST " + "X" * 58),
        ({"BodyPartExamined": ("lung", "hand")}, "LUNG"),
        ({"BodyPartExamined": ()}, None),
        *[
            ({"AnatomicRegionSequence": _coded(code)}, "CHEST")
            for code in ("816094009", "51185008", "T-D3000")
        ],
        ({"AnatomicRegionSequence": _coded("7")}, "SOMEWHERE"),
        ({"AnatomicRegionSequence": ({"CodeValue": "7", "CodeMeaning": "y" * 65},)}, "Y" * 64),
        ({"AnatomicRegionSequence": ({"CodeValue": "7"},)}, None),
        ({"AnatomicRegionSequence": ({"CodeMeaning": "hand"},)}, None),
    ],
)
def test_a_body_part_has_64_letters_at_most(values: dict[str, Any], part: str | None) -> None:
    assert read_facts(values).body_part == part


@pytest.mark.parametrize(
    ("values", "years"),
    [
        ({"PatientAge": "130Y"}, 130.0),
        ({"PatientAge": "131Y"}, None),
        ({"PatientAge": "047482D"}, 47482 / 365.25),
        ({"PatientAge": "47483D"}, None),
        ({"PatientAge": "0000045Y"}, None),
        ({"PatientAge": "ABCY"}, None),
        ({"PatientAge": "000Y"}, 0.0),
        ({"PatientAge": " 7 Y"}, 7.0),
        ({"PatientAge": "24m"}, 2.0),
        ({"PatientAge": "52W"}, 364 / 365.25),
        ({"PatientAge": 40}, 40.0),
        ({"PatientBirthDate": "20000101", "StudyDate": "20000101"}, 0.0),
        ({"PatientBirthDate": "20000102", "StudyDate": "20000101"}, None),
        ({"PatientBirthDate": "19000101", "StudyDate": "20291231"}, 47481 / 365.25),
        ({"PatientBirthDate": "19000101", "StudyDate": "20300106"}, None),
        ({"PatientBirthDate": "20000101", "StudyDate": "20010101", "ContentDate": "20020101"}, 2.0),
        ({"PatientBirthDate": "20000101", "ContentDate": "20020101", "AcquisitionDate": "20030101"}, 3.0),
        ({"PatientBirthDate": "20000101"}, None),
        ({"StudyDate": "20000101"}, None),
    ],
)
def test_an_age_is_up_to_130_years_and_comes_from_the_most_exact_day(
    values: dict[str, Any], years: float | None
) -> None:
    found = read_facts(values).age_years
    assert found == (None if years is None else pytest.approx(years, abs=2e-3))


def test_a_month_is_a_twelfth_of_a_year_and_a_week_seven_days() -> None:
    for stated, years in (("1M", 1 / 12), ("1W", 7 / 365.25), ("1D", 1 / 365.25), ("1Y", 1.0)):
        assert read_facts({"PatientAge": stated}).age_years == pytest.approx(years, rel=1e-12)
    born = {"PatientBirthDate": "20230101", "StudyDate": "20230201"}
    assert read_facts(born).age_years == pytest.approx(31 / 365.25, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "spacing"),
    [
        ({"PixelSpacing": (0.01, 10.0)}, (0.01, 10.0)),
        ({"PixelSpacing": (0.0099, 1.0)}, None),
        ({"PixelSpacing": (1.0, 10.1)}, None),
        ({"PixelSpacing": (1.0,)}, None),
        ({"PixelSpacing": (1.0, 2.0, 3.0)}, None),
        ({"PixelSpacing": (1.0, "2")}, None),
        ({"PixelSpacing": ("1", 2.0)}, None),
        ({"PixelSpacing": (float("nan"), 2.0)}, None),
        ({"PixelSpacing": 0.2}, None),
        ({"PixelSpacing": (1, 2), "ImagerPixelSpacing": (3, 4)}, (1.0, 2.0)),
        ({"PixelSpacing": (0, 0), "ImagerPixelSpacing": (3, 4)}, (3.0, 4.0)),
        ({"ImagerPixelSpacing": (3, 4), "NominalScannedPixelSpacing": (5, 6)}, (3.0, 4.0)),
        *[
            (
                {"ImagerPixelSpacing": (3, 6), "EstimatedRadiographicMagnificationFactor": factor},
                (3 / applied, 6 / applied),
            )
            for factor, applied in ((1.0, 1), (1.5, 1.5), (3.0, 3), (3.01, 1), (0.99, 1), (0.5, 1), ("2", 1))
        ],
        ({"PixelSpacing": (1, 2), "EstimatedRadiographicMagnificationFactor": 2.0}, (1.0, 2.0)),
        ({"NominalScannedPixelSpacing": (1, 2), "EstimatedRadiographicMagnificationFactor": 2.0}, (1.0, 2.0)),
        *[
            ({"PixelSpacing": (1, 2), "PatientOrientation": axes}, expected)
            for axes, expected in (
                (("F", "L"), (2.0, 1.0)),
                (("H", "L"), (2.0, 1.0)),
                (("L", "H"), (1.0, 2.0)),
                (("L", "F"), (1.0, 2.0)),
            )
        ],
    ],
)
def test_spacing_is_plausible_at_the_patient_and_upright(
    values: dict[str, Any], spacing: tuple[float, float] | None
) -> None:
    assert read_facts(values).pixel_spacing_mm == (None if spacing is None else pytest.approx(spacing))


@pytest.mark.parametrize(
    ("axes", "turn", "mirrored"),
    [
        (("L", "F"), 1, False), (("R", "F"), 1, True), (("L", "H"), 3, True), (("R", "H"), 3, False),
        (("F", "L"), 6, True), (("F", "R"), 6, False), (("H", "L"), 8, False), (("H", "R"), 8, True),
        (("RA", "FL"), 1, True), (("r", "f"), 1, True),
        # seen along the axis from head to foot, twice the same, or no direction of a patient
        (("R", "A"), 1, False), (("R", "P"), 1, False), (("F", "F"), 1, False), (("H", "F"), 1, False),
        (("F", "H"), 1, False), (("R", "L"), 1, False), (("R", "X"), 1, False), (("X", "H"), 1, False),
        (("R", ""), 1, False), (("R",), 1, False), (("R", "F", "F"), 1, False), ("RF", 1, False),
    ],
)  # fmt: skip
def test_axes_say_how_a_film_is_turned_and_whether_it_is_mirrored(
    axes: Any, turn: int, mirrored: bool
) -> None:
    values = {"PatientOrientation": axes}
    assert upright_orientation(values) == turn
    assert read_facts(values).mirrored is mirrored


@pytest.mark.parametrize(
    ("stated", "sex"), [("f", "F"), ("M", "M"), ("O", "O"), ("FM", None), ("", None), (7, None)]
)
def test_a_sex_is_one_letter_of_the_standard(stated: Any, sex: str | None) -> None:
    assert read_facts({"PatientSex": stated}).sex == sex


@pytest.mark.parametrize(
    ("values", "taken"),
    [
        ({"AcquisitionDateTime": "20240301235959.5"}, "2024-03-01T23:59:59"),
        ({"AcquisitionDateTime": "2024030100"}, "2024-03-01T00:00:00"),
        ({"AcquisitionDateTime": "20240301"}, "2024-03-01"),
        ({"AcquisitionDateTime": "2024", "StudyDate": "20240302"}, "2024-03-02"),
        *[
            ({"StudyDate": "20240301", "StudyTime": time}, "2024-03-01" + shown)
            for time, shown in (
                ("", ""), ("0", ""), ("07", "T07:00:00"), ("071", ""), ("0715", "T07:15:00"), ("07153", ""),
                ("071530", "T07:15:30"), ("071530.25", "T07:15:30"), ("07:15:30", "T07:15:30"),
                ("23", "T23:00:00"), ("24", ""), ("2359", "T23:59:00"), ("0060", ""), ("000059", "T00:00:59"),
                ("000060", "T00:00:59"), ("000099", "T00:00:59"), ("7x", ""), ("\u0661\u0662", ""),
            )
        ],
        ({"AcquisitionDate": "20240301", "ContentDate": "20240302"}, "2024-03-01"),
        ({"ContentDate": "20240302", "StudyDate": "20240303"}, "2024-03-02"),
        ({"ContentDate": "20240302", "AcquisitionTime": "07"}, "2024-03-02"),
    ],
)  # fmt: skip
def test_the_moment_of_a_film_has_its_own_date_and_a_time_of_day_where_it_is_one(
    values: dict[str, str], taken: str
) -> None:
    found = read_identity(values)
    assert found is not None
    assert found.taken == taken


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("20240229", "2024-02-29"), ("2024.02.29", "2024-02-29"), ("2024-02-29", "2024-02-29"),
        ("202402290800", "2024-02-29"), ("20230229", ""), ("2024022", ""), ("2024O229", ""), ("00000101", ""),
    ],
)  # fmt: skip
def test_a_date_has_eight_digits_that_are_a_day(stated: str, day: str) -> None:
    found = read_identity({"PatientBirthDate": stated, "PatientID": "7"})
    assert found is not None
    assert found.birth_date == day


def test_identity_has_each_value_from_its_own_element() -> None:
    named = ("PatientName", "PatientID", "AccessionNumber", "IssuerOfPatientID")
    for number, keyword in enumerate(named):
        found = read_identity({keyword: f" {number} "})
        assert found is not None
        words = (found.name, found.patient_id, found.accession_number, found.issuer)
        assert words == tuple(str(number) if at == number else "" for at in range(4))
    found = read_identity({"StudyDate": "20240229"})
    assert found is not None
    assert (found.study_date, found.birth_date) == ("2024-02-29", "")
    assert read_identity({}) is None


def test_texts_and_numbers_are_the_first_of_several() -> None:
    assert facts._text({"PatientID": (5, 6)}, "PatientID") == "5"
    assert facts._text({"PatientID": ({"a": 1},)}, "PatientID") == ""
    values = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.3", "SOPInstanceUID": "1.4"}
    found = read_facts(values)
    assert (found.study_uid, found.series_uid, found.instance_uid) == ("1.2", "1.3", "1.4")
    assert read_facts({}).study_uid is None


@pytest.mark.parametrize(
    ("values", "raw"),
    [
        ({}, False),
        ({"PresentationIntentType": "for processing"}, True),
        ({"PresentationIntentType": "FOR PRESENTATION"}, False),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1"}, True),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1"}, False),
    ],
)
def test_a_film_is_raw_by_its_class_or_its_own_word(values: dict[str, str], raw: bool) -> None:
    assert read_facts(values).for_processing is raw
