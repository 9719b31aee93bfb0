"""Films of real devices: the chest is read, a limb is refused by what its file says, and by the gate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cxr_dash import imaging
from cxr_dash.domain import FilmFacts, Verdict
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.settings import Settings

CHEST = ("chest-pa-mono1-10bit-explicit.dcm", "chest-pa-mono1-15bit-jpeg2000.dcm")
LIMB = ("extremity-mono1-10bit-jpeg-extended.dcm", "extremity-mono1-10bit-jpegls.dcm")
MODELS = ("findings", "covid", "pneumonia-paediatric")


@pytest.fixture(scope="module")
def service() -> AnalysisService:
    return build_service(Settings(heat_trust=False))


@pytest.fixture(scope="module")
def folder(shared_dir: Path) -> Path:
    if not (shared_dir / "dicom").is_dir():
        pytest.skip(f"no DICOM films in {shared_dir / 'dicom'}: get the shared folder to run this")
    return shared_dir / "dicom"


@pytest.mark.parametrize("name", CHEST)
def test_a_chest_film_is_read_without_a_word(service: AnalysisService, folder: Path, name: str) -> None:
    analysis = service.analyse_bytes((folder / name).read_bytes(), "findings")
    assert (analysis.quality.verdict, analysis.quality.codes) == (Verdict.OK, [])
    assert (analysis.facts.projection, analysis.facts.body_part) == ("PA", "CHEST")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", LIMB)
def test_a_limb_is_refused_by_what_its_file_says_for_every_model(
    service: AnalysisService, folder: Path, name: str, model: str
) -> None:
    quality = service.analyse_bytes((folder / name).read_bytes(), model).quality
    assert (quality.verdict, quality.codes[0]) == (Verdict.REJECT, "other_body_part")


@pytest.mark.parametrize("name", LIMB)
@pytest.mark.parametrize("lie", [FilmFacts(), FilmFacts(projection="PA", body_part="CHEST", age_years=40.0)])
def test_a_limb_is_refused_by_the_gate_where_the_file_lies_or_says_nothing(
    service: AnalysisService, folder: Path, name: str, lie: FilmFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = replace(imaging.decode((folder / name).read_bytes()), facts=lie)
    monkeypatch.setattr("cxr_dash.imaging.decode", lambda _data, _limits: film)
    quality = service.analyse_bytes(b"a film", "findings").quality
    assert quality.verdict is Verdict.REJECT
    assert "not_frontal_chest" in quality.codes
