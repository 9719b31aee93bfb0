"""What the file says of its film and its patient, out of the values of the standard's elements."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from cxr_dash.domain import FilmFacts, PatientIdentity
from cxr_dash.domain.facts import Projection, Sex
from cxr_dash.imaging.formats.dicom.refuse import is_for_processing
from cxr_dash.imaging.formats.dicom.values import Values

# PS3.3, C.8.7.1 and C.8.11.5, by any of the words a device writes ("AP PORTABLE", "CHEST LAT"); decubitus and
# oblique views are named, but are no plain PA, AP or lateral. A word that is not here names no view.
_VIEWS: dict[str, Projection] = {
    **dict.fromkeys(("LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT"), "LATERAL"),
    **dict.fromkeys(("LLD", "RLD", "DECUB", "DECUBITUS", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO"), "OTHER"),
    **dict.fromkeys(("OBL", "OBLIQUE", "LORDOTIC", "AXIAL", "TANGENTIAL"), "OTHER"),
    "PA": "PA", "AP": "AP",
}  # fmt: skip
# PS3.16, CID 4010, as SNOMED CT and as the codes that came before it.
_VIEW_CODES: dict[str, Projection] = {
    "272479007": "PA", "R-10214": "PA", "399348003": "AP", "R-10206": "AP",
    "399067008": "LATERAL", "399173006": "LATERAL", "399198007": "LATERAL",
    "R-10236": "LATERAL", "R-10232": "LATERAL", "R-10228": "LATERAL",
}  # fmt: skip
# CID 4010 has a code that says "frontal" and nothing more: no projection is named.
_FRONTAL_CODES = frozenset({"399033003", "R-10202"})
# PS3.16, CID 4031: the region in the one word that the body part would have.
_REGION_CODES = {"816094009": "CHEST", "51185008": "CHEST", "T-D3000": "CHEST"}
_SEXES: dict[str, Sex] = {"F": "F", "M": "M", "O": "O"}
_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "F": "H", "H": "F"}
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
_MAX_AGE_YEARS = 130.0
# The standard has three; a figure of thousands of digits is none that Python would read.
_MAX_AGE_DIGITS = 6
_MAX_SPACING_MM = 10.0
_MIN_SPACING_MM = 0.01
_MAX_WORD = 64  # of a code's meaning (PS3.5, LO); it is said to readers


def read_facts(values: Values) -> FilmFacts:
    """Everything that is kept of a film.

    Parameters
    ----------
    values : Values

    Returns
    -------
    FilmFacts
        What the file does not say, or says in a way that makes no sense, is None.
    """
    return FilmFacts(
        projection=_projection(values),
        body_part=_body_part(values),
        age_years=_age_years(values),
        sex=_SEXES.get(_text(values, "PatientSex").upper()),
        mirrored=is_mirrored(values),
        pixel_spacing_mm=_spacing(values),
        for_processing=is_for_processing(values),
        study_uid=_text(values, "StudyInstanceUID") or None,
        series_uid=_text(values, "SeriesInstanceUID") or None,
        instance_uid=_text(values, "SOPInstanceUID") or None,
    )


def read_identity(values: Values) -> PatientIdentity | None:
    """Who the patient is; None where the file says nothing at all."""
    identity = PatientIdentity(
        name=_text(values, "PatientName"),
        patient_id=_text(values, "PatientID"),
        birth_date=_iso(_date(values, "PatientBirthDate")),
        accession_number=_text(values, "AccessionNumber"),
        study_date=_iso(_date(values, "StudyDate")),
        issuer=_text(values, "IssuerOfPatientID"),
        taken=_taken(values),
    )
    return identity if identity != PatientIdentity() else None


def _taken(values: Values) -> str:
    """When the film was taken: the most exact moment that the file gives, each time with its own date."""
    whole = _text(values, "AcquisitionDateTime")
    if stated := _moment(_day(whole), whole[8:]):
        return stated
    for kind in ("Acquisition", "Content", "Study"):
        if stated := _moment(_date(values, f"{kind}Date"), _text(values, f"{kind}Time")):
            return stated
    return ""


def _moment(day: date | None, digits: str) -> str:
    """A day, with the time of day where it is one: ``HHMMSS`` or the start of it (PS3.5, TM)."""
    if day is None:
        return ""
    digits = digits.replace(":", "")[:6]
    if len(digits) not in (2, 4, 6) or not (digits.isascii() and digits.isdecimal()):
        return day.isoformat()
    hours, minutes, seconds = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
    if hours > 23 or minutes > 59:
        return day.isoformat()
    # a leap second is the end of the second before it
    return f"{day.isoformat()}T{hours:02d}:{minutes:02d}:{min(seconds, 59):02d}"


def upright_orientation(values: Values) -> int:
    """How the stored picture is to be turned so that the patient's head is up, as an EXIF orientation.

    Only turned, never mirrored: a film that the file calls mirrored stays so, and is said to be.

    Returns
    -------
    int
        1 as it is, 3 by 180 degrees, 6 clockwise, 8 counter-clockwise; 1 where the file does not say.
    """
    along_row, along_column = _directions(values)
    if along_row == "F":
        return 6
    if along_row == "H":
        return 8
    return 3 if along_column == "H" else 1


def is_mirrored(values: Values) -> bool:
    """Whether the patient's left lies at the left of the upright picture (PS3.3, C.7.6.1.1.1)."""
    along_row, along_column = _directions(values)
    turned = {
        1: along_row,
        3: _OPPOSITE.get(along_row, ""),
        6: _OPPOSITE.get(along_column, ""),
        8: along_column,
    }
    return turned[upright_orientation(values)] == "R"


