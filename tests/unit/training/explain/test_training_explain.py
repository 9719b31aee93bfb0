"""Explanations of tiny networks, where the answer is known."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from measured_model import subject_of

from cxr_dash.domain import Box, PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import chest_phantom, encode_png
from cxr_dash.inference.runtime.graph import FlatGraph, flatten_model
from cxr_dash.inference.runtime.keras_runtime import KerasRuntime
from training.evaluation.film_scores import FilmScores
from training.explain.activation import activation_maps
from training.explain.fields import field_of, shown_region
from training.explain.films import choose_films, read_film
from training.explain.gradcam import Explainer
from training.explain.layers import choose_layers, front_of
from training.explain.patches import Responses, patches_csv, relevant_neurons
from training.explain.sheets import activation_sheet, crop, gradcam_strip
from training.explain.study import LayerStudy, open_layers

SIDE = 48
SPEC = PreparationSpec(
    version=1,
    height=SIDE,
    width=SIDE,
    polarity="keep",
    crop_borders=False,
    window_low_percentile=0,
    window_high_percentile=100,
)


def keras_graph(*layers: object, side: int = SIDE) -> FlatGraph:
    import keras

    return flatten_model(keras.Sequential([keras.Input((side, side, 1)), *layers]))


def convolution(kernel: np.ndarray, **options: object) -> object:
    """A layer of one fixed kernel, on films of one channel."""
    import keras

    weights = keras.initializers.Constant(kernel[:, :, None, None])
    return keras.layers.Conv2D(1, kernel.shape, use_bias=False, kernel_initializer=weights, **options)


def identity(name: str = "identity") -> object:
    return convolution(np.ones((1, 1), np.float32), name=name)


def write_film(path: Path, pixels: np.ndarray) -> Path:
    path.write_bytes(encode_png(pixels, {}))
    return path


def scores_of(names: list[str], logits: np.ndarray | None = None) -> FilmScores:
    table = np.zeros((len(names), 1)) if logits is None else logits
    labels = tuple(f"label{column}" for column in range(table.shape[1]))
    return FilmScores(
        tuple(names),
        tuple(names),
        ("drawn",) * len(names),
        labels,
        table,
        1 / (1 + np.exp(-table)),
        table > 0,
    )


@pytest.fixture(scope="module")
def blobs(tmp_path_factory) -> tuple[Path, list[str], list[tuple[int, int]]]:
    """Six dim films, in each one a blob at a known place (row, column); later films have brighter blobs."""
    folder = tmp_path_factory.mktemp("blobs")
    rng = np.random.default_rng(4)
    names, places = [], [(9, 9), (9, 38), (24, 24), (38, 10), (30, 36), (40, 40)]
    for index, (row, column) in enumerate(places):
        film = rng.integers(0, 40, (SIDE, SIDE)).astype(np.uint8)
        # the full range once, so that the window is the same for every film
        film[0, :4], film[-1, :4] = 255, 0
        film[row - 2 : row + 3, column - 2 : column + 3] = 130 + 20 * index
        names.append(f"{index}.png")
        write_film(folder / names[-1], film)
    return folder, names, places


def test_the_activation_map_of_an_identity_kernel_is_the_film(blobs):
    film = read_film(blobs[0] / "0.png", SPEC)
    graph = keras_graph(identity())
    (found,) = front_of(graph, choose_layers(graph, ["identity"]))(film.model_input[None])
    maps = activation_maps("identity", found[0])
    assert maps.channels == (0,)
    np.testing.assert_allclose(maps.values[0], film.model_input[:, :, 0], atol=1e-4)
    assert activation_sheet(maps).dtype == np.uint8


def test_the_channels_that_vary_most_come_first():
    rng = np.random.default_rng(0)
    found = rng.normal(0, [1.0, 5.0, 0.0, 3.0], (6, 6, 4)).astype(np.float32)
    maps = activation_maps("layer", found, count=3)
    assert maps.channels == (1, 3, 0)
    assert maps.total == 4
    np.testing.assert_array_equal(maps.values[1], found[:, :, 3])


def test_an_unknown_layer_is_refused_with_the_layers_there_are():
    graph = keras_graph(identity("first"), identity("second"))
    with pytest.raises(TrainingError, match=r"received 'third'.*There are: first, second"):
        choose_layers(graph, ["third"])


def test_by_default_the_last_map_of_each_resolution_is_taken():
    import keras

    graph = keras_graph(
        keras.layers.Rescaling(1 / 255),
        identity("early"),
        identity("late"),
        keras.layers.ZeroPadding2D(((0, 1), (0, 1))),
        convolution(np.ones((3, 3)), strides=2, name="half"),
        keras.layers.MaxPooling2D(name="quarter"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1),
    )
    assert [step.name for step in choose_layers(graph)] == ["late", "half", "quarter"]


def _network(kind: str) -> object:
    import keras

    ones = np.ones((3, 3))
    film = keras.Input((32, 32, 1))
    if kind == "same":
        x = convolution(ones, padding="same", strides=2)(film)
        x = convolution(ones, padding="same", dilation_rate=2)(x)
    elif kind == "valid":
        x = keras.layers.AveragePooling2D(2)(convolution(ones)(film))
        x = convolution(ones)(x)
    elif kind == "padded":
        x = keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(film)
        x = convolution(ones, strides=2)(x)
        x = keras.layers.ZeroPadding2D(2)(x)
        x = convolution(np.ones((5, 5)))(x)
    else:
        x = convolution(ones, padding="same")(film)
        x = keras.layers.Add()([convolution(np.ones((5, 5)), padding="same")(x), film])
        x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)
    return keras.Model(film, keras.layers.Activation("linear", name="map")(x))


@pytest.mark.parametrize("kind", ["same", "valid", "padded", "joined"])
def test_a_cell_sees_its_receptive_field_and_nothing_else(kind):
    graph = flatten_model(_network(kind))
    (step,) = choose_layers(graph, ["map"])
    # one film for every pixel, white there only
    films = np.eye(32 * 32, dtype=np.float32).reshape(-1, 32, 32, 1)
    (maps,) = front_of(graph, [step])(films)
    height, width = maps.shape[1:3]
    field = field_of(graph, step)
    for row, column in [(0, 0), (height // 2, width // 2), (height // 2, width - 1), (height - 1, 1)]:
        seen = (maps[:, row, column, 0] != 0).reshape(32, 32)
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        box = field.pixels(row, column, 32, 32)
        if kind == "same" and row != height // 2:
            # its windows have holes: at the edge of the film the first tap may lie outside
            assert not np.delete(seen, np.s_[box.y : box.y + box.height], axis=0).any()
            continue
        assert (box.y, box.y + box.height) == (rows[0], rows[-1] + 1)
        assert (box.x, box.x + box.width) == (columns[0], columns[-1] + 1)


def test_behind_a_mean_over_the_film_a_cell_sees_everything():
    import keras

    film = keras.Input((32, 32, 1))
    x = convolution(np.ones((3, 3)), padding="same")(film)
    squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    graph = flatten_model(keras.Model(film, keras.layers.Multiply(name="excited")([x, squeezed])))
    (step,) = choose_layers(graph, ["excited"])
    field = field_of(graph, step)
    assert field.pixels(3, 3, 32, 32) == Box(0, 0, 32, 32)
    # what is shown is then a third of the film around the cell
    region = shown_region(field, (16, 16), (32, 32), (32, 32))
    assert (region.width, region.height) == (11, 11)
    assert region.x <= 16 < region.x + region.width


def test_the_top_patches_hold_the_planted_blobs_the_brightest_first(blobs):
    folder, names, places = blobs
    graph = keras_graph(convolution(np.full((5, 5), 1 / 25), padding="same", name="mean"))
    study = LayerStudy(graph, choose_layers(graph, ["mean"]), SPEC)
    (found,) = study.patches(scores_of(names), folder, 4, channels=[0])
    assert [patch.film for patch in found.patches] == ["5.png", "4.png", "3.png", "2.png"]
    assert [patch.rank for patch in found.patches] == [1, 2, 3, 4]
    for patch in found.patches:
        row, column = places[int(patch.film[0])]
        assert patch.cell == (row, column)
        assert patch.region == Box(column - 2, row - 2, 5, 5)
        film = read_film(folder / patch.film, SPEC).model_input
        # the mean over the region is what the channel says
        assert crop(film, patch.region).mean() == pytest.approx(patch.value, rel=1e-4)
    rows = list(csv.DictReader(io.StringIO(patches_csv(found.patches))))
    assert rows[0]["film"] == "5.png"
    assert (rows[0]["x"], rows[0]["y"], rows[0]["width"]) == ("38", "38", "5")
    assert float(rows[1]["value"]) == pytest.approx(found.patches[1].value, rel=1e-5)


def test_a_patch_never_lies_on_letterbox_bars(tmp_path):
    # twice as wide as high: bars, which are black, above and below
    film = np.random.default_rng(0).integers(90, 256, (24, 48)).astype(np.uint8)
    film[12, 20] = 0
    write_film(tmp_path / "wide.png", film)
    graph = keras_graph(convolution(-np.ones((1, 1)), name="dark"))
    study = LayerStudy(graph, choose_layers(graph, ["dark"]), SPEC)
    (found,) = study.patches(scores_of(["wide.png"]), tmp_path, 1, channels=[0])
    # the first rows of the film begin below a bar of 12
    assert found.patches[0].cell == (24, 20)


def test_where_a_channel_saturates_the_middle_of_the_blob_is_taken(blobs):
    import keras

    folder, names, places = blobs
    # the window makes every blob brighter than this cap
    graph = keras_graph(identity(), keras.layers.ReLU(max_value=100.0, name="capped"))
    study = LayerStudy(graph, choose_layers(graph, ["capped"]), SPEC)
    (found,) = study.patches(scores_of(names), folder, 6, channels=[0])
    for patch in found.patches:
        assert patch.value == pytest.approx(100.0)
        row, column = places[int(patch.film[0])]
        assert max(abs(patch.cell[0] - row), abs(patch.cell[1] - column)) <= 1


def test_for_each_label_the_channel_is_chosen_that_goes_with_its_logit():
    rng = np.random.default_rng(2)
    means = rng.normal(size=(40, 5)).astype(np.float32)
    means[:, 4] = 7.0
    logits = np.stack([means[:, 3] * 2.0 + 1, -means[:, 1]], axis=1).astype(np.float64)
    found = Responses(means, means, np.zeros((40, 5), dtype=int), (1, 1))
    first, second = relevant_neurons(found, logits, ["a", "b"])
    assert (first.channel, first.label) == (3, "a")
    assert first.correlation == pytest.approx(1.0)
    # the channel that falls with b is not the one that rises with it, and a constant one says nothing
    assert second.label == "b"
    assert second.channel not in (1, 3)


def test_a_channel_that_a_layer_does_not_have_is_refused(blobs):
    graph = keras_graph(identity())
    study = LayerStudy(graph, choose_layers(graph), SPEC)
    with pytest.raises(TrainingError, match="between 0 and 0 for layer 'identity'; received 1"):
        study.patches(scores_of(blobs[1]), blobs[0], 1, channels=[1])


def test_a_folder_without_a_keras_model_is_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"has no model\.keras"):
        open_layers(tmp_path, SPEC)


@pytest.fixture(scope="module")
def for_and_against(tmp_path_factory) -> Explainer:
    """A model that looks at brightness: for the first label, against the second."""
    import keras

    film = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.AveragePooling2D(4, name="cells")(keras.layers.Rescaling(1 / 255)(film))
    x = keras.layers.GlobalAveragePooling2D()(x)
    head = keras.layers.Dense(2, name="logits", kernel_initializer=keras.initializers.Constant([[9.0, -9.0]]))
    model = keras.Model(film, keras.layers.Activation("sigmoid")(head(x)))
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    subject = subject_of(preparation=SPEC)
    return Explainer(subject, KerasRuntime(path, "cells"), dict.fromkeys(subject.labels, 0.01))


def test_heat_lies_on_what_speaks_for_a_label_and_evidence_against_is_none(for_and_against, blobs):
    folder, names, places = blobs
    found = for_and_against.explain(read_film(folder / names[5], SPEC))
    hot, cold = found.heatmaps["effusion"], found.heatmaps["finding"]
    assert not hot.flat
    assert tuple(np.array(np.unravel_index(hot.values.argmax(), hot.values.shape)) * 4) == places[5]
    assert (cold.flat, cold.peak) == (True, 0.0)
    assert found.probabilities["effusion"] + found.probabilities["finding"] == pytest.approx(1.0)


def test_a_strip_shows_film_heat_and_overlay_and_says_where_there_is_no_evidence(for_and_against, blobs):
    folder, names, (*_, (row, column)) = blobs
    found = for_and_against.explain(read_film(folder / names[5], SPEC))
    strip = gradcam_strip(found.film, found.heatmaps["effusion"], side=SIDE)
    assert strip.shape == (SIDE, 3 * SIDE + 12, 3)
    film, heat, overlay = (strip[:, start : start + SIDE].astype(int) for start in (0, 54, 108))
    assert np.ptp(film, axis=2).max() == 0
    # viridis is yellow where it is hottest: at the blob, in the overlay too
    yellow = heat[:, :, 1] - heat[:, :, 2]
    assert yellow[row - 2 : row + 3, column - 2 : column + 3].max() == yellow.max() > 150
    assert np.ptp(overlay[row, column]) > 60
    assert np.ptp(overlay[5, 40]) < 20
    flat = gradcam_strip(found.film, found.heatmaps["finding"], side=SIDE)
    np.testing.assert_array_equal(flat[: SIDE - 20, :SIDE], flat[: SIDE - 20, 108:])


def test_the_surest_films_of_each_kind_are_chosen(films_root):
    from training.evaluation.evaluate import measure
    from training.films.manifest import of_split, read_manifest

    manifest = films_root / "films" / "manifest.csv"
    films = of_split(read_manifest(manifest, negative_label="no_finding"), "test")[:8]
    probability = np.array([0.9, 0.95, 0.7, 0.8, 0.1, 0.2, 0.05, 0.5])
    truth = np.array([1, 1, 0, 0, 0, 1, 1, 0])
    table = np.stack([probability, probability], axis=1)
    names = tuple(f"{index}.png" for index in range(8))
    logits = np.log(table / (1 - table))
    scores = FilmScores(
        names, names, names, ("effusion", "finding"), logits, table, np.stack([truth, truth], axis=1)
    )
    # the default operating point calls from 0.55 on
    evaluation = measure(subject_of(), films, scores, manifest, "test")
    chosen = choose_films(evaluation, scores, 1, ["effusion"])
    assert [(choice.kind, choice.film) for choice in chosen] == [
        ("true positive", "1.png"),
        ("false positive", "3.png"),
        ("false negative", "6.png"),
        ("true negative", "4.png"),
    ]
    assert len(choose_films(evaluation, scores, 5)) == 16
    with pytest.raises(TrainingError, match="must be one of effusion, finding; received 'mass'"):
        choose_films(evaluation, scores, 1, ["mass"])


def test_a_film_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "text.png").write_text("no film")
    for name in ("text.png", "missing.png"):
        with pytest.raises(TrainingError, match=name):
            read_film(tmp_path / name, SPEC)


def test_a_16_bit_film_of_another_shape_keeps_its_aspect_in_a_strip(for_and_against, tmp_path):
    film = cv2.resize(chest_phantom(120, 120, 1), (90, 140)).astype(np.uint16) * 200
    cv2.imwrite(str(tmp_path / "film.png"), film)
    found = for_and_against.explain(read_film(tmp_path / "film.png", SPEC))
    strip = gradcam_strip(found.film, found.heatmaps["effusion"], side=280)
    assert strip.shape == (280, 3 * 180 + 12, 3)
