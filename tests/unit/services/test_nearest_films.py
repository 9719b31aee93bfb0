"""The search of a large library gives what looking at every film gives, and reads few of them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from library_films import MODEL, build_library, draw_films, drawn_film, library_service

from benchmarks import similar as benchmark
from cxr_dash.domain import Float32Array
from cxr_dash.services.library import SimilarCases, build
from cxr_dash.services.library import nearest as search
from cxr_dash.services.library.coarse import COARSE, coarse_shapes, make_coarse
from cxr_dash.services.library.files import array_path, read_spec
from cxr_dash.services.library.likeness import similarities
from cxr_dash.services.library.nearest import nearest

MOST = 6


def library_of(embeddings: Float32Array) -> dict[str, Float32Array]:
    """A library's arrays, whole and short."""
    centre = embeddings.mean(axis=0)
    norms = np.linalg.norm(embeddings - centre, axis=1)
    plain = {"embeddings": embeddings, "centre": centre, "norms": norms}
    return plain | make_coarse(embeddings, centre, norms)


def features(films: int, size: int, seed: int = 0) -> Float32Array:
    """Films of a few sorts, as pooled features are: never below zero, few far from the middle."""
    rng = np.random.default_rng(seed)
    sorts = rng.gamma(0.3, 1.0, (12, size))
    mixed = rng.dirichlet(np.full(12, 0.4), films) @ sorts + rng.normal(0.0, 0.03, (films, size))
    return np.maximum(mixed, 0.0).astype(np.float32)


def even(films: int, size: int) -> Float32Array:
    """Films that lie in no direction more than in another: hardly any can be ruled out."""
    return np.random.default_rng(3).normal(0.0, 1.0, (films, size)).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_a_film_that_differs_by_little_in_what_is_left_out_is_not_missed(seed: int) -> None:
    rng, size, asked = np.random.default_rng(seed), 160, np.zeros(160)
    asked[[0, 1, 150]] = 0.3, 0.05, 0.95
    films = np.pad(rng.normal(size=(4000, 32)), ((0, 0), (0, size - 32)))
    near = np.arange(70) * 57
    films[near] = np.eye(size)[0]
    # forty that the first figures put behind thirty others, by less than what they leave out
    films[near[:40], 150] = 2.5e-4
    films[near[40:], 1] = 3e-3
    turn = np.linalg.qr(rng.normal(size=(size, size)))[0]
    embeddings, query = (np.asarray(one @ turn, np.float32) for one in (films, asked))
    centre, norms = np.zeros(size, np.float32), np.linalg.norm(embeddings, axis=1)
    library = {"embeddings": embeddings, "centre": centre, "norms": norms}
    rows, _ = nearest(query, library | make_coarse(embeddings, centre, norms), MOST)
    assert set(rows.tolist()) <= set(near[:40].tolist())


@pytest.mark.parametrize(
    "embeddings",
    [features(4000, 200), features(900, 20), even(1500, 160), np.ones((50, 8), np.float32)],
    ids=["many figures", "few figures", "nothing stands out", "all alike"],
)
def test_the_nearest_are_those_that_looking_at_every_film_finds(embeddings: Float32Array) -> None:
    library = library_of(embeddings)
    every = {name: array for name, array in library.items() if name not in COARSE}
    strangers = features(5, embeddings.shape[1], seed=1)
    for query in (*strangers, embeddings[7], library["centre"]):
        rows, found = nearest(query, library, MOST)
        slow = similarities(query[np.newaxis], *every.values())[0]
        best = np.sort(slow)[::-1][:MOST]
        np.testing.assert_allclose(found, best, atol=1e-5)
        np.testing.assert_allclose(slow[rows], best, atol=1e-5)
        assert len(set(rows.tolist())) == MOST
        np.testing.assert_allclose(nearest(query, every, MOST)[1], best, atol=1e-5)


def test_films_that_are_asked_for_beyond_those_there_are_are_not_made_up() -> None:
    library = library_of(features(5, 12))
    rows, _ = nearest(features(1, 12, seed=2)[0], library, 10)
    assert sorted(rows.tolist()) == [0, 1, 2, 3, 4]


def test_few_films_are_read_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    library, read = library_of(features(6000, 256)), []
    original = search._similar

    def noted(query, arrays, rows):  # type: ignore[no-untyped-def]
        read.append(len(rows))
        return original(query, arrays, rows)

    monkeypatch.setattr(search, "_similar", noted)
    for query in features(5, 256, seed=1):
        nearest(query, library, MOST)
    assert 0 < sum(read) < 5 * 6000 * 0.2


def test_shapes_are_known_before_an_array_is_opened() -> None:
    for films, size in ((40, 8), (40, 300), (3, 33)):
        made = make_coarse(features(films, size), np.zeros(size, np.float32), np.ones(films, np.float32))
        assert {name: array.shape for name, array in made.items()} == coarse_shapes(films, size)


def test_a_library_searched_by_bounds_answers_as_one_that_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films, service = draw_films(tmp_path / "films", range(20)), library_service()
    build_library(films, tmp_path / "whole")
    monkeypatch.setattr(build, "FEWEST_FOR_COARSE", 1)
    build_library(films, tmp_path / "bounds")
    assert not read_spec(tmp_path / "whole").models[0].coarse
    assert read_spec(tmp_path / "bounds").models[0].coarse
    assert array_path(tmp_path / "bounds", MODEL, "first").is_file()
    for seed in (3, 101):  # one of the library's own films, and a stranger
        analysis = service.analyse_bytes(drawn_film(seed), MODEL)
        one, other = (
            SimilarCases(tmp_path / name, service.catalog).nearest(analysis) for name in ("whole", "bounds")
        )
        assert [case.case.number for case in one.cases] == [case.case.number for case in other.cases]
        assert [case.similarity for case in one.cases] == pytest.approx(
            [case.similarity for case in other.cases], abs=1e-5
        )
        assert one.itself == other.itself == (seed == 3)


def test_the_benchmark_runs_and_the_apps_way_misses_no_film(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["similar", "--brief"])
    benchmark.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert lines[0].startswith("| 3000 films, the 10 nearest")
    exact = [line.split(" | ")[1] for line in lines if "float32" in line or "the app's" in line]
    assert exact == ["1.000", "1.000"]
