"""The files that are mutated: small ones of every form that is read, drawn here and kept nowhere."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator

import cv2
import imagecodecs
import numpy as np
from dicom_files import LOSSLESS, LOSSY, film_dataset, lookup_table, without_meta, write
from numpy.typing import NDArray
from picture_files import exif_block, extended_webp, jpeg, png, png_chunk, riff_chunk, webp
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, SecondaryCaptureImageStorage

from cxr_dash import imaging
from cxr_dash.imaging.formats.png import SIGNATURE, rows_bytes
from fuzz import structure
from fuzz.case import Seed

_HEIGHT, _WIDTH = 40, 32
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")


def build_corpus() -> tuple[Seed, ...]:
    """All of them, in an order that never changes."""
    grey = np.ascontiguousarray(imaging.chest_phantom(160, 128)[::4, ::4])[:_HEIGHT, :_WIDTH]
    pictures = [*_png(grey), *_jpeg(grey), *_webp(grey)]
    films = list(_dicom(grey))
    seeds = [*pictures, *films, *_zips(pictures[0].data, films[0].data), *_indexes()]
    return tuple(seeds)


def _png(grey: NDArray[np.uint8]) -> Iterator[Seed]:
    random = np.random.default_rng(0)
    for colour_type, depths in _DEPTHS.items():
        for bits in depths:
            width = -(-_WIDTH * bits * _SAMPLES[colour_type] // 8)
            rows = [random.integers(0, 256, width, np.uint8).tobytes() for _ in range(_HEIGHT)]
            if bits == 8 and colour_type == 0:
                rows = [row.tobytes() for row in grey]
            before = png_chunk(b"PLTE", bytes(range(256)) * 3) if colour_type == 3 else b""
            if (colour_type, bits) in ((0, 8), (3, 8)):
                before += png_chunk(b"tRNS", b"\0\7")
            if (colour_type, bits) in ((0, 4), (2, 8)):
                before += png_chunk(b"eXIf", exif_block(6)) + png_chunk(b"tEXt", b"Title\0film")
            data = png(rows, _WIDTH, bits, colour_type, before=before)
            yield Seed(
                f"png-{colour_type}-{bits}", "png", data, structure.png_parts(data), structure.join_png
            )
    # Interlaced: the rows of seven passes, as many bytes as the product's own count.
    for colour_type, bits in ((0, 1), (0, 8), (6, 16)):
        header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, bits, colour_type, 0, 0, 1)
        head = SIGNATURE + png_chunk(b"IHDR", header)
        size = rows_bytes(head + png_chunk(b"IEND", b""))
        packed = png_chunk(b"IDAT", zlib.compress(bytes(size)))
        data = head + packed + png_chunk(b"IEND", b"")
        name = f"png-adam7-{colour_type}-{bits}"
        yield Seed(name, "png", data, structure.png_parts(data), structure.join_png)


def _jpeg(grey: NDArray[np.uint8]) -> Iterator[Seed]:
    colour = cv2.merge([grey, cv2.flip(grey, 0), cv2.flip(grey, 1)])
    files = {
        "grey": jpeg(grey),
        "progressive": jpeg(grey, progressive=True),
        "exif": jpeg(grey, exif=exif_block(8, big_endian=False)),
        "colour": jpeg(colour),
        "colour-progressive": jpeg(colour, progressive=True, exif=exif_block(3)),
    }
    for rate in (1, 5):
        parameters = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_RST_INTERVAL, rate]
        files[f"restart-{rate}"] = cv2.imencode(".jpg", colour, parameters)[1].tobytes()
    for name, factor in {
        "411": 0x411111,
        "420": 0x221111,
        "422": 0x211111,
        "440": 0x121111,
        "444": 0x111111,
    }.items():
        parameters = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]
        files[name] = cv2.imencode(".jpg", colour, parameters)[1].tobytes()
    files["cmyk"] = bytes(
        imagecodecs.jpeg8_encode(np.dstack([colour, grey]), colorspace="CMYK", outcolorspace="CMYK")
    )
    for name, data in files.items():
        try:
            parts = structure.jpeg_parts(data)
        except Exception as error:
            raise ValueError(f"the JPEG {name!r} must be whole") from error
        yield Seed(f"jpeg-{name}", "jpeg", data, parts, structure.join_jpeg)


def _webp(grey: NDArray[np.uint8]) -> Iterator[Seed]:
    alpha = cv2.merge([grey, grey, grey, cv2.flip(grey, 0)])
    exif = riff_chunk(b"EXIF", exif_block(5))
    lossy = webp(grey, lossless=False)
    files = {
        "lossless": webp(grey),
        "lossy": lossy,
        "alpha": webp(alpha),
        "alpha-lossy": webp(alpha, lossless=False),
        "extended": extended_webp(lossy, _WIDTH, _HEIGHT, flags=0x08, extra=exif),
        "animated": extended_webp(lossy, _WIDTH, _HEIGHT, flags=0x02, extra=riff_chunk(b"ANMF", bytes(24))),
    }
    for name, data in files.items():
        yield Seed(f"webp-{name}", "webp", data, structure.webp_parts(data), structure.join_webp)


def _dicom(grey: NDArray[np.uint8]) -> Iterator[Seed]:
    deep = (grey.astype(np.uint16) << 4) + 7
    colour = cv2.merge([grey, cv2.flip(grey, 0), cv2.flip(grey, 1)])
    curve = (np.linspace(0, 1, 4096) ** 2 * 65535).astype(np.uint16)
    tables = {
        "VOILUTSequence": lookup_table(0, 16, curve),
        "ModalityLUTSequence": lookup_table(0, 12, curve >> 4),
    }
    window = {"WindowCenter": ["1000", "2000"], "WindowWidth": ["900", "3000"], "RescaleSlope": "2"}
    more = {"PatientAge": "043Y", "PixelSpacing": ["0.14", "0.14"], "PatientOrientation": ["L", "F"]}
    window |= {"RescaleIntercept": "-100", "VOILUTFunction": "SIGMOID", "PixelPaddingValue": 0}
    secondary = {"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}
    chroma = {"PhotometricInterpretation": "YBR_FULL_422"} | secondary
    palette = {"PhotometricInterpretation": "PALETTE COLOR"} | secondary
    for name in ("Red", "Green", "Blue"):
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{name}PaletteColorLookupTableData"] = curve[::16].tobytes()
    plain = write(film_dataset(deep, 12, **more), deep)
    files = {f"native-{uid}": write(film_dataset(deep, 12, **more), deep, uid) for uid in _NATIVE}
    files |= {f"bytes-{uid}": write(film_dataset(grey, 8), grey, uid) for uid in _NATIVE}
    files |= {
        "bare": without_meta(plain),
        "bare-implicit": without_meta(write(film_dataset(deep, 12), deep, _NATIVE[0])),
        "tables": write(film_dataset(deep, 12, **tables), deep),
        "tables-implicit": write(film_dataset(deep, 12, **tables), deep, _NATIVE[0]),
        "tables-big-endian": write(film_dataset(deep, 12, **tables), deep, _NATIVE[2]),
        "window": write(film_dataset(deep, 12, PhotometricInterpretation="MONOCHROME1", **window), deep),
        "signed": write(film_dataset(deep.astype(np.int16) - 900, 12, **window), deep.astype(np.int16) - 900),
        "colour": write(film_dataset(colour, 8, **secondary), colour),
        "planes": write(film_dataset(colour, 8, PlanarConfiguration=1, **secondary), colour),
        "chroma": write(film_dataset(colour, 8, **chroma), colour),
        "palette": write(film_dataset(grey, 8, **palette), grey),
        "palette-implicit": write(film_dataset(grey, 8, **palette), grey, _NATIVE[0]),
    }
    for name, data in files.items():
        parts, join = structure.dicom_parts(data)
        yield Seed(f"dicom-{name}", "dicom", data, parts, join)
    for uid in (*LOSSLESS, *LOSSY):
        if uid in _NATIVE:
            continue
        shallow = uid.endswith("4.50")
        pixels, bits = (grey, 8) if shallow else (deep, 12)
        data = write(film_dataset(pixels, bits), pixels, uid)
        parts, join = structure.dicom_parts(data)
        yield Seed(f"dicom-encoded-{uid}", "encoded", data, parts, join)


def _zips(picture: bytes, film: bytes) -> Iterator[Seed]:
    names = (
        "b/film.png",
        "../../up.png",
        "/root.png",
        "a\\b.dcm",
        "é.png",
        "x" * 300,
        "film.png",
        "__MACOSX/x",
    )
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name in names:
                archive.writestr(name, film if name.endswith("dcm") else picture)
            archive.writestr("folder/", b"")
        yield Seed(f"zip-{method}", "zip", stream.getvalue())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("film.png", "w", force_zip64=True) as entry:
        entry.write(picture)
    yield Seed("zip-64", "zip", stream.getvalue())


def _indexes() -> Iterator[Seed]:
    names: list[list[str] | str] = [
        ["FILMS", "IM1"],
        "IM2",
        ["..", "IM3"],
        ["A", "B", "C", "D", "E", "F", "G", "H"],
    ]
    for count in (1, len(names)):
        records = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # names that no disc may have
            for parts in names[:count]:
                record = Dataset()
                record.DirectoryRecordType = "IMAGE"
                record.ReferencedFileID = parts
                records.append(record)
            index = Dataset()
            index.file_meta = FileMetaDataset()
            index.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            index.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
            index.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
            index.DirectoryRecordSequence = Sequence(records)
            stream = io.BytesIO()
            index.save_as(stream, enforce_file_format=True)
        data = stream.getvalue()
        parts, join = structure.dicom_parts(data)
        yield Seed(f"dicomdir-{count}", "dicomdir", data, parts, join)
