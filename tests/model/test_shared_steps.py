"""What models share of a film is found once, and changes nothing of what each of them says."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash import imaging
from cxr_dash.domain import Analysis
from cxr_dash.inference.lungs import draw_lungs
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.settings import Settings

MODELS = ("findings", "covid", "pneumonia-paediatric", "tuberculosis")


def fresh() -> AnalysisService:
    return build_service(Settings(heat_trust=False))


def film(seed: int) -> bytes:
    return imaging.encode_png(imaging.chest_phantom(512, 480, seed), {})


def apart(one: Analysis, other: Analysis) -> float:
    """Largest difference of probabilities, and of maps as shares of their peak."""
    shares = [abs(a.probability - b.probability) for a, b in zip(one.findings, other.findings, strict=True)]
    for key, heat in one.heatmaps.items():
        theirs = other.heatmaps[key].values
        shares.append(float(np.abs(heat.values - theirs).max() / max(float(theirs.max()), 1e-6)))
    return max(shares)


def test_every_model_says_of_a_film_what_it_says_when_it_is_asked_alone() -> None:
    together, data = fresh(), film(1)
    for model in MODELS:
        shared, alone = together.analyse_bytes(data, model), fresh().analyse_bytes(data, model)
        assert apart(shared, alone) < 1e-3
        assert shared.quality == alone.quality
        assert shared.heart == alone.heart


def test_lungs_are_drawn_once_a_film_and_anew_for_another_or_after_it_was_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service, drawn = fresh(), []

    def noted(*asked: object) -> object:
        drawn.append(asked)
        return draw_lungs(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr("cxr_dash.services.examine.draw_lungs", noted)
    first, second = film(1), film(2)
    service.analyse_bytes(first, "findings")
    service.analyse_bytes(first, "covid")
    assert len(drawn) == 1
    service.analyse_bytes(second, "covid")
    assert len(drawn) == 2
    key, _ = service.admit(second, "findings")
    assert len(drawn) == 2
    service.forget(key)
    service.analyse_bytes(second, "findings")
    assert len(drawn) == 3
