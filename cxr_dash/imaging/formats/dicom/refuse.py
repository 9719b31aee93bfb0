"""What a DICOM file is, and the words with which all but plain films are refused."""

from __future__ import annotations

from cxr_dash.domain import N_, Words
from cxr_dash.errors import CorruptFileError, UnsupportedFormatError
from cxr_dash.imaging.formats.base import corrupt
from cxr_dash.imaging.formats.dicom.dataset import DicomFile
from cxr_dash.imaging.formats.dicom.values import Values

_STORAGE = "1.2.840.10008.5.1.4.1.1."
COMPUTED_RADIOGRAPHY = _STORAGE + "1"
DIGITAL_FOR_PRESENTATION = _STORAGE + "1.1"
DIGITAL_FOR_PROCESSING = _STORAGE + "1.1.1"
SECONDARY_CAPTURES = tuple(_STORAGE + end for end in ("7", "7.1", "7.2", "7.3", "7.4"))
FILM_CLASSES: dict[str, str] = {
    COMPUTED_RADIOGRAPHY: "Computed Radiography Image",
    DIGITAL_FOR_PRESENTATION: "Digital X-Ray Image, for presentation",
    DIGITAL_FOR_PROCESSING: "Digital X-Ray Image, for processing",
    SECONDARY_CAPTURES[0]: "Secondary Capture Image",
    SECONDARY_CAPTURES[1]: "Multi-frame Single Bit Secondary Capture Image",
    SECONDARY_CAPTURES[2]: "Multi-frame Grayscale Byte Secondary Capture Image",
    SECONDARY_CAPTURES[3]: "Multi-frame Grayscale Word Secondary Capture Image",
    SECONDARY_CAPTURES[4]: "Multi-frame True Color Secondary Capture Image",
}
"""Classes that may hold a chest film: one frame, whatever the class would allow."""

FILM_MODALITIES = frozenset({"", "CR", "DX", "DR", "RG", "XR", "OT", "SC", "HC"})
"""Modalities a film may have; a secondary capture of anything else is refused as what it shows."""

_CT, _MR, _US = N_("a CT slice"), N_("an MR slice"), N_("an ultrasound picture")
_NUCLEAR, _ANGIO = N_("a nuclear medicine picture"), N_("an angiogram or a fluoroscopy")
_MAMMO, _DENTAL, _PHOTO = N_("a mammogram"), N_("a dental film"), N_("a photograph or an endoscopy")
_THERAPY, _REPORT = N_("a radiotherapy object"), N_("a structured report")
_STATE, _DOCUMENT = N_("a presentation state, which holds no picture"), N_("a document (PDF or similar)")
_WAVE, _SEGMENTS, _OTHER = N_("a waveform such as an ECG"), N_("a segmentation"), N_("another kind of object")
_DIRECTORY = N_("the table of contents of a disc (DICOMDIR)")
_EYE = N_("a picture of the eye")

# By the start of the SOP class after the storage root; the longest start that fits counts.
_BY_CLASS: dict[str, str] = {
    "1.2": _MAMMO, "1.3": _DENTAL, "2": _CT, "3": _US, "4": _MR, "4.3": _MR, "6": _US, "6.3": _OTHER,
    "9": _WAVE, "11": _STATE, "12": _ANGIO, "13.1.1": _ANGIO, "13.1.2": _ANGIO, "13.1.3": _MAMMO,
    "20": _NUCLEAR, "66": _OTHER, "66.4": _SEGMENTS, "77.1": _PHOTO, "77.1.5": _EYE, "88": _REPORT,
    "104": _DOCUMENT, "128": _NUCLEAR, "130": _NUCLEAR, "481": _THERAPY,
}  # fmt: skip
_BY_MODALITY: dict[str, str] = {
    "CT": _CT, "MR": _MR, "US": _US, "IVUS": _US, "NM": _NUCLEAR, "PT": _NUCLEAR, "XA": _ANGIO, "RF": _ANGIO,
    "DSA": _ANGIO, "MG": _MAMMO, "IO": _DENTAL, "PX": _DENTAL, "ES": _PHOTO, "XC": _PHOTO, "GM": _PHOTO,
    "SM": _PHOTO, "OP": _EYE, "OPT": _EYE, "RTIMAGE": _THERAPY, "RTDOSE": _THERAPY, "RTSTRUCT": _THERAPY,
    "RTPLAN": _THERAPY, "SR": _REPORT, "PR": _STATE, "DOC": _DOCUMENT, "ECG": _WAVE, "SEG": _SEGMENTS,
}  # fmt: skip


def is_for_processing(values: Values) -> bool:
    """Whether the file calls itself raw."""
    intent = str(values.get("PresentationIntentType", "")).upper()
    return values.get("SOPClassUID") == DIGITAL_FOR_PROCESSING or intent == "FOR PROCESSING"


def refuse_all_but_films(file: DicomFile) -> None:
    """Pass a file that holds one plain film; raise for everything else.

    Raises
    ------
    UnsupportedFormatError
        Named by what the file is: a CT slice, a report, several frames, no picture.
    """
    kind = _DIRECTORY if file.directory else _other_kind(file.values)
    if kind is not None:
        raise _refused(Words(kind))
    if file.other_pixels:
        raise _refused(Words(N_("a picture of floating-point numbers")))
    if file.pixels is None:
        raise _refused(Words(N_("a DICOM file without a picture")))
    frames = _frames(file.values)
    if frames != 1:
        raise _refused(Words(N_("{frames} pictures in one file (multi-frame)"), {"frames": frames}))


def _other_kind(values: Values) -> str | None:
    """The words for what the file is, None for a film."""
    uid = str(values.get("SOPClassUID", ""))
    modality = str(values.get("Modality", "")).upper()
    if uid.startswith(_STORAGE) and uid not in FILM_CLASSES:
        parts = uid.removeprefix(_STORAGE).split(".")
        starts = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((_BY_CLASS[start] for start in starts if start in _BY_CLASS), _OTHER)
    if modality in _BY_MODALITY:
        return _BY_MODALITY[modality]
    if uid in FILM_CLASSES:
        return None if modality in FILM_MODALITIES or uid not in SECONDARY_CAPTURES else _OTHER
    # A file of no class, or of a maker's own, is judged by its modality and its pixels.
    return None if modality in FILM_MODALITIES else _OTHER


def _frames(values: Values) -> int:
    stated = values.get("NumberOfFrames", 1)
    return stated if isinstance(stated, int) else 1


def _refused(kind: Words) -> UnsupportedFormatError:
    return UnsupportedFormatError(
        N_("A DICOM file must hold one plain film (CR, DX or a secondary capture); received {kind}."),
        remedy=N_("Choose the frontal chest film of the study."),
        kind=kind,
    )


def not_readable(what: Words) -> UnsupportedFormatError:
    """The error for a film whose pixels are written in a way that is not read."""
    return UnsupportedFormatError(
        N_("The pixels of a DICOM film must be written in a way that is read here; received {kind}."),
        remedy=N_("Send the film uncompressed, or in JPEG 2000 or JPEG Lossless."),
        kind=what,
    )


def damaged_pixels() -> CorruptFileError:
    """The error for pixels of which the decoder complains."""
    return corrupt(N_("The pixels of the DICOM film must decode"), Words(N_("damaged ones")))
