"""Directions of tone: what was changed lies beyond a limit, what was not does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bundle_builder import spec_dict
from pydantic import ValidationError

from cxr_dash.domain import LungField, PreparationSpec, Radiograph
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import TONE_MEASURES, chest_phantom, encode_png, plan_preparation
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_tone import Tone
from cxr_dash.inference.tone import is_unusual, tone_distances
from training.evaluation.tone import LEAST_GAPS, MOST_UNUSUAL, fit_tone
from training.export.card import render_card
from training.export.measure import FilmSet
from training.export.prepare_anew import moved_entries
from training.export.tone import with_tone
from training.films.manifest import Film
from training.films.tones import TONES
from training.recipe import DataRecipe

RNG = np.random.default_rng(12)
MOVED = {"adaptive": 3, "darkened": 9}  # the measure that each change moves


def _films(count: int, moved: int | None = None) -> np.ndarray:
    """Measures that go together in pairs, one of them moved by five deviations."""
    films = RNG.normal(size=(count, TONE_MEASURES)) * np.linspace(0.5, 4.0, TONE_MEASURES) + 7.0
    films[:, 1::2] += 0.6 * films[:, : TONE_MEASURES - 1 : 2]
    if moved is not None:
        films[:, moved] += 5.0 * films[:, moved].std()
    return films


@pytest.fixture(scope="module")
def tone() -> Tone:
    changed = {key: _films(200, column) for key, column in MOVED.items()}
    return fit_tone(_films(200), changed, _films(400), np.zeros(400), "drawn films")


def test_changed_films_are_told_and_at_most_two_in_a_hundred_of_the_others(tone: Tone) -> None:
    assert [direction.key for direction in tone.directions] == list(MOVED)
    untouched = np.mean([is_unusual(film, 0.0, tone) for film in _films(600)])
    assert untouched < 2 * MOST_UNUSUAL
    for column in MOVED.values():
        assert np.mean([is_unusual(film, 0.0, tone) for film in _films(200, column)]) > 0.95


def test_the_limits_keep_to_the_share_of_val_films() -> None:
    val = _films(400)
    fitted = fit_tone(_films(200), {"darkened": _films(200, 9)}, val, np.zeros(400), "")
    assert 0.0 < (tone_distances(val, fitted) > 0.0).any(axis=1).mean() <= MOST_UNUSUAL


def test_val_films_with_gaps_of_their_own_raise_the_limit_of_gaps(tone: Tone) -> None:
    assert tone.most_uneven_gaps == LEAST_GAPS
    changed = {key: _films(200, column) for key, column in MOVED.items()}
    combed = fit_tone(_films(200), changed, _films(100), np.full(100, 0.4), "")
    assert combed.most_uneven_gaps == 0.4
    assert not is_unusual(np.asarray(combed.mean), 0.4, combed)


def test_gaps_are_enough_and_no_lungs_leave_them_alone(tone: Tone) -> None:
    assert is_unusual(None, 0.5, tone)
    assert not is_unusual(None, 0.1, tone)
    with pytest.raises(FloatingPointError, match="must be numbers"):
        is_unusual(np.full(TONE_MEASURES, np.nan), 0.0, tone)


def test_one_film_is_as_far_as_the_same_among_others(tone: Tone) -> None:
    films = _films(5)
    together = tone_distances(films, tone)
    assert np.array_equal(together, [tone_distances(film, tone) for film in films])


def test_what_is_kept_reads_back_as_it_was(tone: Tone) -> None:
    assert Tone.model_validate(json.loads(json.dumps(tone.model_dump(mode="json")))) == tone


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mean": [0.0]}, "at least"),
        ({"scale": [0.0] * TONE_MEASURES}, "must be above 0"),
        ({"scale": [float("nan")] * TONE_MEASURES}, "finite number"),
        ({"directions": []}, "at least 1"),
        ({"most_uneven_gaps": 1.5}, "less than or equal to 1"),
    ],
)
def test_statistics_that_make_no_sense_are_refused(
    tone: Tone, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        Tone.model_validate(tone.model_dump() | changes)


def _drawn(path: Path, seed: int) -> Path:
    """A chest film with a grain of its own, brightness and contrast of its own too."""
    rng = np.random.default_rng(seed)
    film = chest_phantom(128, 128).astype(np.float64) * rng.uniform(0.6, 0.8) + rng.uniform(20, 40)
    film += rng.normal(0.0, rng.uniform(2, 4), film.shape)
    path.write_bytes(encode_png(np.clip(np.rint(film), 1, 254).astype(np.uint8), {}))
    return path


def _two_lungs(radiograph: Radiograph) -> LungField:
    probability = np.zeros((32, 32), np.float32)
    probability[8:26, 5:14] = probability[8:26, 18:27] = 1.0
    spec = PreparationSpec(height=32, width=32, version=1, crop_borders=False)
    return LungField(probability, plan_preparation(radiograph, spec))


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A bundle that learned from drawn films."""
    splits = ["train"] * 36 + ["val"] * 12
    films = [
        Film(path=_drawn(tmp_path / f"{row}.png", row), labels=frozenset({"effusion"}), split=split)
        for row, split in enumerate(splits)
    ]
    found = FilmSet(films, DataRecipe(manifest="manifest.csv", labels=["effusion"]), 3)
    monkeypatch.setattr("training.export.tone.films_of_bundle", lambda _spec, _root: found)
    table = spec_dict(preparation={"version": 2, "height": 96, "width": 96})
    return Bundle(tmp_path, BundleSpec.model_validate(table))


def test_a_bundle_learns_the_tone_of_its_films_and_says_how_many_changed_ones_it_tells(
    bundle: Bundle, tmp_path: Path
) -> None:
    spec = with_tone(bundle, tmp_path, _two_lungs)
    assert spec.tone is not None
    assert {direction.key for direction in spec.tone.directions} == set(TONES)
    assert spec.tone.fitted_on.startswith("36 train films")
    assert "equalised 100%" in spec.tone.measured
    assert "CLAHE, clip 4 100%" in spec.tone.measured
    assert spec.tone.measured in render_card(spec)
    assert spec.model_copy(update={"tone": None}) == bundle.spec


def test_without_a_segmenter_or_detail_no_tone_is_measured(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="A segmenter must be"):
        with_tone(bundle, tmp_path, None)
    small = replace(bundle, spec=BundleSpec.model_validate(spec_dict()))
    with pytest.raises(TrainingError, match="at least 96 px"):
        with_tone(small, tmp_path, _two_lungs)


def test_a_bundle_that_begins_to_straighten_is_another_version() -> None:
    spec = BundleSpec.model_validate(spec_dict())
    moved = moved_entries(spec, spec.preparation.version, straighten=True)
    assert moved["preparation"] == replace(spec.preparation, straighten=True)
    assert moved["version"] != spec.version
    assert moved_entries(spec, spec.preparation.version)["version"] == spec.version


def test_a_gate_judges_films_as_they_were_sent() -> None:
    table = spec_dict(kind="gate", preparation={"straighten": True})
    with pytest.raises(ValidationError, match="`straighten` must be false"):
        BundleSpec.model_validate(table)


def test_a_direction_is_there_once(tone: Tone) -> None:
    twice = [*tone.directions, tone.directions[0]]
    with pytest.raises(ValidationError, match="must differ"):
        Tone.model_validate(tone.model_dump() | {"directions": [d.model_dump() for d in twice]})
