"""What the shipped models say of the drawn chests that a newcomer is offered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cxr_dash.domain import Analysis, Verdict
from cxr_dash.explain import peak_positions
from cxr_dash.imaging import chest_phantom, effusion_area, effusion_phantom, encode_png
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.settings import Settings

MODELS = Path(__file__).resolve().parents[2] / "models"
SIDE = 1024


@pytest.fixture(scope="module")
def service() -> AnalysisService:
    """The service with the shipped bundles."""
    service = build_service(Settings(models_dir=MODELS))
    if "findings" not in service.catalog.ids():
        pytest.skip(f"{MODELS} holds no bundle `findings`")
    return service


def answer(service: AnalysisService, film: NDArray[np.uint8]) -> Analysis:
    return service.analyse_bytes(encode_png(film, {}), "findings")


def flagged(analysis: Analysis) -> set[str]:
    return {one.label.key for one in analysis.findings if one.probability >= one.threshold}


def test_the_first_one_is_not_flagged(service: AnalysisService) -> None:
    assert flagged(answer(service, chest_phantom())) == set()


@pytest.mark.parametrize("seed", range(4))
def test_the_effusion_is_flagged_and_its_heat_peaks_in_the_fluid(service: AnalysisService, seed: int) -> None:
    analysis = answer(service, effusion_phantom(SIDE, SIDE, seed))
    assert "effusion" in flagged(analysis)
    assert flagged(analysis) <= {"effusion", "finding"}
    places = peak_positions(analysis.heatmaps["effusion"])
    area = effusion_area(SIDE, SIDE)
    assert [bool(area[int(down * SIDE), int(right * SIDE)]) for right, down in places] == [True]


@pytest.mark.parametrize("seed", range(4))
def test_the_same_chest_without_the_fluid_is_not_flagged(service: AnalysisService, seed: int) -> None:
    assert flagged(answer(service, effusion_phantom(SIDE, SIDE, seed, effusion=False))) == set()


def test_nothing_is_said_against_the_film_or_its_heat(service: AnalysisService) -> None:
    data = encode_png(effusion_phantom(), {})
    analysis = service.analyse_bytes(data, "findings", trust=True)
    assert analysis.quality.verdict is Verdict.OK
    assert analysis.quality.codes == []
    assert analysis.trust["effusion"].verdict == "good"
