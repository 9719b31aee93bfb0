"""``cxr-dash library``: a folder of labelled films becomes a library, or it is said why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from library_films import MODEL, WITH, build_library, draw_films, drawn_film, write_table
from typer.testing import CliRunner

from cxr_dash.cli import app
from cxr_dash.cli.library.labels_csv import Listed, read_labels, sort_out
from cxr_dash.errors import LibraryError, RequestError
from cxr_dash.services.library.files import LibrarySpec, read_spec, replacing
from cxr_dash.settings import Settings

runner = CliRunner()


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return draw_films(tmp_path / "films", [0, 1])


def _library(*arguments: Path | str) -> Any:
    return runner.invoke(app, ["library", *map(str, arguments)])


def _build(films: Path, out: Path, *more: str) -> Any:
    return _library("build", films, "--out", out, "--model", MODEL, *more)


def test_a_library_holds_pictures_and_answers_but_no_file_name(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_LIBRARY_DIR", str(tmp_path / "library"))
    answer = _library("build", films, "--model", MODEL)
    assert answer.exit_code == 0, answer.stderr
    assert "2 films" in answer.stdout
    assert "ready" in _library("info").stdout
    assert "fits library.json" in _library("check").stdout
    spec = read_spec(tmp_path / "library")
    assert [(case.number, case.labels) for case in spec.cases] == [
        (1, ["No_Finding"]),
        (2, WITH.split(";")),
    ]
    for path in (tmp_path / "library").rglob("*"):
        assert "Doe" not in path.name
        assert not path.is_file() or b"Doe" not in path.read_bytes()


def test_pictures_are_small_jpegs_without_what_the_file_says_about_itself(tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    picture = cv2.resize(cv2.imdecode(np.frombuffer(drawn_film(0), np.uint8), 0), (1200, 1600))
    done, jpeg = cv2.imencode(".jpg", picture)
    assert done
    comment = b"Patient: Jane Doe"
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    data = jpeg.tobytes()
    (films / "a.jpg").write_bytes(data[:2] + segment + data[2:])
    write_table(films, ["a.jpg,effusion"], header="file,labels")
    spec = build_library(films, tmp_path / "library")
    stored = (tmp_path / "library" / "pictures" / "00001.jpg").read_bytes()
    assert comment not in stored
    assert cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED).shape == (512, 384)
    assert (spec.cases[0].width, spec.cases[0].height) == (384, 512)


def test_what_cannot_be_used_is_left_out_and_reported_and_the_rest_is_built(
    films: Path, tmp_path: Path
) -> None:
    (films / "cut.png").write_bytes(drawn_film(5)[:3000])
    (films / "again.png").write_bytes(drawn_film(1))
    (films / "unlisted.PNG").write_bytes(drawn_film(6))
    (films / "noise.png").write_bytes(_noise())
    table = (films / "labels.csv").read_text()
    lines = ["cut.png,", "again.png,mass", "gone.png,mass", "../films.png,mass", "noise.png,", "cut.png,"]
    (films / "labels.csv").write_text(table + "\n".join(lines) + "\n")
    answer = _build(films, tmp_path / "library")
    assert answer.exit_code == 0, answer.stderr
    for name, reason in (
        ("cut.png", "cannot be read"),
        ("again.png", "the same film as ward-1/Doe_Jane_1.png"),
        ("gone.png", "no such file"),
        ("../films.png", "lies outside the folder"),
        ("noise.png", "refused by the gate"),
        ("unlisted.PNG", "is not in labels.csv"),
        ("cut.png", "is in labels.csv twice"),
    ):
        assert any(line.startswith(name) and reason in line for line in answer.stderr.splitlines()), reason
    assert len(read_spec(tmp_path / "library").cases) == 2


def _noise() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (200, 200), dtype=np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1])


def test_strict_builds_nothing_when_a_film_is_left_out(films: Path, tmp_path: Path) -> None:
    (films / "unlisted.png").write_bytes(drawn_film(6))
    answer = _build(films, tmp_path / "library", "--strict")
    assert answer.exit_code == 1
    assert "--strict" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["films"]


@pytest.mark.parametrize("name", ["a\0b.png", 300 * "a" + ".png", "no/such/folder.png"])
def test_a_name_that_no_disk_holds_is_left_out_like_any_film_that_is_not_there(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "here.png").write_bytes(b"film")
    films, left_out = sort_out(tmp_path, [Listed(name, (), ""), Listed("here.png", (), "")])
    assert [one.file for one in films] == ["here.png"]
    assert [(one.file, one.reason) for one in left_out] == [(name, "no such file")]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, "must hold a table labels.csv"),
        ("file,diagnosis\na.png,mass\n", "must have the columns file and labels"),
        ("file,labels,patient\na.png,mass,Doe\n", "must have the columns file and labels"),
        ("file;labels\na.png;mass\n", "must have the columns file and labels"),
        ("", "received no header"),
        ("file,labels\n", "received only its header"),
        ("file,labels\na.png,mass,nodule\n", "line 2"),
        ("file,labels\n,mass\n", "line 2"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path, table: str | None, words: str
) -> None:
    if table is not None:
        (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(RequestError, match=words):
        read_labels(tmp_path)


def test_a_table_that_is_not_utf8_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes("file,labels\na.png,Ödem\n".encode("latin-1"))
    with pytest.raises(RequestError, match="must be comma-separated UTF-8"):
        read_labels(tmp_path)


def test_labels_are_trimmed_and_a_byte_order_mark_is_no_column(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("\ufefffile,labels\na.png, mass ; ;mass;Ödem\n", encoding="utf-8")
    assert read_labels(tmp_path)[0].labels == ("mass", "Ödem")


def test_an_earlier_library_stays_until_the_new_one_is_complete(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "library"
    before = build_library(films, out)
    with pytest.raises(RuntimeError, match="power"):
        _break_off(out)
    assert read_spec(out) == before
    write_table(films, ["gone.png,mass"], header="file,labels")
    with pytest.raises(LibraryError, match="at least one film"):
        build_library(films, out)
    assert read_spec(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["films", "library"]


def _break_off(out: Path) -> None:
    with replacing(out) as fresh:
        (fresh / "half.json").write_text("{")
        raise RuntimeError("power cut")


def test_a_folder_of_other_files_is_never_replaced(films: Path, tmp_path: Path) -> None:
    answer = _build(films, films)
    assert answer.exit_code == 1
    assert "holds other files" in answer.stderr
    assert (films / "labels.csv").is_file()


def test_a_model_without_any_film_is_left_out_of_the_library(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    for name in (MODEL, "covid"):
        shutil.copytree(Settings().models_dir / name, models / name)
    path = models / "covid" / "bundle.json"
    spec = json.loads(path.read_text())
    # a gate that lets nothing pass
    spec["out_of_distribution"] |= {"warn_above": 1e-6, "reject_above": 1e-5}
    path.write_text(json.dumps(spec))
    monkeypatch.setenv("CXR_MODELS_DIR", str(models))
    answer = _library("build", films, "--out", tmp_path / "library")
    assert answer.exit_code == 0, answer.stderr
    assert "No film could be used for the model covid" in answer.stderr
    assert [model.id for model in read_spec(tmp_path / "library").models] == [MODEL]


def test_info_says_when_a_model_has_another_version_now(films: Path, tmp_path: Path) -> None:
    spec = build_library(films, tmp_path / "library")
    changed = spec.models[0].model_copy(update={"sha256": "0" * 64})
    other = spec.models[0].model_copy(update={"id": "retired"})
    text = LibrarySpec(**{**dict(spec), "models": [changed, other]}).model_dump_json()
    (tmp_path / "library" / "library.json").write_text(text)
    said = _library("info", "--library", tmp_path / "library").stdout
    assert "build it again" in said
    assert "not installed here" in said


def test_info_without_a_library_says_how_to_build_one(tmp_path: Path) -> None:
    answer = _library("info", "--library", tmp_path / "none")
    assert answer.exit_code == 1
    assert "cxr-dash library build DIR" in answer.stderr
