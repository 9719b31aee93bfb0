"""The few values of a film that are read, in plain Python; everything else in the file is left alone.

pydicom turns bytes into values. It warns and logs with the values in the sentence, which may be a patient's
name, so both are kept inside this module, and no error of its leaves it.
"""

from __future__ import annotations

import logging
import struct
import threading
import warnings
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

from cxr_dash.imaging.formats.dicom.layout import Element, Encoding

Values = Mapping[str, Any]
"""Keyword of the standard -> str, int, float, bytes, or a tuple of them or of further `Values` (a sequence).
Absent where the file has no such element, or one that cannot be read."""

PIXEL_KEYWORDS: dict[int, str] = {
    0x00280002: "SamplesPerPixel",
    0x00280004: "PhotometricInterpretation",
    0x00280006: "PlanarConfiguration",
    0x00280008: "NumberOfFrames",
    0x00280010: "Rows",
    0x00280011: "Columns",
    0x00280100: "BitsAllocated",
    0x00280101: "BitsStored",
    0x00280102: "HighBit",
    0x00280103: "PixelRepresentation",
}
GREY_KEYWORDS: dict[int, str] = {
    0x00280120: "PixelPaddingValue",
    0x00280121: "PixelPaddingRangeLimit",
    0x00281050: "WindowCenter",
    0x00281051: "WindowWidth",
    0x00281052: "RescaleIntercept",
    0x00281053: "RescaleSlope",
    0x00281054: "RescaleType",
    0x00281055: "WindowCenterWidthExplanation",
    0x00281056: "VOILUTFunction",
    0x00281101: "RedPaletteColorLookupTableDescriptor",
    0x00281102: "GreenPaletteColorLookupTableDescriptor",
    0x00281103: "BluePaletteColorLookupTableDescriptor",
    0x00281201: "RedPaletteColorLookupTableData",
    0x00281202: "GreenPaletteColorLookupTableData",
    0x00281203: "BluePaletteColorLookupTableData",
    0x00283000: "ModalityLUTSequence",
    0x00283010: "VOILUTSequence",
    0x20500010: "PresentationLUTSequence",
    0x20500020: "PresentationLUTShape",
}
FACT_KEYWORDS: dict[int, str] = {
    0x00080016: "SOPClassUID",
    0x00080018: "SOPInstanceUID",
    0x00080020: "StudyDate",
    0x00080022: "AcquisitionDate",
    0x00080023: "ContentDate",
    0x00080060: "Modality",
    0x00080068: "PresentationIntentType",
    0x00082218: "AnatomicRegionSequence",
    0x00101010: "PatientAge",
    0x00100040: "PatientSex",
    0x00180015: "BodyPartExamined",
    0x00181114: "EstimatedRadiographicMagnificationFactor",
    0x00181164: "ImagerPixelSpacing",
    0x00182010: "NominalScannedPixelSpacing",
    0x00185101: "ViewPosition",
    0x0020000D: "StudyInstanceUID",
    0x0020000E: "SeriesInstanceUID",
    0x00200020: "PatientOrientation",
    0x00280030: "PixelSpacing",
    0x00540220: "ViewCodeSequence",
}
IDENTITY_KEYWORDS: dict[int, str] = {
    0x00080005: "SpecificCharacterSet",
    0x0008002A: "AcquisitionDateTime",
    0x00080030: "StudyTime",
    0x00080032: "AcquisitionTime",
    0x00080033: "ContentTime",
    0x00080050: "AccessionNumber",
    0x00100010: "PatientName",
    0x00100020: "PatientID",
    0x00100021: "IssuerOfPatientID",
    0x00100030: "PatientBirthDate",
}
WANTED: dict[int, str] = {**PIXEL_KEYWORDS, **GREY_KEYWORDS, **FACT_KEYWORDS, **IDENTITY_KEYWORDS}

MAX_VALUE_BYTES = 1 << 20
"""Longest single value that is read: a lookup table of 65,536 entries has 128 KiB."""

_LOCK = threading.Lock()
_AMBIGUOUS = frozenset({"US or SS", "US or OW", "US or SS or OW"})


def read_values(data: bytes, elements: Iterable[Element], encoding: Encoding) -> Values:
    """Read the wanted values.

    Parameters
    ----------
    data : bytes
        What the elements point into.
    elements : iterable of Element
        Elements of `WANTED`; those longer than `MAX_VALUE_BYTES` are passed over.
    encoding : Encoding

    Returns
    -------
    Values
        A value that pydicom cannot read is absent.
    """
    chosen = sorted(
        (element for element in elements if element.end - element.start <= MAX_VALUE_BYTES),
        key=lambda element: element.tag,
    )
    raw = b"".join(data[element.start : element.end] for element in chosen)
    # Filters and loggers belong to the whole process: one reader at a time, so that none restores another's.
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydicom  # noqa: PLC0415 - a tenth of a second that no other format should pay
        from pydicom.filereader import read_dataset  # noqa: PLC0415

        logging.getLogger("pydicom").disabled = True
        # Bad values are to be passed over, not judged.
        pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
        try:
            dataset = read_dataset(BytesIO(raw), encoding.implicit_vr, not encoding.big_endian)
        except Exception:
            return {}
        return _plain(dataset, encoding)


def _plain(dataset: Any, encoding: Encoding) -> Values:
    values: dict[str, Any] = {}
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
            value = _simple(element, encoding)
        except Exception:  # noqa: S112 - one bad value must not hide the others
            continue
        if value is not None and element.keyword:
            values[element.keyword] = value
    return values


def _simple(element: Any, encoding: Encoding) -> Any:
    value = element.value
    several = hasattr(value, "append")
    if value is None or value == "":
        plain: Any = None
    elif element.VR == "SQ":
        plain = tuple(_plain(item, encoding) for item in value)
    elif element.VR == "PN":
        plain = _readable_name(value[0] if several else value)
    elif isinstance(value, bytes):
        # Implicit files do not say whether a level is signed; the reader of levels decides.
        levels = element.VR in _AMBIGUOUS and element.keyword != "LUTData"
        plain = _words(value, encoding) if levels else value
    else:
        plain = tuple(_number_or_text(one) for one in value) if several else _number_or_text(value)
    return plain


def _words(value: bytes, encoding: Encoding) -> tuple[int, ...]:
    order = ">" if encoding.big_endian else "<"
    return struct.unpack(f"{order}{len(value) // 2}H", value[: len(value) // 2 * 2])


def _number_or_text(value: Any) -> int | float | str:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) or hasattr(value, "original_string"):
        return float(value)
    return str(value).strip(" \0")


def _readable_name(name: Any) -> str:
    """``Yamada, Tarou (山田, 太郎)``: the Latin spelling, and the patient's own where there is one."""
    groups = [", ".join(part for part in group.split("^") if part) for group in str(name).split("=")]
    latin, own = groups[0].strip(), groups[1].strip() if len(groups) > 1 else ""
    return f"{latin} ({own})" if latin and own else latin or own
