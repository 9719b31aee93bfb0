"""The gate that is shipped, on untouched files as people upload them, through the service that answers."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cxr_dash.domain import Quality, ReasonCode, Verdict
from cxr_dash.imaging import chest_phantom, decode
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.settings import Settings

MODELS = Path(__file__).resolve().parents[2] / "models"
CHILDREN = ("00001946_029.jpg", "IM-0117-0001.jpeg", "person1004_bacteria_2935.jpeg")
FRONTAL = (
    *("00000005_002.jpg", "00000193_019.png", "000005-3.png", "006f3a8a.png", "256.jfif", "506.webp"),
    *("23E99E2E-447C-46E5-8EB2-D35D12473C39.png", "41182_2020_203_Fig5_HTML.jpg"),
)


@pytest.fixture(scope="module")
def service() -> AnalysisService:
    """The service with the shipped bundles."""
    if Catalog(MODELS).tool("gate") is None:
        pytest.skip(f"{MODELS} holds no bundle of kind gate")
    return build_service(Settings(models_dir=MODELS))


def quality_of(service: AnalysisService, data: bytes) -> Quality:
    return service.analyse_bytes(data, service.catalog.ids()[0]).quality


def changed(originals: Path, change: str) -> bytes:
    """An upright film as somebody might send it."""
    film = decode((originals / "00000193_019.png").read_bytes()).pixels
    small = cv2.resize(film, (320, 320), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0).integers(0, 256, (320, 320))
    pictures = {
        "lying on its side": np.rot90(small),
        "upside down": small[::-1],
        "a quarter of it": small[:150, :150],
        "two side by side": np.hstack([small, small]),
        "noise": noise,
        "shrunk to 28 px": cv2.resize(small, (28, 28), interpolation=cv2.INTER_AREA),
        "mirrored": small[:, ::-1],
        "black and white swapped": 255 - small,
        "in a wide black frame": cv2.copyMakeBorder(small, 90, 90, 160, 160, cv2.BORDER_CONSTANT, value=0),
    }
    done, data = cv2.imencode(".png", np.ascontiguousarray(pictures[change], dtype=np.uint8))
    assert done
    return bytes(data)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", FRONTAL)
def test_a_frontal_film_passes_as_it_was_uploaded(
    service: AnalysisService, originals: Path, name: str
) -> None:
    quality = quality_of(service, (originals / name).read_bytes())
    assert quality.verdict is not Verdict.REJECT, quality.reasons


@pytest.mark.shared_data
@pytest.mark.parametrize("name", CHILDREN)
def test_a_small_childs_film_is_read_by_the_model_for_children_alone(
    service: AnalysisService, originals: Path, name: str
) -> None:
    film = (originals / name).read_bytes()
    for model in ("findings", "covid", "tuberculosis"):
        quality = service.analyse_bytes(film, model).quality
        assert quality.verdict is Verdict.REJECT
        assert ReasonCode.SEEMS_CHILD in quality.codes
        assert not quality.withheld, "a reader may ask for the figures all the same"
    assert service.analyse_bytes(film, "pneumonia-paediatric").quality.verdict is not Verdict.REJECT


@pytest.mark.shared_data
def test_a_lateral_film_is_refused_as_such(service: AnalysisService, originals: Path) -> None:
    quality = quality_of(service, (originals / "000009-5.jpg").read_bytes())
    assert quality.verdict is Verdict.REJECT
    assert ReasonCode.LATERAL_VIEW in quality.codes


@pytest.mark.shared_data
def test_a_ct_slice_is_refused(service: AnalysisService, originals: Path) -> None:
    quality = quality_of(service, (originals / "16630_6_1.jpg").read_bytes())
    assert quality.verdict is Verdict.REJECT
    assert ReasonCode.NOT_FRONTAL_CHEST in quality.codes


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "change", ["lying on its side", "upside down", "a quarter of it", "two side by side", "noise"]
)
def test_a_film_nobody_should_read_is_refused(service: AnalysisService, originals: Path, change: str) -> None:
    assert quality_of(service, changed(originals, change)).verdict is Verdict.REJECT


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "change", ["shrunk to 28 px", "mirrored", "black and white swapped", "in a wide black frame"]
)
def test_a_film_that_can_still_be_read_passes(service: AnalysisService, originals: Path, change: str) -> None:
    quality = quality_of(service, changed(originals, change))
    assert quality.verdict is not Verdict.REJECT, quality.reasons


def test_the_drawn_phantom_passes_so_that_the_app_can_be_tried_without_a_patients_film(
    service: AnalysisService,
) -> None:
    for seed, (height, width) in enumerate([(1024, 1024), (512, 480), (900, 700)]):
        done, data = cv2.imencode(".png", chest_phantom(height, width, seed))
        assert done
        quality = service.analyse_bytes(bytes(data), "findings").quality
        assert quality.verdict is not Verdict.REJECT, quality.reasons
