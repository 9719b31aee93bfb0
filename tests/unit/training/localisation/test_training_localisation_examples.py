"""Examples of where maps point: fixed places in a ranking, and geometry that says what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from cxr_dash.domain import Box, Heatmap, LungField, Preparation
from cxr_dash.explain import make_heatmap
from cxr_dash.imaging import chest_phantom, encode_png
from cxr_dash.inference.bundle import SPEC_FILE, read_spec
from cxr_dash.inference.schema_localisation import MAX_OUTLINE_POINTS, LocalisationExample
from cxr_dash.settings import ROOT
from training.films.boxes import BoxedFilm, Region
from training.films.manifest import Film
from training.localisation.examples import (
    as_the_film_leans,
    chosen_rows,
    examples_of,
    grid_frame,
    lung_outlines,
)
from training.localisation.figures import Measured
from training.localisation.material import Prepared
from training.localisation.measures import measure_map

MODELS = ROOT / "models"
# a film of 80 x 40 between bars above and below, in an input of 32 x 32
WIDE = Preparation(80, 40, 0, 255, False, Box(0, 0, 80, 40), Box(0, 8, 32, 16), 32, 32, 0.0)
RIGHT_HALF = (Region(0.5, 0.0, 1.0, 1.0),)


def test_the_places_are_best_worst_median_and_half_way_and_ties_keep_the_files_order() -> None:
    energies = [0.1, 0.9, 0.5, 0.5, 0.3, 0.7, 0.2, 0.0, 0.8]
    assert chosen_rows(energies) == [
        ("best", 1, 1),
        ("upper_quarter", 3, 5),
        ("median", 5, 3),
        ("lower_quarter", 7, 6),
        ("worst", 9, 7),
    ]
    assert [row for _, _, row in chosen_rows([0.5, 0.5, 0.5])] == [0, 1, 2]


def test_of_few_findings_none_is_shown_twice() -> None:
    assert chosen_rows([0.4]) == [("best", 1, 0)]
    assert [row for _, _, row in chosen_rows([0.4, 0.6])] == [1, 0]


def test_the_grid_reaches_over_the_film_by_the_letterbox_bars() -> None:
    frame = grid_frame(WIDE)
    assert (frame.left, frame.right) == (0.0, 1.0)
    assert (frame.top, frame.bottom) == (-0.5, 1.5)


def test_a_sketch_shows_the_heat_of_a_straightened_film_where_the_film_has_it() -> None:
    cells = np.zeros((32, 32), np.float32)
    cells[9:11, 15:17] = 1.0  # above the middle of what the model saw
    leaning = replace(WIDE, tilt_degrees=15.0)
    shown = as_the_film_leans(make_heatmap(cells, 1.0, leaning)).values
    row, column = np.unravel_index(int(shown.argmax()), shown.shape)
    assert (row, column) in {(9, 17), (9, 16), (10, 17)}
    assert as_the_film_leans(make_heatmap(cells, 1.0, WIDE)).values is not None


def _field() -> LungField:
    probability = np.zeros((32, 32), np.float32)
    for middle in (9, 23):
        cv2.ellipse(probability, (middle, 16), (5, 7), 0, 0, 360, 1.0, cv2.FILLED)
    return LungField(probability, WIDE)


def test_the_outline_of_each_lung_has_few_points_and_lies_on_the_film() -> None:
    lungs = lung_outlines(_field())
    assert len(lungs) == 2
    for lung in lungs:
        assert 3 <= len(lung) <= MAX_OUTLINE_POINTS
        assert all(0.0 <= value <= 1.0 for point in lung for value in point)
    middles = sorted(float(np.mean([x for x, _ in lung])) for lung in lungs)
    assert middles == pytest.approx([9.5 / 32, 23.5 / 32], abs=0.04)


def _examples(tmp_path: Path, cells: list[np.ndarray]) -> list[LocalisationExample]:
    boxed, films, heatmaps, rows = [], {}, [], []
    for number, values in enumerate(cells):
        path = tmp_path / f"{number}.png"
        path.write_bytes(encode_png(chest_phantom(64, 128, number), {}))
        boxed.append(
            BoxedFilm(Film(path=path, labels=frozenset(), split="test", group="a"), "mass", RIGHT_HALF)
        )
        films[path] = Prepared(np.zeros((32, 32, 1), np.float32), WIDE)
        peak = float(values.max())
        heat = Heatmap(values=values, peak=peak, flat=peak == 0.0, preparation=WIDE)
        heatmaps.append(heat)
        shown = cv2.resize(values[1:3], (80, 40), interpolation=cv2.INTER_NEAREST)
        rows.append(measure_map(shown, RIGHT_HALF, flat=heat.flat))
    measured = Measured(tuple(boxed), ("mass",) * len(boxed), tuple(rows))
    return examples_of(measured, heatmaps, films, [0.25] * len(boxed), find_lungs=lambda _: _field())


def _spot(column: int) -> np.ndarray:
    values = np.zeros((4, 4), np.float32)
    values[1, column] = 3.0
    values[1, 1] += 1.0
    return values


def test_an_example_holds_the_cells_the_boxes_and_the_pixel_that_decided(tmp_path: Path) -> None:
    hit, flat = _examples(tmp_path, [_spot(3), np.zeros((4, 4), np.float32)])
    assert (hit.place, hit.rank, hit.ranked, hit.hit, hit.flat) == ("best", 1, 2, True, False)
    assert hit.heat == ["0000", "050f", "0000", "0000"]
    assert hit.energy == pytest.approx(0.75)
    assert hit.peak is not None
    assert hit.peak[0] > 0.75
    assert (hit.aspect, hit.probability) == (2.0, 0.25)
    assert [box.left for box in hit.boxes] == [0.5]
    assert (flat.place, flat.hit, flat.flat, flat.peak) == ("worst", False, True, None)
    assert set("".join(flat.heat)) == {"0"}


def test_an_example_names_no_film_and_no_patient(tmp_path: Path) -> None:
    (one,) = _examples(tmp_path, [_spot(3)])
    assert str(tmp_path) not in one.model_dump_json()
    assert not {"path", "film", "group", "patient"} & set(LocalisationExample.model_fields)


def test_the_schema_refuses_a_heat_row_that_is_no_row_and_an_empty_frame(tmp_path: Path) -> None:
    (one,) = _examples(tmp_path, [_spot(3)])
    known = one.model_dump()
    with pytest.raises(ValidationError):
        LocalisationExample.model_validate(known | {"heat": ["00g0"]})
    with pytest.raises(ValidationError, match="left < right"):
        LocalisationExample.model_validate(known | {"heat_frame": dict.fromkeys(known["heat_frame"], 0.5)})


def test_the_released_examples_agree_with_their_ranking_and_stay_small() -> None:
    spec = read_spec(MODELS / "findings")
    served = next(one for one in spec.localisation if one.method == "served" and one.split == "test")
    places = ["best", "upper_quarter", "median", "lower_quarter", "worst"]
    assert [one.place for one in served.examples] == places
    energies = [one.energy for one in served.examples]
    assert energies == sorted(energies, reverse=True)
    assert served.examples[-1].rank == served.examples[0].ranked == sum(f.films for f in served.findings)
    for one in served.examples:
        assert one.peak is not None
        inside = any(
            box.left <= one.peak[0] < box.right and box.top <= one.peak[1] < box.bottom for box in one.boxes
        )
        assert inside is one.hit
        assert (len(one.heat), len(one.heat[0])) == spec.cam_grid
    table = json.loads((MODELS / "findings" / SPEC_FILE).read_text(encoding="utf-8"))
    assert all(not entry["examples"] for entry in table["localisation"] if entry["method"] != "served")
