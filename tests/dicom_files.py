"""Writes DICOM films in every form that is read, from one array of levels."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.sequence import Sequence
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
LOSSLESS = (
    *NATIVE,
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
)
LOSSY = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.203",
)
NAME = "DOE^JANE"
# What of `film_dataset` says who somebody is, as the file has it and as people read it. Whole words: a year
# or four digits of a number come up by chance in milliseconds, probabilities and random keys.
IDENTITY = ("DOE^", "DOE,", "JANE", "ID-4711", "ACC-7", "19800228", "1980-02-28", "1.2.826.0.1.3680043")


def film_dataset(pixels: np.ndarray, bits: int, **elements: Any) -> Dataset:
    """A chest film (CR) with the elements that devices write; `elements` replace them, None removes one."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    dataset.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.2"
    dataset.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.3"
    dataset.StudyDate = "20240229"
    dataset.AccessionNumber = "ACC-7"
    dataset.Modality = "CR"
    dataset.PatientName = NAME
    dataset.PatientID = "ID-4711"
    dataset.PatientBirthDate = "19800228"
    dataset.PatientSex = "F"
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = "PA"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    for keyword, value in elements.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def encode(pixels: np.ndarray, bits: int, syntax: str) -> bytes:  # noqa: PLR0911 - one a codec
    """One frame in the codec of a transfer syntax."""
    end = syntax.removeprefix("1.2.840.10008.1.2.")
    if end == "5":
        return bytes(
            RLELosslessEncoder.encode(
                pixels,
                rows=pixels.shape[0],
                columns=pixels.shape[1],
                samples_per_pixel=1 if pixels.ndim == 2 else 3,
                bits_allocated=8 * pixels.dtype.itemsize,
                # The whole word: overlays may lie in the bits that are no level.
                bits_stored=8 * pixels.dtype.itemsize,
                pixel_representation=0,
                photometric_interpretation="MONOCHROME2" if pixels.ndim == 2 else "RGB",
                planar_configuration=0,
                number_of_frames=1,
                encoding_plugin="pydicom",
            )
        )
    if end == "4.50":
        return bytes(imagecodecs.jpeg8_encode(pixels, 99))
    if end == "4.51":
        return bytes(imagecodecs.jpeg8_encode(pixels, 99, bitspersample=12 if bits > 8 else 8))
    if end in ("4.57", "4.70"):
        predictor = 6 if end == "4.57" else 1
        return bytes(imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=predictor, bitspersample=bits))
    if end in ("4.80", "4.81"):
        return bytes(imagecodecs.jpegls_encode(pixels, level=0 if end == "4.80" else 2))
    if end in ("4.90", "4.91"):
        lossless = {"reversible": True, "level": 0} if end == "4.90" else {"reversible": False, "level": 55}
        return bytes(
            imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", bitspersample=bits, mct=False, **lossless)
        )
    step = {"reversible": True} if end != "4.203" else {"reversible": False, "level": 0.0001}
    return bytes(imagecodecs.htj2k_encode(pixels, **step))


def write(
    dataset: Dataset, pixels: np.ndarray, syntax: str = "1.2.840.10008.1.2.1", *, frame: bytes | None = None
) -> bytes:
    """A file with preamble; `frame` replaces the encoded frame."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.3")
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    file = FileDataset("", dataset, file_meta=meta, preamble=b"\0" * 128)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    if syntax in NATIVE:
        raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        file.PixelData = raw + b"\0" * (len(raw) % 2)
        file["PixelData"].VR = "OW" if pixels.dtype.itemsize == 2 else "OB"
    else:
        frame = encode(pixels, dataset.BitsStored, syntax) if frame is None else frame
        file.PixelData = encapsulate([frame])
        file["PixelData"].VR = "OB"
        file["PixelData"].is_undefined_length = True
    buffer = BytesIO()
    dcmwrite(buffer, file, enforce_file_format=True)
    return buffer.getvalue()


def without_meta(data: bytes) -> bytes:
    """The data set alone: no preamble, no group 2."""
    position = 132
    length = struct.unpack_from("<L", data, position + 8)[0]
    return data[position + 12 + length :]


def lookup_table(first: int, bits: int, entries: np.ndarray) -> Sequence:
    """A sequence of one lookup table."""
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return Sequence([item])


__all__ = [
    "LOSSLESS",
    "LOSSY",
    "NAME",
    "NATIVE",
    "DeflatedExplicitVRLittleEndian",
    "ExplicitVRBigEndian",
    "ExplicitVRLittleEndian",
    "ImplicitVRLittleEndian",
    "encode",
    "film_dataset",
    "lookup_table",
    "without_meta",
    "write",
]
