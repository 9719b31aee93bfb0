"""A DICOM film for timing, and what the libraries alone make of it."""

from __future__ import annotations

from io import BytesIO

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEG2000Lossless, generate_uid

UNCOMPRESSED = pydicom.uid.ExplicitVRLittleEndian
JPEG_2000 = JPEG2000Lossless
_DIGITAL_X_RAY = "1.2.840.10008.5.1.4.1.1.1.1"


def dicom_film(film: NDArray[np.uint16], syntax: pydicom.uid.UID) -> bytes:
    """A DX film for presentation whose levels reach from 0 to 65535, so that showing it changes none."""
    low, high = int(film.min()), int(film.max())
    levels = np.rint((film.astype(np.float64) - low) * (65535.0 / (high - low))).astype(np.uint16)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = pydicom.uid.UID(_DIGITAL_X_RAY)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = syntax
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.Modality, data.BodyPartExamined, data.ViewPosition = "DX", "CHEST", "PA"
    data.Rows, data.Columns = levels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 0
    if syntax == JPEG_2000:
        frame = imagecodecs.jpeg2k_encode(levels, level=0, reversible=True, codecformat="j2k")
        data.PixelData = encapsulate([bytes(frame)])
        data["PixelData"].is_undefined_length = True
    else:
        data.PixelData = levels.tobytes()
    file = BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def pixels_by_pydicom(data: bytes) -> NDArray[np.uint16]:
    """Stored levels of an uncompressed film."""
    return np.asarray(pydicom.dcmread(BytesIO(data)).pixel_array, np.uint16)


def pixels_by_imagecodecs(data: bytes) -> NDArray[np.uint16]:
    """Stored levels of a film in JPEG 2000: the tags by pydicom, the one frame by imagecodecs."""
    found = pydicom.dcmread(BytesIO(data))
    frame = next(generate_frames(found.PixelData, number_of_frames=1))
    return np.asarray(imagecodecs.jpeg2k_decode(frame), np.uint16)
