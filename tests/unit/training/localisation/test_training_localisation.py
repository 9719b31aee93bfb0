"""Measuring maps against boxes: every measure on drawn maps whose answers are counted by hand."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.domain import HeatTrust, Words
from cxr_dash.errors import TrainingError
from training.cli import app
from training.films.boxes import OPACITY, BoxedFilm, Region, box_mask, label_for, read_boxes
from training.films.manifest import Film
from training.fitting.fit import fit
from training.localisation.baselines import centre_map, mean_box_maps
from training.localisation.figures import Measured, best_cut, difference, localisation_figures
from training.localisation.maps import MapMaker
from training.localisation.material import boxed_films, own_boxes
from training.localisation.measures import CUTS, measure_map
from training.localisation.methods import parse_method
from training.localisation.places import label_places
from training.localisation.sanity import map_sanity
from training.localisation.study import BASELINES
from training.localisation.trust import TrustedPair, trust_lines

# the upper left quarter of a film
QUARTER = (Region(0.0, 0.0, 0.5, 0.5),)


def _spot(row: int, column: int, side: int = 32) -> np.ndarray:
    heat = np.zeros((side, side), dtype=np.float32)
    heat[row, column] = 2.0
    return heat


@pytest.mark.parametrize(
    ("column", "pointing", "tolerant"),
    # 15 pixels of 320 are 1.5 of 32: the last column inside is 15
    [(15, 1.0, 1.0), (16, 0.0, 1.0), (17, 0.0, 0.0)],
)
def test_the_peak_hits_inside_the_box_and_within_the_tolerance_beside_it(column, pointing, tolerant):
    found = measure_map(_spot(5, column), QUARTER)
    assert (found.pointing, found.tolerant) == (pointing, tolerant)


def test_the_tolerance_is_measured_along_the_diagonal_too():
    # one pixel right and one below the corner: 1.41 of 1.5; two and two are too far
    assert measure_map(_spot(16, 16), QUARTER).tolerant == 1.0
    assert measure_map(_spot(17, 16), QUARTER).tolerant == 0.0


def test_any_box_of_the_finding_counts():
    both = (*QUARTER, Region(0.75, 0.75, 1.0, 1.0))
    assert measure_map(_spot(30, 30), both).pointing == 1.0
    assert measure_map(_spot(30, 30), QUARTER).pointing == 0.0


def test_energy_is_the_share_of_positive_heat_inside():
    heat = np.full((4, 4), -9.0, dtype=np.float32)
    heat[0, 0], heat[3, 3] = 3.0, 1.0
    assert measure_map(heat, QUARTER).energy == pytest.approx(0.75)


def test_iou_at_each_cut_is_shown_and_boxed_over_shown_or_boxed():
    heat = np.zeros((4, 4), dtype=np.float32)
    heat[0, :] = (1.0, 0.6, 0.6, 0.3)
    ious = dict(zip(CUTS, measure_map(heat, QUARTER).ious, strict=True))
    # above half of the peak: three cells, two of them among the box's four
    assert ious[0.5] == pytest.approx(2 / 5)
    assert ious[0.3] == pytest.approx(2 / 6)
    assert ious[0.95] == pytest.approx(1 / 4)


@pytest.mark.parametrize("flat", [True, False])
def test_a_flat_map_is_a_miss(flat):
    heat = _spot(1, 1) if flat else np.zeros((32, 32), dtype=np.float32)
    found = measure_map(heat, QUARTER, flat=flat)
    assert found.flat
    assert (found.pointing, found.tolerant, found.energy, found.ious.sum()) == (0.0, 0.0, 0.0, 0.0)


def test_a_box_smaller_than_a_pixel_has_one():
    assert box_mask([Region(0.26, 0.26, 0.27, 0.27)], 8, 8).sum() == 1


def test_opacities_are_compared_with_the_first_label_of_their_family_that_a_model_has():
    assert label_for(OPACITY, ["infiltration", "pneumonia"]) == "pneumonia"
    assert label_for(OPACITY, ["lung_opacity", "pneumonia"]) == "lung_opacity"
    assert label_for(OPACITY, ["mass"]) is None
    assert label_for("mass", ["mass"]) == "mass"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("no.png,nih_bbox,Mass,0,0,5,5,96,96", "path"),
        ("0.png,drawn,Mass,0,0,5,5,96,96", "kind"),
        ("0.png,nih_bbox,Mass,0,0,five,5,96,96", "numbers"),
        ("0.png,nih_bbox,Mass,97,0,5,5,96,96", "lie on its film"),
    ],
)
def test_a_wrong_box_is_named(films_root, row, message, tmp_path):
    boxes = films_root / "films" / f"{tmp_path.name}.csv"
    boxes.write_text(f"path,kind,label,x,y,w,h,img_w,img_h\n{row}\n")
    with pytest.raises(TrainingError, match=message):
        read_boxes(boxes, films_root / "films" / "manifest.csv")


def test_boxes_of_tuberculosis_need_no_column_for_the_finding(films_root, tmp_path):
    boxes = films_root / "films" / f"{tmp_path.name}.csv"
    rows = ["0.png,active,0,0,48,96,96,96", "0.png,obsolete,48,0,48,96,96,96"]
    boxes.write_text("\n".join(["path,kind,x,y,w,h,img_w,img_h", *rows, ""]))
    (boxed,) = read_boxes(boxes, films_root / "films" / "manifest.csv")
    assert boxed.finding == "tuberculosis"
    assert boxed.regions == (Region(0.0, 0.0, 0.5, 1.0), Region(0.5, 0.0, 1.0, 1.0))


def _measured(hits: list[float], patients: list[str], findings: list[str], tmp_path) -> Measured:
    films = [
        Film(path=tmp_path / f"{i}.png", labels=frozenset(), split="val", group=patient)
        for i, patient in enumerate(patients)
    ]
    boxed = tuple(BoxedFilm(film, finding, QUARTER) for film, finding in zip(films, findings, strict=True))
    spots = {1.0: _spot(2, 2), 0.0: _spot(30, 30)}
    return Measured(boxed, tuple(findings), tuple(measure_map(spots[hit], QUARTER) for hit in hits))


def test_the_mean_is_over_findings_not_over_films(tmp_path):
    measured = _measured([1, 1, 1, 0], list("abcd"), ["mass", "mass", "mass", "nodule"], tmp_path)
    figures = localisation_figures("served", measured, split="val", cut=0.5, samples=200)
    assert figures.mean["pointing"].value == pytest.approx(0.5)
    mass, nodule = figures.findings
    assert (mass.pointing.value, nodule.pointing.value) == (1.0, 0.0)
    # three hits of three are not certain
    assert mass.pointing.low < 0.5
    assert nodule.pointing.high > 0.5
    assert (figures.films, figures.patients, mass.films) == (4, 4, 3)


def test_films_of_one_patient_are_resampled_together(tmp_path):
    together = _measured([1, 1, 0, 0], ["a", "a", "b", "b"], ["mass"] * 4, tmp_path)
    apart = _measured([1, 1, 0, 0], list("abcd"), ["mass"] * 4, tmp_path)
    wide, narrow = (
        localisation_figures("served", one, split="val", cut=0.5, samples=400).mean["energy"]
        for one in (together, apart)
    )
    assert (wide.low, wide.high) == (0.0, 1.0)
    assert narrow.value == wide.value == 0.5


def test_a_method_against_itself_gains_nothing_and_against_a_miss_everything(tmp_path):
    good = _measured([1, 1], list("ab"), ["mass"] * 2, tmp_path)
    bad = _measured([0, 0], list("ab"), ["mass"] * 2, tmp_path)
    assert difference(good, good, "pointing", (0.5, 0.5), 50).value == 0.0
    gain = difference(good, bad, "pointing", (0.5, 0.5), 50)
    assert (gain.value, gain.low, gain.high) == (1.0, 1.0, 1.0)


def test_a_labels_place_is_counted_over_splits_and_findings_against_the_template_on_the_same_boxes(tmp_path):
    findings = ["pneumonia", OPACITY, "mass"]
    served = [_measured([1, 1, 0], list("abc"), findings, tmp_path) for _ in range(2)]
    template = [_measured([1, 0, 0], list("abc"), findings, tmp_path) for _ in range(2)]
    both = [
        [Measured(one.boxed, ("pneumonia", "pneumonia", "mass"), one.measures) for one in method]
        for method in (served, template)
    ]
    found = label_places(both[0], both[1], "val and test", samples=400)
    assert set(found) == {"pneumonia", "mass"}
    place = found["pneumonia"]
    assert (place.films, place.splits) == (4, "val and test")
    assert (place.pointing.value, place.template.value, place.gain.value) == (1.0, 0.5, 0.5)
    # both boxes that decide are of one patient: it may be drawn not at all
    assert place.gain.low == 0.0
    assert not place.better
    assert found["mass"].gain.value == 0.0


def test_a_map_that_hits_many_boxes_that_the_template_misses_is_better(tmp_path):
    patients = [str(i) for i in range(20)]
    served = _measured([1] * 14 + [0] * 6, patients, ["mass"] * 20, tmp_path)
    template = _measured([0] * 14 + [1] * 2 + [0] * 4, patients, ["mass"] * 20, tmp_path)
    found = label_places([served], [template], "test", samples=400)["mass"]
    assert found.better
    assert not label_places([template], [served], "test", samples=400)["mass"].better


def test_the_best_cut_is_where_what_is_shown_is_the_box(tmp_path):
    heat = np.full((32, 32), 0.2, dtype=np.float32)
    heat[:16, :16] = 0.62
    heat[0, 0] = 1.0
    measured = _measured([1], ["a"], ["mass"], tmp_path)
    found = Measured(measured.boxed, measured.labels, (measure_map(heat, QUARTER),))
    assert best_cut(found) == 0.25


def test_the_place_of_a_finding_is_learned_from_its_boxes(tmp_path):
    train = _measured([1, 1], list("ab"), ["mass", "nodule"], tmp_path).boxed
    places = mean_box_maps(train)
    assert set(places) == {"mass", "nodule"}
    assert places["mass"][:40, :40].min() == 1.0
    assert places["mass"].sum() == 40 * 40
    centre = centre_map()
    assert np.unravel_index(centre.argmax(), centre.shape) in [(39, 39), (39, 40), (40, 39), (40, 40)]


@pytest.mark.parametrize("name", ["gradcam", "gradcam@", "smoothgrad@last", "gradcam@last-hirescam@finer"])
def test_an_unknown_method_is_refused(name):
    with pytest.raises(TrainingError, match="rule@layer"):
        parse_method(name)


def _tiny_model():
    """GAP + dense on two convolutions; the second one's maps are half as fine."""
    import keras

    keras.utils.set_random_seed(1)
    film = keras.Input((16, 16, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="fine")(film)
    x = keras.layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="coarse")(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    logits = keras.layers.Dense(3, name="logits")(x)
    return keras.Model(film, keras.layers.Activation("sigmoid")(logits))


FILMS = np.random.default_rng(2).uniform(0, 255, (3, 16, 16, 1)).astype(np.float32)


def test_the_methods_give_what_their_formulas_say():
    import tensorflow as tf

    model = _tiny_model()
    names = ["gradcam@last", "hirescam@last", "layercam@finer", "gradcam@last*gradcam@last"]
    maps = MapMaker(model, None, [parse_method(name) for name in names]).maps(FILMS, [0, 1, 2])
    for row, label in enumerate([0, 1, 2]):
        film = tf.constant(FILMS[row : row + 1])
        with tf.GradientTape() as tape:
            fine = model.get_layer("fine")(film)
            tape.watch(fine)
            coarse = model.get_layer("coarse")(fine)
            logit = model.get_layer("logits")(tf.reduce_mean(coarse, axis=(1, 2)))[0, label]
        gradient = tape.gradient(logit, fine)
        kernel = model.get_layer("logits").kernel.numpy()[:, label]
        cam = coarse[0].numpy() @ kernel / 64
        np.testing.assert_allclose(maps["gradcam@last"][row], cam, rtol=1e-4, atol=1e-4)
        # behind the last map there is only a mean and a product: both rules are one
        np.testing.assert_allclose(maps["hirescam@last"][row], cam, rtol=1e-4, atol=1e-4)
        layer = (np.maximum(gradient[0], 0) * fine[0].numpy()).sum(axis=-1)
        np.testing.assert_allclose(maps["layercam@finer"][row], layer, rtol=1e-4, atol=1e-4)
        share = np.maximum(cam, 0) / max(cam.max(), 1e-9)
        np.testing.assert_allclose(maps["gradcam@last*gradcam@last"][row], share**2, rtol=1e-3, atol=1e-4)


def test_maps_of_a_network_change_with_its_weights_and_the_check_says_when_they_do_not(monkeypatch):
    model = _tiny_model()
    before = model.get_weights()
    arguments = (model, None, FILMS, [0, 1, 2], ["a", "b", "c"])
    changed = map_sanity(*arguments, seed=3)
    assert changed.stages["all"]["structural similarity"].value < 0.9
    for kept, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)
    # maps that do not depend on the weights: nothing is drawn anew
    monkeypatch.setattr("training.localisation.sanity.redraw", lambda *_: None)
    same = map_sanity(*arguments, seed=3)
    assert same.stages["all"]["rank correlation"].value == pytest.approx(1.0)
    assert not same.passed


