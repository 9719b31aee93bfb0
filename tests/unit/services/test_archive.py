"""Everything of a list as one ZIP, written as it is sent."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from export_material import FilmsAtHand, analysis_of, bundle_of, film_file
from pypdf import PdfReader

from cxr_dash.domain import Verdict
from cxr_dash.language import translator
from cxr_dash.services.archive import archive
from cxr_dash.services.exports import ChosenFilm, ExportRequest

LABELS = [("effusion", "Effusion", "Derrame"), ("nodule", "Nodule", "Nódulo"), ("mass", "Mass", "Masa")]


def _at_hand(count: int, size: tuple[int, int] = (180, 150)) -> FilmsAtHand:
    bundle = bundle_of(LABELS)
    at_hand = FilmsAtHand(bundle)
    for number in range(count):
        data = film_file(number, size)
        at_hand.films[f"key{number}"] = (data, analysis_of(data, bundle, [0.8, 0.7, 0.1]))
    return at_hand


def _pieces(at_hand: FilmsAtHand, *films: ChosenFilm, **settings: object) -> Iterator[bytes]:
    request = ExportRequest(model="tiny", films=films, **settings)  # type: ignore[arg-type]
    return archive(at_hand, request, translator("en"))()  # type: ignore[arg-type]


def _opened(pieces: Iterator[bytes]) -> zipfile.ZipFile:
    opened = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert opened.testzip() is None
    return opened


def test_each_film_has_a_folder_with_pictures_of_what_lies_above_its_cut_and_of_what_was_in_view() -> None:
    at_hand = _at_hand(1)
    head = at_hand.films["key0"][1].film_sha256[:8]
    opened = _opened(_pieces(at_hand, ChosenFilm(3, "key0", label="mass"), thresholds={"nodule": 0.75}))
    kinds = ("overlay.png", "heat.png", "side-by-side.png", "grid.npy")
    pictures = {f"film-03-{head}/cxr-{head}-{key}-{kind}" for key in ("effusion", "mass") for kind in kinds}
    texts = {f"film-03-{head}/report.pdf", f"film-03-{head}/analysis.json"}
    assert set(opened.namelist()) == pictures | texts | {"findings.csv", "findings.json", "README.txt"}
    document = json.loads(opened.read(f"film-03-{head}/analysis.json"))
    for key, known in document["maps"].items():
        values = np.load(io.BytesIO(opened.read(f"film-03-{head}/{known['file']}")))
        assert values.dtype == known["dtype"]
        assert list(values.shape) == known["shape"] == [8, 8], key
    assert len(PdfReader(io.BytesIO(opened.read(f"film-03-{head}/report.pdf"))).pages) == 1
    assert "findings above their threshold" in opened.read("README.txt").decode()
    assert document["film"]["findings"]["nodule"]["cut"] == 0.75


def test_maps_come_at_the_models_grid_or_on_demand_as_large_as_the_film() -> None:
    at_hand = _at_hand(1, size=(900, 800))
    chosen = ChosenFilm(1, "key0", label="effusion")

    def maps(size: str) -> tuple[np.ndarray, dict[str, object], int]:
        opened = _opened(_pieces(at_hand, chosen, thresholds={"nodule": 0.75}, maps=size))
        (entry,) = [one for one in opened.infolist() if one.filename.endswith(".npy")]
        (document,) = [name for name in opened.namelist() if name.endswith("analysis.json")]
        (known,) = json.loads(opened.read(document))["maps"].values()
        return np.load(io.BytesIO(opened.read(entry))), known, entry.compress_size

    (grid, known, small), (full, whole, large) = maps("grid"), maps("full")
    assert grid.shape == (8, 8)
    assert full.shape == (900, 800) == tuple(known["film_shape"])  # type: ignore[arg-type]
    assert "grid_to_film" not in whole
    assert small < 1000 < large
    # as docs/exports.md shows it
    affine = np.array(known["grid_to_film"])
    affine[:, 2] += affine[:, :2].sum(axis=1) / 2 - 0.5
    laid = cv2.warpAffine(grid, affine, (800, 900), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(laid, full, atol=0.08 * full.max())  # linear in one step


def test_what_fails_is_listed_and_the_rest_arrives() -> None:
    at_hand = _at_hand(2)
    _, analysis = at_hand.films["key1"]
    at_hand.films["key1"] = (b"no longer a film", analysis)
    opened = _opened(
        _pieces(
            at_hand,
            ChosenFilm(1, "gone"),
            ChosenFilm(2, "key1"),
            ChosenFilm(3, problem="film 04: gone\nDamaged."),
            ChosenFilm(4, "key0"),
        )
    )
    errors = opened.read("errors.txt").decode().splitlines()
    assert [line.split(":")[0] for line in errors] == ["film 01", "film 02", "film 03"]
    assert errors[0].endswith("This film is no longer kept. Add it again.")
    assert errors[2].endswith("Damaged.")
    assert any(name.startswith("film-04-") and name.endswith("report.pdf") for name in opened.namelist())
    rows = list(csv.DictReader(io.StringIO(opened.read("findings.csv").decode("utf-8-sig"))))
    assert [row["status"] for row in rows] == ["error", "ok", "error", "ok"]


def test_a_refused_film_brings_its_reasons_and_no_picture_unless_they_were_asked_for() -> None:
    at_hand = _at_hand(1)
    data, analysis = at_hand.films["key0"]
    refused = replace(analysis, quality=replace(analysis.quality, verdict=Verdict.REJECT))
    at_hand.films["key0"] = (data, refused)

    def files(**chosen: bool) -> list[str]:
        return [
            name.split("/")[-1]
            for name in _opened(_pieces(at_hand, ChosenFilm(1, "key0", **chosen))).namelist()
        ]

    assert {"report.pdf", "analysis.json"} <= set(files())
    assert not [name for name in files() if name.endswith((".png", ".npy"))]
    asked_for = [name for name in files(anyway=True) if name.endswith((".png", ".npy"))]
    assert asked_for
    assert all("-refused." in name for name in asked_for)


def test_no_film_is_read_before_the_one_ahead_of_it_was_sent() -> None:
    at_hand = _at_hand(3)
    seen = []
    for piece in _pieces(at_hand, *(ChosenFilm(n + 1, f"key{n}") for n in range(3))):
        seen += [(len(at_hand.asked), piece.count(b"/analysis.json"))]
    finished = [asked for asked, names in seen if names == 1]
    assert finished == [1, 2, 3]


def test_memory_does_not_grow_with_the_number_of_films() -> None:
    at_hand = _at_hand(2, size=(900, 800))

    def peak(count: int) -> int:
        films = [ChosenFilm(n + 1, f"key{n % 2}") for n in range(count)]
        tracemalloc.start()
        sent = sum(len(piece) for piece in _pieces(at_hand, *films))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sent > count * 2_000_000
        return most

    peak(1)  # what is loaded once
    assert peak(5) < 1.2 * peak(1)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_readme_names_every_kind_of_file(language: str) -> None:
    request = ExportRequest(model="tiny", films=(ChosenFilm(1, "key0"),))
    text = _opened(archive(_at_hand(1), request, translator(language))()).read("README.txt").decode()  # type: ignore[arg-type]
    for name in ("findings.csv", "findings.json", "report.pdf", "analysis.json", "-overlay.png", "-grid.npy"):
        assert name in text
    assert "errors.txt" not in text
    full = archive(_at_hand(1), replace(request, maps="full"), translator(language))()  # type: ignore[arg-type]
    assert "-map.npy" in _opened(full).read("README.txt").decode()
