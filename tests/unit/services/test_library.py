"""Similar cases: who is nearest, what is left out, and when a library must not be used."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from library_films import MODEL, build_library, draw_films, drawn_film, library_service

from cxr_dash.domain import Analysis
from cxr_dash.errors import LabelNotFoundError, LibraryError, LibraryMismatchError, LibraryNotFoundError
from cxr_dash.services import AnalysisService
from cxr_dash.services.library import SimilarCases
from cxr_dash.services.library.check import check_library
from cxr_dash.services.library.files import (
    geometry_row,
    picture_path,
    preparation_of,
    read_array,
    read_spec,
)
from cxr_dash.services.library.likeness import measure_likeness, similarities

SEEDS = range(14)


@pytest.fixture(scope="module")
def service() -> AnalysisService:
    return library_service()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    out = tmp_path_factory.mktemp("built") / "library"
    build_library(draw_films(folder, SEEDS), out)
    return out


@pytest.fixture
def library(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(built, tmp_path / "library"))


@pytest.fixture(scope="module")
def stranger(service: AnalysisService) -> Analysis:
    """A film that is not in the library."""
    return service.analyse_bytes(drawn_film(101), MODEL)


def test_the_nearest_cases_come_best_first_with_their_labels_as_far_as_the_model_knows_them(
    library: Path, service: AnalysisService, stranger: Analysis
) -> None:
    found = SimilarCases(library, service.catalog).nearest(stranger)
    assert found.size == len(SEEDS)
    assert not found.itself
    assert len(found.cases) == 6
    values = [one.similarity for one in found.cases]
    assert values == sorted(values, reverse=True)
    assert found.counts["effusion"] == 7
    assert found.counts["mass"] == 0
    odd = next(one for one in found.cases if one.case.number % 2 == 0)
    assert [(label.key, label.text) for label in odd.labels] == [
        ("effusion", "Pleural effusion"),
        (None, "Pacemaker"),
    ]
    assert {one.likeness for one in found.cases} <= {"very", "alike", "loosely"}


def test_the_geometry_of_a_case_comes_back_with_its_tilt(stranger: Analysis) -> None:
    leaning = replace(stranger.preparation, tilt_degrees=-7.29)
    row = np.array(geometry_row(leaning), np.int32)
    assert preparation_of(row).tilt_degrees == -7.29
    assert preparation_of(row).crop == leaning.crop


def test_a_film_of_the_library_finds_the_others_and_is_told_so(
    library: Path, service: AnalysisService
) -> None:
    own = service.analyse_bytes(drawn_film(3), MODEL)
    found = SimilarCases(library, service.catalog).nearest(own, most=len(SEEDS))
    assert found.itself
    assert 4 not in {one.case.number for one in found.cases}
    assert len(found.cases) == len(SEEDS) - 1


def test_what_the_model_says_of_a_case_is_what_it_says_of_the_film(
    library: Path, service: AnalysisService, stranger: Analysis
) -> None:
    similar = SimilarCases(library, service.catalog)
    (case,) = [one for one in similar.nearest(stranger, 14).cases if one.case.number == 6]
    again = service.analyse_bytes(drawn_film(5), MODEL)
    for finding in again.findings:
        key = finding.label.key
        assert case.probabilities[key] == pytest.approx(finding.probability, abs=1e-5)
        assert case.flat[key] == again.heatmaps[key].flat
    assert case.preparation.crop == again.preparation.crop
    layer = cv2.imdecode(
        np.frombuffer(similar.heat_layer(MODEL, 6, "effusion"), np.uint8), cv2.IMREAD_UNCHANGED
    )
    content = again.preparation.content
    assert layer.shape == (content.height, content.width)


def test_similarity_is_the_cosine_of_embeddings_less_the_librarys_mean() -> None:
    generator = np.random.default_rng(0)
    library = generator.normal(3.0, 1.0, (20, 5)).astype(np.float32)
    queries = generator.normal(3.0, 1.0, (4, 5)).astype(np.float32)
    centre = library.mean(axis=0)
    a, b = queries - centre, library - centre
    expected = (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)
    found = similarities(queries, library, centre, np.linalg.norm(b, axis=1))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (similarities(centre[None], library, centre, np.linalg.norm(b, axis=1)) == 0).all()


def test_words_for_likeness_need_a_library_of_some_size() -> None:
    generator = np.random.default_rng(1)
    films = generator.normal(0.0, 1.0, (40, 8)).astype(np.float32)
    centre, lengths = np.zeros(8, np.float32), np.linalg.norm(films, axis=1).astype(np.float32)
    likeness = measure_likeness(films, centre, lengths)
    assert likeness is not None
    assert -1 < likeness.alike < likeness.very < 1
    assert measure_likeness(films[:11], centre, lengths[:11]) is None


def test_no_library_is_said_with_what_to_do(
    tmp_path: Path, service: AnalysisService, stranger: Analysis
) -> None:
    with pytest.raises(LibraryNotFoundError, match="cxr-dash library build DIR"):
        SimilarCases(tmp_path / "none", service.catalog).nearest(stranger)


def test_a_library_of_another_version_of_the_model_is_refused_by_name(
    library: Path, service: AnalysisService, stranger: Analysis
) -> None:
    path = library / "library.json"
    spec = json.loads(path.read_text())
    spec["models"][0] |= {"sha256": "c" * 64, "version": "0.9.0"}
    path.write_text(json.dumps(spec))
    similar = SimilarCases(library, service.catalog)
    for ask in (lambda: similar.nearest(stranger), lambda: similar.picture(MODEL, 1)):
        with pytest.raises(LibraryMismatchError, match=r"version 0\.9\.0 \(cccccccc…\)"):
            ask()


def test_a_model_that_the_library_does_not_know_is_said(library: Path, service: AnalysisService) -> None:
    with pytest.raises(LibraryNotFoundError, match="without the model covid"):
        SimilarCases(library, service.catalog).nearest(service.analyse_bytes(drawn_film(100), "covid"))


def test_a_rebuilt_library_is_noticed_and_old_numbers_are_refused(
    library: Path, tmp_path: Path, service: AnalysisService, stranger: Analysis
) -> None:
    similar = SimilarCases(library, service.catalog)
    before = similar.nearest(stranger)
    build_library(draw_films(tmp_path / "fewer", [20, 21]), library)
    after = similar.nearest(stranger)
    assert (after.size, len(after.cases)) == (2, 2)
    assert after.build != before.build
    assert [one.likeness for one in after.cases] == [None, None]
    with pytest.raises(LibraryMismatchError):
        similar.picture(MODEL, 1, before.build)
    assert similar.picture(MODEL, 1, after.build)
    with pytest.raises(LibraryNotFoundError):
        similar.picture(MODEL, 3, after.build)


def test_a_library_replaced_while_it_is_read_is_refused_for_that_once(
    library: Path,
    tmp_path: Path,
    service: AnalysisService,
    stranger: Analysis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    similar = SimilarCases(library, service.catalog)
    films = draw_films(tmp_path / "others", range(20, 34))

    def replaced_meanwhile(*asked: Any) -> Any:
        monkeypatch.undo()
        build_library(films, library)
        return read_array(*asked)

    monkeypatch.setattr("cxr_dash.services.library.similar.read_array", replaced_meanwhile)
    with pytest.raises(LibraryMismatchError, match="built anew"):
        similar.nearest(stranger)
    assert similar.nearest(stranger).build == read_spec(library).build


def test_an_unknown_label_of_a_case_is_refused(library: Path, service: AnalysisService) -> None:
    with pytest.raises(LabelNotFoundError):
        SimilarCases(library, service.catalog).heat_layer(MODEL, 1, "no-such-label")


@pytest.mark.parametrize("damage", ["json", "array", "missing"])
def test_a_damaged_library_is_refused_with_a_remedy(
    library: Path, service: AnalysisService, stranger: Analysis, damage: str
) -> None:
    if damage == "json":
        (library / "library.json").write_text("{")
    elif damage == "array":
        np.save(library / "models" / MODEL / "norms.npy", np.zeros(3, np.float32))
    else:
        (library / "models" / MODEL / "maps.npy").unlink()
    with pytest.raises(LibraryError, match="build it again"):
        SimilarCases(library, service.catalog).nearest(stranger)


def test_a_check_reads_every_file_and_counts_how_far_neighbours_agree(library: Path) -> None:
    found = check_library(library)[MODEL]
    assert found is not None
    assert found.labels["Pacemaker"][0] == 7
    assert found.chance == pytest.approx(6 / 13)
    assert found.labels["Pacemaker"][2] == pytest.approx(7 / 14)
    assert 0 <= found.shared <= 1
    picture_path(library, read_spec(library).cases[-1].number).unlink()
    with pytest.raises(LibraryError, match="picture of case 14 is missing"):
        check_library(library)


def test_likeness_is_measured_by_the_six_nearest_of_each_film_and_not_by_the_film_itself() -> None:
    films = np.random.default_rng(2).normal(0.0, 1.0, (30, 6)).astype(np.float32)
    units = films / np.linalg.norm(films, axis=1, keepdims=True)
    alike = units @ units.T
    np.fill_diagonal(alike, -np.inf)
    nearest = np.sort(alike, axis=1)[:, -6:]
    found = measure_likeness(films, np.zeros(6, np.float32), np.linalg.norm(films, axis=1).astype(np.float32))
    assert found is not None
    assert (found.alike, found.very) == pytest.approx(tuple(np.percentile(nearest, [25, 75])), abs=1e-5)
