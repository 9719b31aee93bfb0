"""What must not matter: films written as other files, read by the app's own code, and counted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from bundle_builder import KEYS, spec_dict
from typer.testing import CliRunner

from cxr_dash.domain import RawOutput
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import decode
from cxr_dash.inference.bundle import read_spec
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language.catalogue import TRANSLATIONS
from training.audits.material import Material, ScoredSplit
from training.audits.robustness import one_a_patient, rewritten, robustness_audit
from training.audits.robustness_table import BEGIN, END, robustness_table, write_robustness
from training.audits.written import WAYS, Written, as_it_is
from training.cli import app
from training.evaluation.scoring import Scores
from training.films.manifest import Film

SIDE = 64
ROOT = TRANSLATIONS.parent.parent


class Tone:
    """A model that answers by how bright the middle of its input is: it flips where tone moves it."""

    name = "tone"

    def __init__(self, weight: float) -> None:
        self._weight = weight

    def run(self, model_input: np.ndarray) -> RawOutput:
        bright = float(model_input[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4, 0].mean()) - 100.0
        logits = np.array([self._weight * bright, -1.0], np.float32)
        return RawOutput(logits, np.zeros((2, 2, 2), np.float32), logits)


def _films(folder: Path, count: int) -> list[Film]:
    rng = np.random.default_rng(4)
    films = []
    for index in range(count):
        across = np.linspace(0, 255, 160)[None, :] * np.ones((160, 1))
        pixels = np.clip(across * 0.8 + rng.normal(20, 12, (160, 160)), 0, 255).astype(np.uint8)
        path = folder / f"{index}.png"
        cv2.imwrite(str(path), pixels)
        films.append(Film(path, frozenset(), "test", source="a", group=f"p{index // 2}", patient=f"{index}"))
    return films


def _material(folder: Path, weight: float, films: int = 44, most: int = 21) -> Material:
    calibration = {
        "kind": "platt",
        "slopes": dict.fromkeys(KEYS, 1.0),
        "intercepts": dict.fromkeys(KEYS, 0.0),
        "fitted_on": "val",
    }
    point = spec_dict()["operating_points"][0] | {"thresholds": dict.fromkeys(KEYS, 0.5)}
    preparation = {"version": 2, "height": SIDE, "width": SIDE, "polarity": "keep"}
    table = {"calibration": calibration, "preparation": preparation, "operating_points": [point]}
    spec = BundleSpec.model_validate(spec_dict(**table))
    listed = _films(folder, films)
    nothing = np.zeros((films, 2))
    scores = Scores(nothing, np.zeros((films, 3), np.float32), nothing)
    split = ScoredSplit("test", listed, nothing, nothing, scores)
    return Material(spec, Tone(weight), {"test": split}, robust_films=most)


def test_a_model_that_reads_tone_is_called_bad_and_one_that_looks_at_nothing_ok(tmp_path):
    bad = robustness_audit(_material(tmp_path, weight=1.0))
    assert bad.verdict == "bad"
    figures = {figure.name: figure.value for figure in bad.figures}
    flips = figures["films on which a finding flips: gamma 2"]
    assert flips.value > 0.5
    assert flips.low < flips.value <= flips.high
    assert figures["mean change of a probability: gamma 2"].value > 0.1
    ok = robustness_audit(_material(tmp_path, weight=0.0))
    assert ok.verdict == "ok"
    assert {figure.value.value for figure in ok.figures} == {0.0}
    # nothing in 21 films is not never
    assert all(f.value.high > 0.1 for f in ok.figures if f.name.startswith("films on which"))
    assert len(ok.figures) == 2 * len(WAYS)


def test_too_few_patients_are_said_before_any_film_is_read(tmp_path):
    material = _material(tmp_path, weight=1.0, films=8)
    for film in material.judged[0].films:
        film.path.unlink()
    found = robustness_audit(material)
    assert (found.verdict, found.figures) == ("caution", [])
    assert "fewer than 20 patients" in found.headline + " ".join(found.details)


def test_frames_are_undone_before_the_model_looks(tmp_path):
    """White, grey and black frames are cut off by the preparation: the probability hardly moves."""
    material = _material(tmp_path, weight=0.05)
    ways = [way for way in WAYS if way.name.endswith("frame")]
    assert len(ways) == 3
    for found in rewritten(material, material.judged[0].films[:4], ways):
        assert found.changed.value < 0.02, found.way.name


def test_small_films_are_shown_and_not_judged():
    assert [way.name for way in WAYS if not way.judged] == ["128 pixels", "64 pixels"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_every_way_writes_a_film_that_can_be_read_and_differs_from_the_plain_one(way: Written):
    film = np.random.default_rng(0).integers(30, 200, (150, 130)).astype(np.uint8)
    film = cv2.GaussianBlur(film, (0, 0), 3)
    found = decode(way.write(film)).pixels
    plain = decode(as_it_is(film)).pixels
    np.testing.assert_array_equal(plain, film)
    assert found.shape != plain.shape or not np.array_equal(found, plain)
    sizes = {
        "width x 0.8": (150, 104),
        "64 pixels": (64, 55),
        "128 pixels": (128, 111),
        "white frame": (170, 150),
    }
    assert found.shape == sizes.get(way.name, found.shape)


def test_no_patient_is_asked_twice_and_the_same_films_are_asked_again(tmp_path):
    films = _films(tmp_path, 30)
    chosen = one_a_patient(films, 10)
    assert len({film.group for film in chosen}) == len(chosen) == 10
    assert chosen == one_a_patient(films, 10)
    assert len(one_a_patient(films, 100)) == 15


def test_a_way_that_cannot_be_read_is_counted_apart(tmp_path):
    material = _material(tmp_path, weight=1.0)
    broken = Written("broken", lambda _film: b"no picture")
    (found,) = rewritten(material, material.judged[0].films[:3], [broken])
    assert (found.refused, len(found.flips)) == (3, 0)


def test_too_few_patients_are_not_called_robust(tmp_path):
    assert robustness_audit(_material(tmp_path, weight=0.0, films=20)).verdict == "caution"
    without = robustness_audit(_material(tmp_path, weight=0.0, most=0))
    assert without.headline.startswith("Not measured")


def test_the_table_of_the_docs_is_what_the_command_makes_of_the_shipped_bundles(tmp_path):
    page = tmp_path / "measuring.md"
    shutil.copyfile(ROOT / "docs" / "measuring.md", page)
    bundles = [
        path.parent
        for path in sorted((ROOT / "models").glob("*/bundle.json"))
        if json.loads(path.read_text(encoding="utf-8"))["kind"] == "classifier"
    ]
    done = CliRunner().invoke(app, ["robustness", *map(str, bundles), "--write", str(page)])
    assert done.exit_code == 0, done.output
    assert page.read_text(encoding="utf-8") == (ROOT / "docs" / "measuring.md").read_text(encoding="utf-8")
    assert done.output.strip() == robustness_table([read_spec(folder) for folder in bundles])


def test_a_measured_bundle_has_a_row_for_each_way_and_an_unmeasured_one_is_named(tmp_path):
    audit = robustness_audit(_material(tmp_path, weight=1.0))
    table = spec_dict("tried", audits=[audit.model_dump(mode="json")])
    text = robustness_table([BundleSpec.model_validate(table), BundleSpec.model_validate(spec_dict("other"))])
    assert text.splitlines()[0] == "| written as | tried |"
    assert sum(line.startswith("| ") for line in text.splitlines()) == 1 + len(WAYS)
    assert "| 64 pixels (not judged) |" in text
    assert "Not measured yet: other." in text
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_robustness(text, page)
    assert page.read_text() == f"before\n{BEGIN}\n{text}\n{END}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(TrainingError, match="must have the lines"):
        write_robustness(text, page)
