"""What a DICOM file says of film and patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dicom_files import film_dataset, write
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cxr_dash.domain import FilmFacts, PatientIdentity, Radiograph, Reason, ReasonCode, names_chest
from cxr_dash.imaging import chest_phantom, decode

PIXELS = chest_phantom(72, 64)


def read(**elements: Any) -> Radiograph:
    return decode(write(film_dataset(PIXELS, 8, WindowCenter=128, WindowWidth=256, **elements), PIXELS))


def facts(**elements: Any) -> FilmFacts:
    return read(**elements).facts


def code(value: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return Sequence([item])


@pytest.mark.parametrize(
    ("elements", "projection"),
    [
        ({"ViewPosition": "PA"}, "PA"),
        ({"ViewPosition": "AP"}, "AP"),
        ({"ViewPosition": "LL"}, "LATERAL"),
        ({"ViewPosition": "RL"}, "LATERAL"),
        ({"ViewPosition": "LATERAL"}, "LATERAL"),
        ({"ViewPosition": "LLD"}, "OTHER"),
        ({"ViewPosition": "RLO"}, "OTHER"),
        ({"ViewPosition": None}, None),
        ({"ViewPosition": ""}, None),
        *[({"ViewPosition": words}, "PA") for words in ("PA ERECT", "P-A", "CHEST PA")],
        *[({"ViewPosition": words}, "AP") for words in ("AP SUPINE", "AP PORT", "PORTABLE AP")],
        *[({"ViewPosition": words}, None) for words in ("FRONTAL", "PORTABLE", "PA/AP", "X")],
        *[({"ViewPosition": words}, "LATERAL") for words in ("LAT CHEST", "LATERAL, LEFT")],
        ({"ViewPosition": None, "ViewCodeSequence": code("272479007", "postero-anterior")}, "PA"),
        ({"ViewPosition": None, "ViewCodeSequence": code("R-10206", "antero-posterior")}, "AP"),
        ({"ViewPosition": None, "ViewCodeSequence": code("399173006", "left lateral")}, "LATERAL"),
        ({"ViewPosition": None, "ViewCodeSequence": code("399033003", "frontal")}, None),
        ({"ViewPosition": None, "ViewCodeSequence": code("399061009", "axial")}, "OTHER"),
        ({"ViewPosition": None, "PatientOrientation": ["A", "F"]}, "LATERAL"),
        ({"ViewPosition": None, "PatientOrientation": ["P", "F"]}, "LATERAL"),
        ({"ViewPosition": None, "PatientOrientation": ["L", "F"]}, None),
    ],
)
def test_the_projection_is_what_the_file_names(elements: dict[str, Any], projection: str | None) -> None:
    assert facts(**elements).projection == projection


@pytest.mark.parametrize(
    ("elements", "body_part"),
    [
        ({"BodyPartExamined": "chest"}, "CHEST"),
        ({"BodyPartExamined": "HAND"}, "HAND"),
        ({"BodyPartExamined": None}, None),
        ({"BodyPartExamined": None, "AnatomicRegionSequence": code("816094009", "Chest")}, "CHEST"),
        ({"BodyPartExamined": None, "AnatomicRegionSequence": code("51185008", "Thorax")}, "CHEST"),
        ({"BodyPartExamined": None, "AnatomicRegionSequence": code("85562004", "Hand")}, "HAND"),
    ],
)
def test_the_body_part_is_what_the_file_names(elements: dict[str, Any], body_part: str | None) -> None:
    assert facts(**elements).body_part == body_part


@pytest.mark.parametrize(
    ("body_part", "chest"),
    [
        *[(name, True) for name in ("CHEST", "chest", "THORAX", "LUNG", "CHEST 1 VIEW", "CHEST_AP", "CXR")],
        *[(name, True) for name in ("TORAX PA", "PORT CHEST", "CHESTABDOMEN", "LUNGS", "HEART")],
        *[(name, False) for name in ("HAND", "EXTREMITY", "TSPINE", "THORACIC SPINE", "STERNUM", "SKULL")],
        *[(name, False) for name in ("ABDOMEN", "BREAST", "PELVIS", "CLAVICLE", "KNEE")],
        *[(name, False) for name in ("LOWER LEG", "LARGE TOE", "RODILLA", "CHEST CLAVICLE", "ANKLES", "KUB")],
        *[
            (name, None)
            for name in (None, "", "  ", "UNKNOWN", "OTHER", "RIBS", "WHOLE BODY", "TORSO", "N/A")
        ],
        *[
            (name, None)
            for name in ("RIB CAGE", "PECHO", "BABYGRAM", "TRACHEA", "PACEMAKER", "X", "1", "ALL")
        ],
    ],
)
def test_a_body_part_is_the_chest_another_or_unknown(body_part: str | None, chest: bool | None) -> None:
    assert names_chest(body_part) is chest


@pytest.mark.parametrize(
    ("elements", "years"),
    [
        ({"PatientAge": "045Y"}, 45.0),
        ({"PatientAge": "011M"}, 11 / 12),
        ({"PatientAge": "003W"}, 21 / 365.25),
        ({"PatientAge": "010D"}, 10 / 365.25),
        ({"PatientAge": None}, 44.0),
        ({"PatientAge": "OLD"}, 44.0),
        ({"PatientAge": "62"}, 62.0),
        ({"PatientAge": "3"}, 3.0),
        ({"PatientAge": None, "PatientBirthDate": ""}, None),
        ({"PatientAge": None, "PatientBirthDate": "20250101"}, None),
        ({"PatientAge": None, "PatientBirthDate": "20231230"}, 61 / 365.25),
        ({"PatientAge": None, "PatientBirthDate": "2023.12.30"}, 61 / 365.25),
        ({"PatientAge": None, "AcquisitionDate": "20200228"}, 40.0),
        ({"PatientAge": "999Y"}, None),
    ],
)
def test_age_is_stated_or_comes_from_the_dates(elements: dict[str, Any], years: float | None) -> None:
    stated = elements.pop("PatientAge", None)
    with_age = elements | ({"PatientAge": stated} if stated else {})
    age = facts(**with_age).age_years
    assert age is None if years is None else age == pytest.approx(years, abs=0.01)


@pytest.mark.parametrize(("stated", "sex"), [("F", "F"), ("M", "M"), ("O", "O"), ("", None), ("X", None)])
def test_sex_is_one_of_the_standards_or_unknown(stated: str, sex: str | None) -> None:
    assert facts(PatientSex=stated).sex == sex


@pytest.mark.parametrize(
    ("elements", "spacing"),
    [
        ({"PixelSpacing": [0.15, 0.2]}, (0.15, 0.2)),
        ({"ImagerPixelSpacing": [0.15, 0.2]}, (0.15, 0.2)),
        ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.15, 0.2]}, (0.1, 0.1)),
        (
            {"ImagerPixelSpacing": [0.15, 0.3], "EstimatedRadiographicMagnificationFactor": "1.5"},
            (0.1, 0.2),
        ),
        (
            {"ImagerPixelSpacing": [0.15, 0.3], "EstimatedRadiographicMagnificationFactor": "0"},
            (0.15, 0.3),
        ),
        ({"NominalScannedPixelSpacing": [0.15, 0.2]}, (0.15, 0.2)),
        ({"PixelSpacing": [0.0, 0.0]}, None),
        ({"PixelSpacing": [0.15, 0.2], "PatientOrientation": ["F", "R"]}, (0.2, 0.15)),
        ({}, None),
    ],
)
def test_spacing_is_of_rows_then_columns_of_the_upright_film(
    elements: dict[str, Any], spacing: tuple[float, float] | None
) -> None:
    assert facts(**elements).pixel_spacing_mm == (pytest.approx(spacing) if spacing else None)


@pytest.mark.parametrize(
    ("orientation", "clockwise", "mirrored"),
    [
        (["L", "F"], 0, False),
        (["R", "F"], 0, True),
        (["A", "F"], 0, False),
        (["R", "H"], 180, False),
        (["L", "H"], 180, True),
        (["F", "R"], 90, False),
        (["F", "L"], 90, True),
        (["H", "L"], 270, False),
        (["H", "R"], 270, True),
        (["LF", "FP"], 0, False),
        (["L", "P"], 0, False),
        (["L", "R"], 0, False),
        (["X", "F"], 0, False),
        ("L", 0, False),
    ],
)
def test_a_film_is_turned_upright_and_called_mirrored_as_its_orientation_says(
    orientation: Any, clockwise: int, mirrored: bool
) -> None:
    film = read(PatientOrientation=orientation)
    assert np.array_equal(film.pixels, np.rot90(PIXELS, -clockwise // 90))
    assert film.facts.mirrored is mirrored
    said = {reason.code: reason.values for reason in film.notes}
    assert said == ({"turned_by_tag": {"degrees": clockwise}} if clockwise else {})


@pytest.mark.parametrize(
    "elements",
    [
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1", "Modality": "DX"},
        {"PresentationIntentType": "FOR PROCESSING"},
    ],
)
def test_a_raw_film_is_read_and_said_to_be_raw(elements: dict[str, Any]) -> None:
    film = read(**elements)
    assert film.facts.for_processing
    assert film.notes == (Reason(ReasonCode.FOR_PROCESSING),)


def test_a_film_for_presentation_is_not_called_raw() -> None:
    film = read(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.1.1", Modality="DX", PresentationIntentType="FOR PRESENTATION"
    )
    assert not film.facts.for_processing
    assert film.notes == ()


def test_identifiers_of_study_series_and_picture_are_kept() -> None:
    kept = facts()
    root = "1.2.826.0.1.3680043.8.498."
    assert (kept.instance_uid, kept.study_uid, kept.series_uid) == (root + "1", root + "2", root + "3")


@pytest.mark.parametrize(
    ("stated", "age"),
    [({"PatientAge": "064Y"}, 64.0), ({"PatientAge": None}, 44.0), ({"PatientAge": "007M"}, 7 / 12)],
)
def test_what_is_shared_has_no_identifiers_and_no_age_that_gives_a_birthday_away(
    stated: dict[str, str | None], age: float
) -> None:
    kept = facts(**{name: value for name, value in stated.items() if value})
    shared = kept.shareable
    assert shared.age_years == pytest.approx(age)
    assert (shared.study_uid, shared.series_uid, shared.instance_uid) == (None, None, None)
    assert (shared.projection, shared.sex, shared.body_part) == (kept.projection, kept.sex, kept.body_part)


def test_identity_is_kept_apart_and_has_no_words_of_its_own() -> None:
    film = read()
    assert film.identity == PatientIdentity(
        name="DOE, JANE",
        patient_id="ID-4711",
        birth_date="1980-02-28",
        accession_number="ACC-7",
        study_date="2024-02-29",
        taken="2024-02-29",
    )
    assert "DOE" not in repr(film)
    assert "DOE" not in repr(film.facts)


@pytest.mark.parametrize(
    ("character_set", "raw", "name"),
    [
        (
            r"\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada, Tarou (山田, 太郎)",
        ),
        (
            r"\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong, Gildong (洪, 吉洞)",
        ),
        ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc, Jérôme"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小东".encode(), "Wang, XiaoDong (王, 小东)"),
        ("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "Wang, XiaoDong (王, 小东)"),
    ],
)
def test_names_are_read_in_the_character_set_of_the_file(character_set: str, raw: bytes, name: str) -> None:
    whole = write(film_dataset(PIXELS, 8, PatientName="X" * (len(raw) + len(raw) % 2)), PIXELS)
    marked = whole.replace(b"X" * (len(raw) + len(raw) % 2), raw + b" " * (len(raw) % 2))
    stated = character_set.encode() + b" " * (len(character_set) % 2)
    old = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 192"
    new = b"\x08\x00\x05\x00CS" + len(stated).to_bytes(2, "little") + stated
    assert old in marked
    film = decode(marked.replace(old, new))
    assert film.identity is not None
    assert film.identity.name == name


@pytest.mark.parametrize(
    ("elements", "taken"),
    [
        ({"AcquisitionDateTime": "20240301081530.250000+0100"}, "2024-03-01T08:15:30"),
        ({"AcquisitionDate": "20240301", "AcquisitionTime": "0815"}, "2024-03-01T08:15:00"),
        ({"AcquisitionDate": "2024.03.01", "AcquisitionTime": "08:15:60"}, "2024-03-01T08:15:59"),
        ({"AcquisitionDate": "20240301", "StudyTime": "070000"}, "2024-03-01"),
        ({"AcquisitionDate": "20240301", "AcquisitionTime": "2515"}, "2024-03-01"),
        ({"ContentDate": "20240302", "ContentTime": "10"}, "2024-03-02T10:00:00"),
        ({"AcquisitionDate": "20241301", "StudyTime": "070000"}, "2024-02-29T07:00:00"),
        ({"StudyDate": ""}, ""),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_when_a_film_was_taken_is_as_exact_as_the_file_says_it(elements: dict[str, str], taken: str) -> None:
    identity = read(**elements).identity
    assert identity is not None
    assert identity.taken == taken


def test_a_file_without_any_identity_has_none() -> None:
    bare = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyDate"), "")
    assert read(**bare).identity is None


@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_an_age_of_more_digits_than_any_number_holds_is_none(digits: int) -> None:
    stated = Dataset()
    stated.add_new(0x00101010, "UT", "9" * digits + "Y")
    dataset = film_dataset(PIXELS, 8, PatientBirthDate=None)
    dataset[0x00101010] = stated[0x00101010]
    assert decode(write(dataset, PIXELS)).facts.age_years is None
