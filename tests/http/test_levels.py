"""``GET /films/<film>/levels.bin``: a film's own levels, byte for byte, where they are more than 8 bits."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from dicom_files import film_dataset, write
from flask.testing import FlaskClient
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import PreparationSpec

CASES = Path(__file__).parents[1] / "cases"
CODES = 65_536


def added(client: FlaskClient, data: bytes) -> dict[str, Any]:
    reply = client.post("/films", data=data)
    assert reply.status_code == 201, reply.get_json()
    told: dict[str, Any] = reply.get_json()
    return told


def read(body: bytes) -> tuple[dict[str, Any], list[NDArray[np.uint8]], NDArray[np.uint16]]:
    (length,) = struct.unpack_from("<I", body)
    told = json.loads(body[4 : 4 + length])
    at = 4 + length
    assert at % 2 == 0
    tables = [np.frombuffer(body, np.uint8, CODES, at + index * CODES) for index in range(told["tables"])]
    codes = np.frombuffer(body, "<u2", offset=at + told["tables"] * CODES)
    return told, tables, codes.reshape(told["height"], told["width"])


@pytest.mark.parametrize("name", ["02-12bit-text-at-65535.png", "03-negative-65535-minus-v-text-at-0.png"])
def test_a_png_s_levels_come_as_they_are_with_the_greys_of_its_first_picture(
    client: FlaskClient, name: str
) -> None:
    data = (CASES / name).read_bytes()
    film = added(client, data)
    assert film["levels"] is True
    reply = client.get(f"/films/{film['film']}/levels.bin", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["Cache-Control"] == "no-store"
    assert len(reply.data) < 2 * film["width"] * film["height"]
    told, tables, codes = read(gzip.decompress(reply.data))
    np.testing.assert_array_equal(codes, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
    assert (told["slope"], told["intercept"], told["padding"]) == (1, 0, None)
    radiograph = imaging.decode(data)
    shown = imaging.display_pixels(radiograph, imaging.plan_preparation(radiograph, PreparationSpec()))
    np.testing.assert_array_equal(tables[0][codes], shown)
    assert (told["black"] > told["white"]) is name.startswith("03")
    plain = client.get(f"/films/{film['film']}/levels.bin")
    assert "Content-Encoding" not in plain.headers
    assert plain.data == gzip.decompress(reply.data)


def test_a_dicom_film_s_levels_are_those_before_its_window_upright_in_its_own_unit(
    client: FlaskClient,
) -> None:
    drawn = imaging.chest_phantom(500, 400).astype(np.int16) * 8 - 1000
    drawn[:, :30] = -2000  # padding
    elements = {
        "RescaleSlope": 2,
        "RescaleIntercept": 10,
        "RescaleType": "OD",
        "PixelPaddingValue": -2000,
        "WindowCenter": [100, -500],
        "WindowWidth": [1000, 300],
        "WindowCenterWidthExplanation": ["NORMAL", "LUNGEN Ü"],
        "PatientOrientation": ["R", "H"],  # stored head down
    }
    film = added(client, write(film_dataset(drawn, 16, **elements), drawn))
    assert film["levels"] is True
    told, tables, codes = read(client.get(f"/films/{film['film']}/levels.bin").data)
    upright = drawn[::-1, ::-1]
    inside = upright != -2000
    np.testing.assert_array_equal(codes == told["padding"], ~inside)
    real = told["slope"] * codes.astype(np.float64) + told["intercept"]
    np.testing.assert_array_equal(real[inside], upright[inside] * 2.0 + 10.0)
    assert told["unit"] == "OD"
    assert told["inclusive"] is True
    assert [one["name"] for one in told["windows"]] == ["NORMAL", "LUNGEN Ü"]
    assert [(one["width"], one["level"]) for one in told["windows"]] == [(999, 99.5), (299, -500.5)]
    assert (tables[0][codes][~inside] == 0).all()
    assert (told["lowest"], told["highest"]) == (real[inside].min(), real[inside].max())


def test_a_film_of_8_bits_has_none_and_says_so(client: FlaskClient, phantom_png: bytes) -> None:
    film = added(client, phantom_png)
    assert film["levels"] is False
    reply = client.get(f"/films/{film['film']}/levels.bin")
    assert reply.status_code == 404
    error = reply.get_json()["error"]
    assert error["code"] == "no_levels"
    assert "more than 8 bits" in error["message"]
    gone = client.get(f"/films/{'a' * 32}/levels.bin")
    assert (gone.status_code, gone.get_json()["error"]["code"]) == (404, "case_not_found")


@pytest.mark.parametrize("name", ["chest-pa-mono1-10bit-explicit.dcm", "chest-pa-mono1-15bit-jpeg2000.dcm"])
def test_real_films_that_count_white_as_low_have_their_levels_and_their_greys(
    client: FlaskClient, shared_dir: Path, name: str
) -> None:
    data = (shared_dir / "dicom" / name).read_bytes()
    told, tables, codes = read(client.get(f"/films/{added(client, data)['film']}/levels.bin").data)
    assert told["black"] > told["white"]
    assert len(told["windows"]) == 1
    radiograph = imaging.decode(data)
    shown = imaging.display_pixels(radiograph, imaging.plan_preparation(radiograph, PreparationSpec()))
    np.testing.assert_array_equal(tables[0][codes], shown)


def test_pictures_that_are_taken_away_are_windowed_on_the_films_own_levels(client: FlaskClient) -> None:
    levels = imaging.chest_phantom(600, 500).astype(np.uint16) * 16
    levels[200:300, 100:400] = np.linspace(2000, 2200, 300).astype(np.uint16)
    key = added(client, cv2.imencode(".png", levels)[1].tobytes())["film"]
    address = f"/films/{key}/findings/effusion/overlay.png?anyway=1&opacity=0&window_unit=film"

    def row(query: str) -> NDArray[np.int64]:
        reply = client.get(f"{address}&{query}")
        assert reply.status_code == 200, reply.get_json()
        picture = cv2.imdecode(np.frombuffer(reply.data, np.uint8), cv2.IMREAD_UNCHANGED)
        return np.asarray(picture[250, 100:400, 0], np.int64)

    straight = row("window_width=200&window_level=2100")
    assert np.unique(straight).size >= 150
    curved = row("window_width=200&window_level=2100&window_curve=sigmoid")
    expected = 255 / (1 + np.exp(-4 * (levels[250, 100:400] - 2100.0) / 200))
    assert np.abs(curved - expected).max() <= 1
    assert np.abs(curved - straight).max() > 10
    seen = {"window_width": 200, "window_level": 2100, "window_unit": "film", "window_curve": "sigmoid"}
    body = {"model": "findings", "films": [{"number": 1, "film": key, "anyway": True}], "seen": seen}
    assert client.post("/exports.pdf", json=body).data.startswith(b"%PDF")
    wrong = client.post("/exports.pdf", json=body | {"seen": seen | {"window_unit": "inch"}})
    assert wrong.status_code == 422
    assert "window_unit" in wrong.get_json()["error"]["message"]
