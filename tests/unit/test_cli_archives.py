"""``score`` and ``analyse`` look into ZIP files and follow a DICOMDIR; nothing is unpacked to a disk."""

from __future__ import annotations

import csv
import json
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app
from cxr_dash.cli.sources import find_sources
from cxr_dash.errors import FilmError, FilmTooLargeError
from cxr_dash.settings import Settings

runner = CliRunner()
_MOST = 1 << 20


@pytest.fixture(scope="session")
def phantom() -> bytes:
    return imaging.encode_png(imaging.chest_phantom(420, 360), {})


def _packed(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _rows(*arguments: Path | str) -> list[dict[str, str]]:
    out = Path(str(arguments[-1]))
    answer = runner.invoke(app, ["score", *map(str, arguments[:-1]), "--out", str(out), "--no-gate"])
    assert answer.exit_code == 0, answer.stderr
    with out.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _index(folder: Path, *references: list[str], kind: str = "IMAGE") -> Path:
    """A DICOMDIR that lists these files."""
    index = Dataset()
    index.file_meta = FileMetaDataset()
    index.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    index.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    index.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    records = []
    for parts in references:
        record = Dataset()
        record.DirectoryRecordType = kind
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # names that no disc may have
            record.ReferencedFileID = parts
        records.append(record)
    patient = Dataset()
    patient.DirectoryRecordType = "PATIENT"
    index.DirectoryRecordSequence = Sequence([patient, *records])
    path = folder / "DICOMDIR"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that no disc may have
        index.save_as(path, enforce_file_format=True)
    return path


def test_each_film_of_a_zip_has_a_row_with_the_archives_path_before_its_name(
    tmp_path: Path, phantom: bytes
) -> None:
    path = _packed(
        tmp_path / "study.zip",
        {
            "b/film.png": phantom,
            "a/film.png": phantom,
            "a/": b"",
            "a/notes.txt": b"patient is well",
            "a/.hidden.png": phantom,
            "__MACOSX/a/film.png": b"x",
            "DICOMDIR": b"x",
            "empty.png": b"",
        },
    )
    rows = _rows(path, tmp_path / "r.csv")
    assert [(row["path"], row["status"]) for row in rows] == [
        (f"{path}/a/film.png", "ok"),
        (f"{path}/a/notes.txt", "error"),
        (f"{path}/b/film.png", "ok"),
        (f"{path}/empty.png", "error"),
    ]


def test_a_film_in_a_zip_scores_as_it_does_by_itself_and_its_heat_has_its_name(
    tmp_path: Path, phantom: bytes
) -> None:
    (tmp_path / "film.png").write_bytes(phantom)
    path = _packed(tmp_path / "study.zip", {"sub/film.png": phantom})
    heat = tmp_path / "heat"
    alone, packed = _rows(tmp_path / "film.png", path, "--heatmaps", heat, tmp_path / "r.csv")
    assert {**alone, "path": ""} == {**packed, "path": ""}
    assert {file.name.partition(".")[0] for file in heat.iterdir()} == {"film", "film-2"}


def test_a_zip_is_known_by_its_content_also_within_a_folder(tmp_path: Path, phantom: bytes) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    _packed(folder / "archive", {"x.png": phantom})
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "false.zip").write_bytes(phantom)
    assert [source.path for source in find_sources([str(folder)])] == [
        f"{folder}/archive/x.png",
        f"{folder}/false.zip",
    ]


def test_names_in_a_zip_are_labels_and_lead_nowhere(
    tmp_path: Path, phantom: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _packed(tmp_path / "z.zip", {"../../up.png": phantom, "/root.png": phantom})
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.parent.rglob("*"))
    sources = find_sources([str(path)])
    assert [source.read(_MOST) for source in sources] == [phantom, phantom]
    assert sorted(tmp_path.parent.rglob("*")) == before


def _patched(path: Path, mark: bytes, offset: int, value: int) -> None:
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.find(mark) + offset, value)
    path.write_bytes(data)


def _reading(path: Path) -> bytes:
    (source,) = find_sources([str(path)])
    return source.read(_MOST)


def test_a_bomb_is_refused_by_its_size_and_where_it_lies_about_it(tmp_path: Path) -> None:
    path = _packed(tmp_path / "bomb.zip", {"film.png": bytes(64 * _MOST)})
    with pytest.raises(FilmTooLargeError, match="64"):
        _reading(path)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.find(b"PK\1\2") + 24, 1000)
    path.write_bytes(data)
    with pytest.raises(FilmError):
        _reading(path)


def test_what_cannot_be_opened_in_a_zip_says_why(tmp_path: Path, phantom: bytes) -> None:
    locked = _packed(tmp_path / "locked.zip", {"a.png": phantom})
    _patched(locked, b"PK\1\2", 8, 1)
    with pytest.raises(FilmError, match="password"):
        _reading(locked)
    other = _packed(tmp_path / "other.zip", {"a.png": phantom}, zipfile.ZIP_BZIP2)
    with pytest.raises(FilmError, match="method 12"):
        _reading(other)
    damaged = _packed(tmp_path / "damaged.zip", {"a.png": phantom})
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(data)
    with pytest.raises(FilmError, match="damaged in the ZIP"):
        _reading(damaged)
    damaged.write_bytes(data[:-30])
    with pytest.raises(FilmError, match="cannot be opened"):
        _reading(damaged)
    with pytest.raises(FilmError, match="without any"):
        _reading(_packed(tmp_path / "none.zip", {}))
    with pytest.raises(FilmError, match="office document"):
        _reading(_packed(tmp_path / "letter.docx", {"[Content_Types].xml": b"x", "word/x.png": phantom}))