def test_localise_measures_a_run_writes_its_figures_and_says_what_it_compared(
    films_root, tiny_recipe, tmp_path
):
    data = tmp_path / "data"
    data.mkdir()
    (data / "findings").symlink_to(films_root / "films", target_is_directory=True)
    rows = [f"{index}.png,nih_bbox,Effusion,10,55,76,28,96,96" for index in range(72) if index % 4 < 2]
    boxes = films_root / "films" / "boxes.csv"
    boxes.write_text("\n".join(["path,kind,label,x,y,w,h,img_w,img_h", *rows, ""]))
    recipe = tiny_recipe.model_copy(
        update={"fit": tiny_recipe.fit.model_copy(update={"fine_tune_epochs": 1, "head_epochs": 1})}
    )
    for name in ("films", "gate"):
        (data / name).symlink_to(films_root / name, target_is_directory=True)
    fit(recipe, data, tmp_path / "run")
    arguments = ["localise", str(tmp_path / "run"), "--data", str(data), "--split", "test"]
    result = CliRunner().invoke(app, [*arguments, "--methods", "served", "--methods", "hirescam@finer"])
    assert result.exit_code == 0, result.output
    assert "effusion" in result.stdout
    table = json.loads((tmp_path / "run" / "localisation-test.json").read_text())
    assert [one["method"] for one in table["figures"]] == ["served", "hirescam@finer", *BASELINES]
    for one in table["figures"]:
        assert one["split"] == "test"
        assert 0.0 <= one["mean"]["pointing"]["value"] <= 1.0
    # all boxes are in one place: what knows the place cannot miss
    places = next(one for one in table["figures"] if one["method"] == "train_boxes")
    assert places["mean"]["pointing"]["value"] == 1.0
    refused = CliRunner().invoke(app, [*arguments, "--write"])
    assert refused.exit_code == 2
    assert "bundle" in refused.stderr


