"""A library of a dozen films whose features are written down: what is kept of each, and what is counted."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from export_material import analysis_of, bundle_of, film_file
from PIL import Image

from cxr_dash import imaging
from cxr_dash.domain import Analysis, DecodeLimits, Quality, Reason, ReasonCode, Verdict
from cxr_dash.errors import LibraryError, LibraryMismatchError, LibraryNotFoundError
from cxr_dash.services.library import SimilarCases, build, files
from cxr_dash.services.library.build import Examined, LibraryBuilder, examine
from cxr_dash.services.library.check import Agreement, check_library
from cxr_dash.services.library.coarse import COARSE, FEWEST_FOR_COARSE, FIRST, SECOND, coarse_shapes
from cxr_dash.services.library.files import Likeness, picture_path, read_spec, replacing, size_on_disk
from cxr_dash.services.library.likeness import FEWEST_FOR_WORDS, NEAREST

BUNDLE = bundle_of(
    [("effusion", "Effusion", "Derrame"), ("nodule", "Nodule", "Nódulo")], cam_grid=[8, 8], embedding_size=3
)
ANALYSIS = analysis_of(film_file(), BUNDLE, [0.75, 0.25])
WORDS = [["a"], ["a", "b"], ["b"], [], ["a"], ["c"], ["a", "c"], [], ["b"]]


def film(number: int, embedding: Any, picture: bytes = b"jpeg") -> Examined:
    analysis = replace(ANALYSIS, embedding=np.asarray(embedding, np.float32))
    return Examined(f"{number:064x}", picture, 4, 5, {"tiny": analysis}, {})


def library(folder: Path, films: int = 9) -> Path:
    """Films whose features lie at random places of a plane and a line."""
    rng = np.random.default_rng(8)
    folder.mkdir(exist_ok=True)
    builder = LibraryBuilder(folder, [BUNDLE])
    for number in range(1, films + 1):
        assert (
            builder.add(film(number, rng.normal(size=3)), WORDS[(number - 1) % 9], f"note {number}") == number
        )
    assert builder.counts() == {"tiny": films}
    builder.finish()
    return folder


@pytest.fixture
def similar(tmp_path: Path) -> SimilarCases:
    return SimilarCases(library(tmp_path), cast("Any", SimpleNamespace(get=lambda _: BUNDLE)))


def test_figures_that_libraries_on_disk_count_on() -> None:
    # a change needs a new version of the format, or other films become neighbours
    assert (files.SCHEMA_VERSION, FIRST, SECOND, FEWEST_FOR_COARSE) == (2, 32, 96, 20_000)
    assert (NEAREST, FEWEST_FOR_WORDS) == (6, 12)
    assert COARSE == ("basis", "first", "first_rest", "second", "second_rest")
    assert coarse_shapes(7, 200) == {
        "basis": (200, 128),
        "first": (7, 32),
        "first_rest": (7,),
        "second": (7, 96),
        "second_rest": (7,),
    }
    assert coarse_shapes(7, 20)["second"] == (7, 0)


def test_what_is_kept_of_a_film_is_found_again_in_its_row(tmp_path: Path) -> None:
    spec = read_spec(library(tmp_path))
    (model,) = spec.models
    assert (model.cases, model.likeness, model.coarse) == (list(range(1, 10)), None, False)
    assert [case.labels for case in spec.cases] == WORDS
    assert (spec.cases[2].note, spec.cases[2].sha256, spec.cases[2].width) == ("note 3", f"{3:064x}", 4)
    arrays = {name: np.load(files.array_path(tmp_path, "tiny", name)) for name in model.shapes()}
    assert (
        {name: array.shape for name, array in arrays.items()}
        == model.shapes()
        == {
            "embeddings": (9, 3),
            "centre": (3,),
            "norms": (9,),
            "probabilities": (9, 2),
            "maps": (9, 2, 8, 8),
            "geometry": (9, 13),
        }
    )
    np.testing.assert_allclose(arrays["centre"], arrays["embeddings"].mean(axis=0), atol=1e-6)
    lengths = np.linalg.norm(arrays["embeddings"] - arrays["centre"], axis=1)
    np.testing.assert_allclose(arrays["norms"], lengths, atol=1e-6)
    assert arrays["probabilities"][0].tolist() == [0.75, 0.25]
    assert picture_path(tmp_path, 3).name == "00003.jpg"
    assert size_on_disk(tmp_path) == sum(one.stat().st_size for one in tmp_path.rglob("*") if one.is_file())


def test_neighbours_agree_as_often_as_counting_by_hand_says(tmp_path: Path) -> None:
    (found,) = check_library(library(tmp_path)).values()
    assert isinstance(found, Agreement)
    points = np.load(files.array_path(tmp_path, "tiny", "embeddings")).astype(float)
    units = points - points.mean(axis=0)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    alike = units @ units.T
    np.fill_diagonal(alike, -9.0)
    nearest = np.argsort(-alike, axis=1)[:, :5]
    words = [set(one) for one in WORDS]
    labelled = [row for row in range(9) if words[row]]
    shared = [bool(words[row] & words[other]) for row in labelled for other in nearest[row]]
    chance = [bool(words[row] & words[other]) for row in labelled for other in range(9) if other != row]
    assert found.neighbours == 5
    assert found.shared == pytest.approx(np.mean(shared))
    assert found.chance == pytest.approx(np.mean(chance))
    for name in "abc":
        having = [row for row in range(9) if name in words[row]]
        near = [name in words[other] for row in having for other in nearest[row]]
        assert found.labels[name] == (
            len(having),
            pytest.approx(np.mean(near)),
            pytest.approx(len(having) / 9),
        )
    assert list(found.labels) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("films", "words", "counted"), [(5, True, False), (6, True, True), (6, False, False)]
)
def test_neighbours_are_counted_where_every_film_has_five_and_something_is_labelled(
    tmp_path: Path, films: int, words: bool, counted: bool
) -> None:
    builder = LibraryBuilder(tmp_path, [BUNDLE])
    for number in range(films):
        builder.add(film(number, [number, 1.0, number**2]), ["a"] if words else [])
    builder.finish()
    (found,) = check_library(tmp_path).values()
    assert (found is not None) is counted


def test_of_many_labels_the_thirty_commonest_are_looked_at(tmp_path: Path) -> None:
    builder = LibraryBuilder(tmp_path, [BUNDLE])
    for number in range(7):
        common = [f"word {n:02d}" for n in range(30)]
        builder.add(film(number, [number, 1.0, number**2]), [*common, f"own {number}"])
    builder.finish()
    (found,) = check_library(tmp_path).values()
    assert found is not None
    assert list(found.labels) == [f"word {n:02d}" for n in range(30)]


@pytest.mark.parametrize("damage", ["picture", "number", "shape", "array"])
def test_what_is_missing_or_no_number_is_found(tmp_path: Path, damage: str) -> None:
    library(tmp_path)
    norms = files.array_path(tmp_path, "tiny", "norms")
    if damage == "picture":
        picture_path(tmp_path, 9).unlink()
    elif damage == "array":
        norms.unlink()
    else:
        np.save(norms, np.full(9 if damage == "number" else 8, np.nan if damage == "number" else 1.0))
    with pytest.raises(LibraryError, match="cannot be read"):
        check_library(tmp_path)


def test_a_film_that_is_in_the_library_finds_five_others_and_itself_is_said(similar: SimilarCases) -> None:
    points = np.load(files.array_path(similar._folder, "tiny", "embeddings"))
    for row, sha256 in ((3, f"{4:064x}"), (3, "f" * 64)):
        itself = sha256 != "f" * 64
        asked = replace(ANALYSIS, embedding=points[row], film_sha256=sha256)
        found = similar.nearest(asked, 5)
        assert (found.itself, found.size, len(found.cases)) == (itself, 9, 5)
        numbers = [one.case.number for one in found.cases]
        assert (4 in numbers) is not itself
        assert found.cases[0].likeness is None
    assert found.cases[0].similarity == pytest.approx(1.0)
    assert found.cases[0].probabilities == {"effusion": 0.75, "nodule": 0.25}
    assert len(similar.nearest(asked).cases) == NEAREST
    with pytest.raises(ValueError, match="must keep its embedding"):
        similar.nearest(replace(ANALYSIS, embedding=None))


def test_words_for_likeness_begin_at_their_bounds(similar: SimilarCases) -> None:
    similar.nearest(replace(ANALYSIS, embedding=np.ones(3, np.float32)))
    opened = similar._opened
    assert opened is not None
    shelf = opened.shelves["tiny"]
    bounded = replace(shelf, model=shelf.model.model_copy(update={"likeness": Likeness(very=0.9, alike=0.5)}))
    said = [bounded.word(value) for value in (0.9, 0.8999, 0.5, 0.4999)]
    assert said == ["very", "alike", "alike", "loosely"]


def test_numbers_of_another_build_and_numbers_that_are_none_are_refused(similar: SimilarCases) -> None:
    own = read_spec(similar._folder).build
    assert similar.picture("tiny", 1) == similar.picture("tiny", 9, own) == b"jpeg"
    for number in (0, 10):
        with pytest.raises(LibraryNotFoundError, match=f"no case {number}"):
            similar.picture("tiny", number)
    with pytest.raises(LibraryMismatchError, match="built anew"):
        similar.picture("tiny", 1, "other")
    picture_path(similar._folder, 1).unlink()
    with pytest.raises(LibraryError, match="No such file"):
        similar.picture("tiny", 1)
    layer = Image.open(io.BytesIO(similar.heat_layer("tiny", 2, "effusion")))
    assert (layer.mode, layer.getextrema()) == ("L", (0, 255))


@pytest.mark.parametrize("cases", [[1, 1], [1, 3]])
def test_rows_are_of_different_films_that_are_there(tmp_path: Path, cases: list[int]) -> None:
    table = read_spec(library(tmp_path, 2)).model_dump()
    table["models"][0]["cases"] = cases
    with pytest.raises(ValueError, match="must be different numbers of cases"):
        files.LibrarySpec.model_validate(table)


@pytest.mark.parametrize(
    ("inside", "taken"), [(None, True), ([], True), (["library.json"], True), (["thesis.tex"], False)]
)
def test_a_library_takes_the_place_of_a_library_and_of_nothing_else(
    tmp_path: Path, inside: list[str] | None, taken: bool
) -> None:
    target = tmp_path / "library"
    if inside is not None:
        target.mkdir()
        for name in inside:
            (target / name).write_text("old")
    if not taken:
        with pytest.raises(LibraryError, match="which holds other files"), replacing(target):
            pass
        assert (target / "thesis.tex").is_file()
        return
    with replacing(target) as fresh:
        assert fresh.stat().st_mode & 0o777 == 0o700
        (fresh / "library.json").write_text("new")
    assert (target / "library.json").read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["library"]
    with pytest.raises(KeyError), replacing(target):
        raise KeyError
    assert (target / "library.json").read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["library"]


def test_a_file_is_no_library_and_an_old_one_comes_back_where_the_new_one_cannot_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match="which holds other files"), replacing(tmp_path / "file"):
        pass
    target = tmp_path / "library"
    target.mkdir()
    (target / "library.json").write_text("old")
    original = Path.rename

    def rename(path: Path, to: Path) -> Path:
        if path.name.endswith("-new"):
            raise OSError(28, "No space left on device")
        return original(path, to)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(LibraryError, match="No space left on device"), replacing(target):
        pass
    assert (target / "library.json").read_text() == "old"


@pytest.mark.parametrize(
    ("size", "kept"), [((600, 1024), (300, 512)), ((512, 300), (512, 300)), ((90, 66), (90, 66))]
)
def test_a_picture_is_512_pixels_long_at_most_and_what_was_refused_has_no_answer(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    def answer(_data: bytes, model: str) -> Analysis:
        bad = Quality(Verdict.REJECT, (Reason(ReasonCode.NO_LUNGS),))
        return replace(ANALYSIS, quality=bad) if model == "strict" else ANALYSIS

    settings = SimpleNamespace(decode_limits=DecodeLimits())
    service = cast("Any", SimpleNamespace(settings=settings, analyse_bytes=answer))
    found = examine(service, imaging.encode_png(imaging.chest_phantom(*size), {}), ["tiny", "strict"])
    assert (found.height, found.width) == kept
    picture = Image.open(io.BytesIO(found.picture))
    assert picture.size == kept[::-1]
    assert picture.quantization[0][0] == 5, "of quality 85"  # type: ignore[attr-defined]
    assert list(found.analyses) == ["tiny"]
    assert found.refusals == {"strict": "No lungs were found in the picture."}


def test_a_library_of_many_films_is_kept_a_second_time_shortened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "FEWEST_FOR_COARSE", 9)
    for films, many in ((8, False), (9, True)):
        spec = read_spec(library(tmp_path / str(films), films))
        assert spec.models[0].coarse is many
        assert files.array_path(tmp_path / str(films), "tiny", "basis").is_file() is many


def test_a_library_without_a_film_is_none(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="at least one film"):
        LibraryBuilder(tmp_path, [BUNDLE]).finish()