def _directions(values: Values) -> tuple[str, str]:
    """Main direction of a row and of a column, ``("L", "F")``; empty where the file does not say both."""
    stated = values.get("PatientOrientation")
    if not isinstance(stated, tuple) or len(stated) != 2:
        return "", ""
    row, column = (str(one)[:1].upper() for one in stated)
    if not {row, column} <= _OPPOSITE.keys() or column in (row, _OPPOSITE[row]):
        return "", ""
    # One axis must run from head to foot; a film seen along it has no "up".
    return (row, column) if {row, column} & {"F", "H"} else ("", "")


def _projection(values: Values) -> Projection | None:
    words = re.split(
        r"[^A-Z]+", _text(values, "ViewPosition").upper().replace("P-A", "PA").replace("A-P", "AP")
    )
    named = {view for word, view in _VIEWS.items() if word in words}
    if named:
        # "LATERAL AP": a view from the side is one however the beam ran; PA and AP at once say nothing
        side = named & {"LATERAL", "OTHER"}
        return min(side or named) if len(side or named) == 1 else None
    for code, _meaning in _codes(values, "ViewCodeSequence"):
        if code not in _FRONTAL_CODES:
            return _VIEW_CODES.get(code, "OTHER")
    along_row, along_column = _directions(values)
    # From front to back along a row or column: seen from the side.
    return "LATERAL" if {along_row, along_column} & {"A", "P"} else None


def _body_part(values: Values) -> str | None:
    stated = _text(values, "BodyPartExamined").upper()
    if stated:
        return stated[:_MAX_WORD]
    for code, meaning in _codes(values, "AnatomicRegionSequence"):
        return _REGION_CODES.get(code, meaning.upper()[:_MAX_WORD] or None)
    return None


def _codes(values: Values, keyword: str) -> Iterator[tuple[str, str]]:
    items = values.get(keyword, ())
    for item in items if isinstance(items, tuple) else ():
        if isinstance(item, dict) and item.get("CodeValue"):
            yield str(item["CodeValue"]), str(item.get("CodeMeaning", ""))


def _age_years(values: Values) -> float | None:
    stated = _text(values, "PatientAge").upper()
    # public collections often leave the unit out: years
    stated += "Y" if stated.isdecimal() else ""
    digits = stated[:-1].strip()
    if digits.isdecimal() and len(digits) <= _MAX_AGE_DIGITS and stated[-1:] in _DAYS:
        years = int(digits) * _DAYS[stated[-1]] / 365.25
        return years if years <= _MAX_AGE_YEARS else None
    born = _date(values, "PatientBirthDate")
    taken = next(
        (day for key in ("AcquisitionDate", "ContentDate", "StudyDate") if (day := _date(values, key))), None
    )
    if born is None or taken is None:
        return None
    years = (taken - born).days / 365.25
    return years if 0.0 <= years <= _MAX_AGE_YEARS else None


def _spacing(values: Values) -> tuple[float, float] | None:
    """Rows, then columns, of the upright picture, in millimetres.

    Pixel Spacing is what the file says after any correction; Imager Pixel Spacing is at the detector and is
    divided by the magnification where the file estimates one (PS3.3, 10.7); a scanner's comes last.
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        pair = _pair(values.get(keyword))
        if pair is None:
            continue
        if keyword == "ImagerPixelSpacing":
            factor = _number(values.get("EstimatedRadiographicMagnificationFactor"))
            if factor is not None and 1.0 <= factor <= 3.0:
                pair = (pair[0] / factor, pair[1] / factor)
        return (pair[1], pair[0]) if upright_orientation(values) >= 5 else pair
    return None


def _pair(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    first, second = (_number(one) for one in value)
    if first is None or second is None:
        return None
    plausible = all(_MIN_SPACING_MM <= one <= _MAX_SPACING_MM for one in (first, second))
    return (first, second) if plausible else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _text(values: Values, keyword: str) -> str:
    value = values.get(keyword, "")
    if isinstance(value, tuple):
        value = value[0] if value else ""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _date(values: Values, keyword: str) -> date | None:
    # Files older than the standard write 1995.07.20.
    return _day(_text(values, keyword).replace(".", "").replace("-", ""))


def _day(text: str) -> date | None:
    digits = text[:8]
    if len(digits) != 8 or not digits.isdecimal():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
