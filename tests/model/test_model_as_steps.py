"""A model written out as steps: which lead where, which makes a map, and what is said where none does."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cxr_dash.errors import BackendMissingError, BundleError
from cxr_dash.inference.runtime.anatomy import LOGITS_LAYER, take_apart
from cxr_dash.inference.runtime.gradcam import build_explainer
from cxr_dash.inference.runtime.graph import FlatGraph, Step, flatten_model, following, replay
from cxr_dash.inference.runtime.keras_runtime import import_keras


def _step(name: str, inputs: tuple[Any, ...], *outputs: Any) -> Step:
    return Step(SimpleNamespace(name=name), f"model/{name}", (), {}, inputs, outputs)


def _names(steps: tuple[Step, ...]) -> list[str]:
    return [step.name for step in steps]


@pytest.mark.parametrize(
    ("shapes", "is_map"),
    [
        ([(None, 4, 5, 8)], True),
        ([(None, 1, 2, 8)], True),
        ([(None, 2, 1, 8)], True),
        ([(None, 1, 1, 8)], False),
        ([(None, None, 5, 8)], False),
        ([(None, 5, None, 8)], False),
        ([(None, 4, 8)], False),
        ([(None, 4, 5, 6, 8)], False),
        ([(None, 4, 5, 8)] * 2, False),
        ([], False),
    ],
    ids=str,
)
def test_a_map_is_one_picture_of_more_than_one_cell(shapes: list[tuple[Any, ...]], is_map: bool) -> None:
    outputs = tuple(SimpleNamespace(shape=shape) for shape in shapes)
    found = _step("layer", (), *outputs).feature_map
    assert found is (outputs[0] if is_map else None)


def test_steps_lead_to_a_symbol_or_follow_it_through_branches_and_no_others() -> None:
    film, a, b, c, d, e, f = (SimpleNamespace() for _ in range(7))
    steps = (
        _step("stem", (film,), a),
        _step("left", (a,), b, c),
        _step("aside", (film,), d),
        _step("right", (a,), e),
        _step("sum", (c, e), f),
    )
    graph = FlatGraph(film, steps)
    assert _names(graph.leading_to(f)) == ["stem", "left", "right", "sum"]
    assert _names(graph.leading_to(b)) == ["stem", "left"]
    assert _names(graph.leading_to(d)) == ["aside"]
    assert graph.leading_to(film) == ()
    assert _names(following(steps, a)) == ["left", "right", "sum"]
    assert _names(following(steps, e)) == ["sum"]
    assert _names(following(steps, film)) == _names(steps)
    assert following(steps, f) == ()


def _model(*, dense_name: str = LOGITS_LAYER, **changes: Any) -> Any:
    import keras
    from keras import layers

    film = keras.Input((12, 10, 1))
    x = layers.Conv2D(3, 3, activation="relu", name="early")(film)
    x = layers.Dropout(0.9, name="gone")(x)
    x = layers.Conv2D(4, 3, activation="relu", name="late")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    logits = layers.Dense(2, name=dense_name, **changes)(x)
    return keras.Model(film, layers.Activation("sigmoid", name="end")(logits))


def test_steps_are_run_as_the_model_predicts() -> None:
    import keras

    model = _model()
    film = np.random.default_rng(1).uniform(0, 255, (2, 12, 10, 1)).astype(np.float32)
    graph = flatten_model(model)
    assert [step.path for step in graph.steps] == ["early", "gone", "late", "pool", "logits", "end"]
    assert graph.input.shape == (None, 12, 10, 1)
    known = replay(graph.steps, {id(graph.input): film})
    answer = keras.ops.convert_to_numpy(known[id(graph.steps[-1].outputs[0])])
    np.testing.assert_allclose(answer, model.predict(film, verbose=0), rtol=1e-5)
    # in part too: from the map on
    middle = graph.steps[2].outputs[0]
    head = following(graph.steps, middle)
    again = replay(head, {id(middle): known[id(middle)]})
    assert id(graph.input) not in again
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again[id(head[-1].outputs[0])]), answer)


def test_a_model_is_taken_apart_at_its_last_map_or_at_the_named_one() -> None:
    model = _model()
    last, named = take_apart(model), take_apart(model, "early")
    assert (last.cam_layer, _names(last.head)) == ("late", ["pool", "logits"])
    assert _names(last.before) == ["early", "gone", "late"]
    assert (named.cam_layer, _names(named.before)) == ("early", ["early"])
    assert _names(named.head) == ["gone", "late", "pool", "logits"]
    assert named.map.shape == (None, 10, 8, 3)
    explainer = build_explainer(model)
    assert (explainer.cam_grid, explainer.input_size) == ((8, 6), (12, 10))
    assert (explainer.class_count, explainer.embedding_size) == (2, 4)


def test_of_several_layers_called_logits_the_last_counts() -> None:
    import keras
    from keras import layers

    film = keras.Input((8, 8, 1))
    inner = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(7, name="logits")],
        name="inner",
    )
    model = keras.Model(film, layers.Dense(2, name="logits")(inner(film)))
    assert take_apart(model).logits.shape == (None, 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dense_name": "answer"}, "received"),
        ({"activation": "softmax"}, "received activation 'softmax' and output (None, 2)"),
    ],
)
def test_a_model_whose_logits_are_none_is_refused_with_its_last_layers(
    changes: dict[str, Any], words: str
) -> None:
    if "dense_name" in changes:
        words = "must have a layer named 'logits'; its last layers are ['late', 'pool', 'answer', 'end']."
    with pytest.raises(BundleError, match=re.escape(words)):
        take_apart(_model(**changes))


def test_logits_that_are_a_picture_are_refused() -> None:
    import keras
    from keras import layers

    film = keras.Input((8, 8, 1))
    with pytest.raises(BundleError, match=r"output \(n, classes\).*output \(None, 6, 6, 2\)"):
        take_apart(keras.Model(film, layers.Conv2D(2, 3, name="logits")(film)))


def test_a_layer_that_makes_no_map_is_refused_by_its_name() -> None:
    model = _model()
    for name in ("pool", "no such layer", "end"):
        with pytest.raises(BundleError, match=f"{name!r} to be a feature map .*a model of 5 layers without"):
            take_apart(model, name)


@pytest.mark.parametrize("shapes", [[(8, 8)], [(8, None, 1)], [(None, 8, 1)], [(8, 8, 1)] * 2])
def test_a_model_takes_one_film_of_a_fixed_size(shapes: list[tuple[int | None, ...]]) -> None:
    import keras

    films = [keras.Input(shape) for shape in shapes]
    model = keras.Model(films, [keras.layers.Activation("linear")(film) for film in films])
    whole = [(None, *shape) for shape in shapes]
    with pytest.raises(BundleError, match=re.escape(f"(None, height, width, channels); received {whole}.")):
        flatten_model(model)


def test_a_model_that_was_not_built_is_refused() -> None:
    import keras

    with pytest.raises(BundleError, match=r"must be a built Functional or Sequential .*; received Seq"):
        flatten_model(keras.Sequential([keras.layers.Flatten()]))
    assert flatten_model(keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])).steps


@pytest.mark.parametrize("method", ["closed_form", "traced"])
def test_maps_of_several_films_are_each_films_own(method: str) -> None:
    """Copies of the map, one a class, are not mixed up between films."""
    import keras
    from keras import layers

    film = keras.Input((12, 10, 1))
    x = layers.Conv2D(3, 3, activation="relu", name="map")(film)
    x = layers.GlobalAveragePooling2D()(x)
    if method == "traced":
        x = layers.Dense(4, activation="tanh")(x)
    explainer = build_explainer(keras.Model(film, layers.Dense(3, name="logits")(x)))
    assert explainer.method == method
    films = np.random.default_rng(6).uniform(0, 2, (3, 12, 10, 1)).astype(np.float32)
    together = explainer.trace(None)(films)
    one_by_one = explainer.trace()
    for number, own in enumerate(films):
        alone = one_by_one(own[None])
        assert alone["cams"].shape == (1, 3, 10, 8)
        for name in ("logits", "cams", "embedding"):
            np.testing.assert_allclose(together[name][number], alone[name][0], rtol=1e-4, atol=1e-6)


def test_keras_on_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    assert import_keras() is keras
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(BackendMissingError, match=r"must be tensorflow \d.*; received 'jax'"):
        import_keras()