def test_a_file_without_a_name_in_a_zip_is_passed_over(tmp_path: Path, phantom: bytes) -> None:
    path = _packed(
        tmp_path / "nameless.zip", {"nameless": phantom, "/": b"", "a.png": phantom}, zipfile.ZIP_STORED
    )
    # A name ends at its first NUL.
    path.write_bytes(path.read_bytes().replace(b"nameless", b"\0ameless"))
    assert [source.path for source in find_sources([str(path)])] == [f"{path}/a.png"]


def test_a_name_in_a_zip_that_is_no_text_is_damage(tmp_path: Path, phantom: bytes) -> None:
    path = _packed(tmp_path / "name.zip", {"\xe9.png": phantom}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    start = data.find("\xe9".encode())
    path.write_bytes(data[:start] + b"\xff" + data[start + 1 :])
    with pytest.raises(FilmError, match="damaged in the ZIP"):
        _reading(path)
    path.write_bytes(path.read_bytes().replace("\xe9".encode(), b"\xff\xff"))
    with pytest.raises(FilmError, match="cannot be opened"):
        _reading(path)


def test_an_archive_is_open_no_longer_than_its_films_are_read(tmp_path: Path, phantom: bytes) -> None:
    paths = [_packed(tmp_path / f"{n}.zip", {"a.png": phantom, "b.png": phantom}) for n in range(5)]
    sources = find_sources([str(path) for path in paths])

    def held() -> int:
        return len([file for file in Path("/proc/self/fd").iterdir() if _target(file).endswith(".zip")])

    assert held() == 0
    for source in sources:
        source.read(_MOST)
        assert held() <= 1
    assert held() == 0


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""


def test_a_dicomdir_stands_for_the_images_it_lists_and_a_missing_one_has_its_row(
    tmp_path: Path, phantom: bytes
) -> None:
    (tmp_path / "disc" / "images").mkdir(parents=True)
    (tmp_path / "disc" / "images" / "im0001").write_bytes(phantom)  # as copied discs have them
    index = _index(tmp_path / "disc", ["IMAGES", "IM0001"], ["IMAGES", "IM0002"])
    rows = _rows(index, tmp_path / "r.csv")
    assert [(row["path"], row["status"]) for row in rows] == [
        (f"{tmp_path}/disc/images/im0001", "ok"),
        (f"{tmp_path}/disc/images/IM0002", "error"),
    ]
    assert "No such file" in rows[1]["reason"]


def test_within_a_folder_the_index_is_left_out(tmp_path: Path, phantom: bytes) -> None:
    (tmp_path / "IM0001").write_bytes(phantom)
    _index(tmp_path, ["IM0001"])
    assert [source.path for source in find_sources([str(tmp_path)])] == [f"{tmp_path}/IM0001"]


@pytest.mark.parametrize("parts", [["..", "secret"], ["A", "..", "..", "secret"], ["/etc", "passwd"]])
def test_an_index_cannot_point_out_of_its_folder(tmp_path: Path, parts: list[str]) -> None:
    with pytest.raises(FilmError, match="leads elsewhere"):
        _reading(_index(tmp_path, parts))


def test_an_index_may_name_files_that_no_disc_can_have(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="too long"):
        _reading(_index(tmp_path, ["A" * 300]))
    index = _index(tmp_path, ["FILM"])
    index.write_bytes(index.read_bytes().replace(b"FILM", b"FI\0M"))
    with pytest.raises(FilmError, match="leads elsewhere"):
        _reading(index)
    index = _index(tmp_path, ["FILM"])
    index.write_bytes(index.read_bytes().replace(b"\4\0\0\x15CS", b"\4\0\0\x15US"))
    with pytest.raises(FilmError, match="cannot be read"):
        _reading(index)


def test_an_index_without_images_or_that_is_damaged_says_so(tmp_path: Path) -> None:
    index = _index(tmp_path, ["REPORT1"], kind="SR DOCUMENT")
    with pytest.raises(FilmError, match="at least one image"):
        _reading(index)
    index.write_bytes(index.read_bytes()[:-20])
    with pytest.raises(FilmError):
        _reading(index)


def test_analyse_takes_what_holds_one_film_and_leaves_more_to_score(tmp_path: Path, phantom: bytes) -> None:
    def asked(path: Path) -> Any:
        return runner.invoke(
            app, ["analyse", str(path), "--json", "--no-gate", "--model", Settings().default_model]
        )

    one = _packed(tmp_path / "one.zip", {"sub/film.png": phantom})
    assert json.loads(asked(one).stdout)["path"] == f"{one}/sub/film.png"
    (tmp_path / "disc").mkdir()
    (tmp_path / "disc" / "IM1").write_bytes(phantom)
    assert json.loads(asked(_index(tmp_path / "disc", ["IM1"])).stdout)["path"] == f"{tmp_path}/disc/IM1"
    two = asked(_packed(tmp_path / "two.zip", {"a.png": phantom, "b.png": phantom}))
    assert two.exit_code == 1
    assert "cxr-dash score" in two.stderr