def test_maps_are_measured_on_the_boxes_that_the_recipe_names(films_root, tiny_recipe, tmp_path):
    """Those of a second manifest, beside it; there are no `findings/` here at all."""
    shutil.copytree(films_root / "films", tmp_path / "films")
    shutil.copytree(films_root / "films", tmp_path / "drawn")
    rows = [f"{index}.png,nih_bbox,Effusion,10,55,76,28,96,96" for index in range(72) if index % 4 < 2]
    (tmp_path / "drawn" / "boxes.csv").write_text(
        "\n".join(["path,kind,label,x,y,w,h,img_w,img_h", *rows, ""])
    )
    recipe = tiny_recipe.model_copy(
        update={
            "data": tiny_recipe.data.model_copy(update={"boxes": "drawn/boxes.csv", "gate_manifest": None}),
            "fit": tiny_recipe.fit.model_copy(update={"fine_tune_epochs": 1, "head_epochs": 1}),
        }
    )
    fit(recipe, tmp_path, tmp_path / "run")
    assert own_boxes(tmp_path / "run") == "drawn/boxes.csv"
    found = boxed_films(tmp_path / "run", tmp_path)
    assert {one.film.path.parent.name for one in found} == {"drawn"}
    assert {one.film.split for one in found} == {"train", "val", "test"}
    result = CliRunner().invoke(app, ["localise", str(tmp_path / "run"), "--data", str(tmp_path)])
    assert result.exit_code == 0, result.output


def test_the_worth_of_the_trust_report_is_counted_among_maps_that_were_judged():
    def pair(inside: float, correlation: float, *, hit: bool, flat: bool = False) -> TrustedPair:
        verdict = "none" if flat else "poor" if inside < 0.5 else "good" if correlation >= 0.8 else "caution"
        return TrustedPair(HeatTrust("lungs", flat, inside, correlation, 0.01, verdict, Words("")), hit)

    lines = trust_lines(
        [
            pair(0.2, 0.9, hit=False),
            pair(0.9, 0.9, hit=True),
            pair(0.9, 0.3, hit=True),
            pair(0.9, 0.9, hit=False, flat=True),
        ],
        "val",
    )
    assert lines[0].endswith("3 maps judged, 1 flat")
    assert "0 of 1 hit; of the others 2 of 2" in lines[1]
    assert "1 of 1 hit; of the others 1 of 2" in lines[2]
    assert "0 of 0 hit; of the others 2 of 3" in lines[3]
    assert "1 of 2 hit; of the others 1 of 1" in lines[4]
