"""Films as a network gets them: prepared once, kept, and named where they cannot be read."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.domain import PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import decode, prepare
from training.films.manifest import read_manifest
from training.films.prepared import prepared_films


def test_prepared_films_are_the_serving_preparation_rounded_and_read_back(films_root, tmp_path):
    films, spec = (
        read_manifest(films_root / "films" / "manifest.csv")[:5],
        PreparationSpec(height=48, width=48),
    )
    pixels = prepared_films(films, spec, tmp_path)
    for film, row in zip(films, pixels, strict=True):
        assert np.abs(row - prepare(decode(film.path.read_bytes()), spec)).max() <= 0.5
    (cache,) = tmp_path.iterdir()
    before = cache.stat().st_mtime_ns
    np.testing.assert_array_equal(prepared_films(films, spec, tmp_path), pixels)
    assert cache.stat().st_mtime_ns == before
    prepared_films(films, PreparationSpec(height=32, width=32), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_film_that_cannot_be_read_is_named_with_its_row(tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "manifest.csv").write_text("path,labels,split\ntext.png,Edema,train\n")
    films = read_manifest(tmp_path / "manifest.csv")
    with pytest.raises(
        TrainingError, match=r"manifest\.csv row 2: .*text\.png must be a film that can be read"
    ):
        prepared_films(films, PreparationSpec(), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("prepared-[0-9a-f]*[0-9a-f].npy"))
