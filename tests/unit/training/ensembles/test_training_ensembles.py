"""Several finished models become one: what it answers, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from ensemble_runs import changed, small_network, write_run
from pydantic import ValidationError

from cxr_dash.domain import Float32Array, PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.ensembles.causes import stack_steps
from training.ensembles.describe import recipe_of_members
from training.ensembles.fit import fit_ensemble
from training.ensembles.grids import area_matrix, back_matrix
from training.ensembles.members import check_agree, find_member, open_members
from training.ensembles.stack import Head, Layer, Scale, StackSplit, train_head
from training.ensembles.vote import best_weights, candidate_weights, log_sigmoid, log_sum
from training.evaluation.subject import open_subject
from training.export.bundle import export_bundle
from training.films.manifest import of_split, read_manifest
from training.films.prepared import prepare_film
from training.fitting.runs import RunRecord
from training.recipe import EnsembleRecipe, Recipe

pytestmark = pytest.mark.thorough

LABELS = ["effusion", "finding"]


@pytest.fixture(scope="module")
def runs(films_root: Path, tiny_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two untrained members, one that ends in flattened cells, as runs called ``first`` and ``second``."""
    folder = tmp_path_factory.mktemp("ensembles")
    write_run(folder / "first", small_network(1), tiny_recipe, films_root)
    write_run(folder / "second", small_network(2, pooling="flatten"), tiny_recipe, films_root)
    return folder


@pytest.fixture(scope="module")
def films(films_root: Path, tiny_recipe: Recipe) -> list[Path]:
    listed = read_manifest(films_root / "films" / "manifest.csv", negative_label="no_finding")
    return [film.path for film in of_split(listed, "test")]


def stack_recipe(recipe: Recipe, **settings: Any) -> Recipe:
    """A stack of nobody in particular."""
    network = {"name": "ensemble", "activation": "sigmoid"}
    section = {"kind": "stack", "members": ["a", "b"], **settings}
    table = recipe.model_dump(mode="json") | {"network": network, "ensemble": section}
    return Recipe.model_validate(table)


def make(kind: str, members: list[str], folder: Path, runs: Path, root: Path, **entries: Any) -> RunRecord:
    section = EnsembleRecipe.model_validate({"kind": kind, "members": members, **entries})
    recipe = recipe_of_members(folder.name, section, runs)
    recipe = changed(recipe, fit={"copies": 2, "head_epochs": 40, "patience": 6})
    return fit_ensemble(recipe, root, folder, runs=runs)


@pytest.fixture(scope="module")
def vote(runs: Path, films_root: Path) -> Path:
    make("vote", ["first", "second"], runs / "vote", runs, films_root, weights=[3, 1])
    return runs / "vote"


@pytest.fixture(scope="module")
def stack(runs: Path, films_root: Path) -> Path:
    settings = {"l2": [1e-3], "dropout": [0.0], "learning_rate": [1e-2]}
    make("stack", ["first", "second"], runs / "stack", runs, films_root, **settings)
    return runs / "stack"


def calibrated(folder: Path, films: list[Path], order: list[str] = LABELS) -> np.ndarray:
    """A member's own calibrated probabilities, labels in ``order``."""
    subject = open_subject(folder)
    probabilities = subject.probabilities(subject.forward(prepared(films, subject.preparation)))
    return probabilities[:, [subject.labels.index(key) for key in order]]


def prepared(films: list[Path], spec: PreparationSpec) -> Float32Array:
    return np.stack([prepare_film(path, spec) for path in films])


def answered(folder: Path, films: list[Path]) -> np.ndarray:
    """What the saved model of a run itself answers: its last layer, before any calibration."""
    import keras

    spec = RunRecord.read(folder / "run.json").recipe.preparation
    model = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
    return np.asarray(model.predict_on_batch(prepared(films, spec)))


def test_a_vote_is_the_weighted_mean_of_the_members_calibrated_probabilities(vote, runs, films):
    expected = (3 * calibrated(runs / "first", films) + calibrated(runs / "second", films)) / 4
    assert np.ptp(expected, axis=0).min() > 0.005  # the comparison below is a thousand times finer
    np.testing.assert_allclose(answered(vote, films), expected, atol=1e-6)


def test_a_vote_of_softmax_models_is_the_mean_of_their_calibrated_probabilities(
    films_root, tiny_recipe, films, tmp_path
):
    data = {"labels": ["effusion"], "any_label": "finding"}
    recipe = changed(tiny_recipe, network={"activation": "softmax"}, data=data)
    for seed, name in enumerate(("first", "second")):
        model = small_network(seed, activation="softmax")
        # surer than float32 can say: what is not computed from logarithms becomes infinite or flat
        logits = model.get_layer("logits")
        logits.set_weights([array * 300.0 for array in logits.get_weights()])
        write_run(tmp_path / name, model, recipe, films_root)
    make("vote", ["first", "second"], tmp_path / "vote", tmp_path, films_root)
    expected = (calibrated(tmp_path / "first", films) + calibrated(tmp_path / "second", films)) / 2
    received = answered(tmp_path / "vote", films)
    assert np.isfinite(received).all()
    np.testing.assert_allclose(received, expected, atol=1e-5)


def test_a_member_with_its_labels_in_another_order_counts_the_same(
    vote, films_root, tiny_recipe, films, tmp_path
):
    turned = small_network(2, pooling="flatten")
    layer = turned.get_layer("logits")
    layer.set_weights([array[..., ::-1] for array in layer.get_weights()])
    write_run(tmp_path / "second", turned, tiny_recipe, films_root, labels=("finding", "effusion"))
    section = {"weights": [3, 1]}
    record = make(
        "vote", [str(vote.parent / "first"), "second"], tmp_path / "vote", tmp_path, films_root, **section
    )
    assert record.labels == LABELS
    np.testing.assert_allclose(answered(tmp_path / "vote", films), answered(vote, films), atol=1e-6)


def test_a_member_made_for_smaller_films_answers_as_it_would_alone(
    runs, films_root, tiny_recipe, films, tmp_path
):
    small = changed(tiny_recipe, preparation={"height": 32, "width": 32})
    write_run(tmp_path / "small", small_network(3, side=32), small, films_root)
    members = [str(runs / "second"), "small"]
    record = make("vote", members, tmp_path / "vote", tmp_path, films_root, weights=[1, 999999])
    assert (record.recipe.preparation.height, record.recipe.preparation.width) == (48, 48)
    subject = open_subject(tmp_path / "small")
    large = [prepare_film(path, record.recipe.preparation)[..., 0] for path in films]
    shrunk = np.stack([cv2.resize(film, (32, 32), interpolation=cv2.INTER_AREA) for film in large])[..., None]
    expected = subject.probabilities(subject.forward(shrunk))
    np.testing.assert_allclose(answered(tmp_path / "vote", films), expected, atol=1e-5)


@pytest.mark.parametrize(("source", "target"), [(7, 19), (19, 7), (7, 10), (224, 160)])
def test_changing_a_grid_keeps_constants_and_means_and_shrinks_as_opencv_does(source, target):
    matrix = area_matrix(source, target)
    np.testing.assert_allclose(matrix.sum(axis=0), 1.0)
    np.testing.assert_allclose(matrix.sum(axis=1), target / source)
    if target < source:
        row = np.random.default_rng(0).uniform(0, 255, (1, source)).astype(np.float32)
        expected = cv2.resize(row, (target, 1), interpolation=cv2.INTER_AREA)
        np.testing.assert_allclose(row @ matrix, expected, rtol=1e-4)
    else:
        np.testing.assert_allclose(matrix @ back_matrix(source, target), np.eye(source), atol=1e-9)


def test_the_most_even_weights_come_first_and_win_a_draw():
    shares = candidate_weights(3)
    assert max(shares[0]) - min(shares[0]) < 0.11
    assert all(sum(share) == pytest.approx(1.0) and min(share) > 0 for share in shares)
    good = np.linspace(0.1, 0.9, 8)[:, None]
    assert best_weights([good, good], (good > 0.5).astype(float)) == (0.5, 0.5)


def test_a_member_that_misleads_gets_the_smallest_weight():
    rng = np.random.default_rng(4)
    truths = (rng.uniform(size=(200, 1)) > 0.5).astype(float)
    good = np.clip(truths * 0.4 + 0.3 + rng.normal(0, 0.2, truths.shape), 0, 1)
    assert best_weights([good, rng.uniform(size=good.shape)], truths)[0] > 0.7


def test_the_stack_keeps_its_backbones_and_learns_what_is_drawn(stack, films):
    record = RunRecord.read(stack / "run.json")
    assert record.val_macro_auroc > 0.95
    assert (record.recipe.network.l2, record.recipe.fit.head_learning_rate) == (1e-3, 1e-2)
    probabilities = answered(stack, films)
    listed = np.array([int(path.stem) % 4 < 2 for path in films])
    assert probabilities[listed, 0].min() > probabilities[~listed, 0].max()


def test_standardising_folds_into_the_kernel():
    rng = np.random.default_rng(2)
    features = rng.normal(5, [[0.01, 1.0, 90.0]], (50, 3)).astype(np.float32)
    scale, kernel, bias = Scale.of(features), rng.normal(size=(3, 2)), rng.normal(size=2)
    folded, shifted = scale.fold(kernel, bias)
    np.testing.assert_allclose(
        features @ folded + shifted, scale.apply(features) @ kernel + bias, rtol=1e-4, atol=1e-4
    )


def test_a_head_that_makes_nothing_better_is_not_kept(tiny_recipe):
    rng = np.random.default_rng(3)
    targets = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 60)]
    features = np.concatenate([targets + rng.normal(0, 0.1, (60, 2)), rng.normal(size=(60, 6))], axis=1)
    start = Layer(np.eye(8, 2), np.zeros(2))
    recipe = stack_recipe(tiny_recipe, l2=[1e-3], learning_rate=[10.0], dropout=[0.0, 0.5])
    shuffled = StackSplit(
        features[:30].astype(np.float32), rng.permutation(targets[:30]), np.ones(30, np.float32)
    )
    val = StackSplit(features[30:].astype(np.float32), targets[30:], np.ones(30, np.float32))
    head: Head = train_head(recipe, shuffled, val, start)
    assert head.best is None
    assert head.layers == (start,)


def test_the_causes_of_underfitting_are_removed_one_after_another(tiny_recipe):
    rng = np.random.default_rng(8)
    truths = (rng.uniform(size=(160, 2)) > 0.5).astype(np.float32)
    # one member's features are a thousand times as large as the other's, and say nothing
    loud = rng.normal(0, 100, (160, 12)) + 300
    quiet = np.repeat(truths, 3, axis=1) * 0.1 + rng.normal(0, 0.02, (160, 6))
    features = np.concatenate([loud, quiet], axis=1).astype(np.float32)

    def splits(values: Float32Array) -> list[StackSplit]:
        rows = slice(0, 100), slice(100, 160)
        return [StackSplit(values[r], truths[r], np.ones(len(truths[r]), np.float32), (12, 6)) for r in rows]

    recipe = stack_recipe(tiny_recipe, l2=[1e-2], dropout=[0.0], learning_rate=[1e-2])
    recipe = changed(recipe, fit={"head_epochs": 20, "patience": 20, "batch_size": 50})
    start = Layer(np.concatenate([np.zeros((12, 2)), np.repeat(np.eye(2), 3, axis=0)]), np.zeros(2))
    constant = np.full_like(features, 0.5)
    steps = list(stack_steps(recipe, splits(constant), splits(features), start))
    changes = [step.change.split()[0] for step in steps]
    assert changes == ["naive:", "each", "features", "no", "L2,", "starts"]
    assert steps[0].train == steps[0].val == 0.5
    # features of very different size teach a first attempt nothing; of one size, a linear head learns them
    assert steps[1].val < 0.6
    assert steps[3].val > 0.9
    assert steps[-1].val == max(step.val for step in steps)


@pytest.mark.parametrize("kind", ["vote", "stack"])
def test_an_ensemble_exports_to_a_bundle_whose_maps_are_the_members_side_by_side(
    kind, request, films_root, films, tmp_path
):
    folder = request.getfixturevalue(kind)
    bundle = export_bundle(folder, tmp_path)
    assert bundle.spec.cam_layer == "features"
    assert bundle.spec.embedding_size == 32
    made = bundle.spec.training.recipe
    assert (made["network.name"], made["ensemble.kind"]) == ("ensemble", kind)
    assert made["ensemble.members"] == ["first", "second"]
    subject = open_subject(folder)
    runtime = LiteRtRuntime(load_bundle(bundle.path).serving_path)
    outputs = [runtime.run(prepare_film(path, bundle.spec.preparation)) for path in films]
    expected = subject.forward(prepared(films, subject.preparation))
    np.testing.assert_allclose([out.logits for out in outputs], expected, rtol=1e-3, atol=1e-3)
    assert np.ptp([out.cams for out in outputs], axis=(0, 2, 3)).min() > 0
    # a bundle is a member as good as a run
    assert [member.subject.kind for member in open_members([bundle.path, folder])] == ["bundle", "run"]


def test_models_that_do_not_fit_each_other_are_refused(runs):
    first = open_subject(runs / "first")
    with pytest.raises(TrainingError, match=r"same labels; first and first differ in finding, mass"):
        check_agree([first, replace(first, labels=["mass", "effusion"])])
    with pytest.raises(TrainingError, match="all end in softmax or all in sigmoid"):
        check_agree([first, replace(first, activation="softmax")])
    uncropped = replace(first.preparation, crop_borders=False)
    with pytest.raises(TrainingError, match="prepare films alike"):
        check_agree([first, replace(first, preparation=uncropped)])
    check_agree([first, replace(first, preparation=replace(first.preparation, height=32, width=32))])
    with pytest.raises(TrainingError, match="two or more members; received 1"):
        open_members([runs / "first"])


def test_a_member_is_found_by_path_by_folder_and_by_recipe(runs, films_root, tiny_recipe, tmp_path):
    assert find_member(str(runs / "first"), tmp_path) == runs / "first"
    assert find_member("first", runs) == runs / "first"
    other = tmp_path / "runs"
    write_run(other / "monday", small_network(1), tiny_recipe, films_root)
    assert find_member("tiny", other) == other / "monday"
    write_run(other / "tuesday", small_network(1), tiny_recipe, films_root)
    with pytest.raises(TrainingError, match=r"must be one run; in .* there are monday, tuesday"):
        find_member("tiny", other)
    with pytest.raises(TrainingError, match="python -m training fit nobody"):
        find_member("nobody", other)


def test_an_ensemble_is_not_made_over_another(vote, films_root):
    with pytest.raises(TrainingError, match="must be new"):
        fit_ensemble(RunRecord.read(vote / "run.json").recipe, films_root, vote)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"members": ["a"]}, "at least 2 items"),
        ({"members": ["a", "a"]}, "must be different"),
        ({"members": ["a", "b"], "weights": [1.0]}, "one per member"),
        ({"members": ["a", "b"], "weights": [1.0, 0.0]}, "greater than 0"),
        ({"members": ["a", "b"], "vote": True}, "Extra inputs"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(entries, message):
    with pytest.raises(ValidationError, match=message):
        EnsembleRecipe.model_validate({"kind": "vote", **entries})


def test_the_section_and_the_networks_name_go_together(tiny_recipe):
    with pytest.raises(ValidationError, match="go together"):
        changed(tiny_recipe, network={"name": "ensemble"})
    with pytest.raises(ValidationError, match="go together"):
        changed(tiny_recipe, ensemble={"kind": "vote", "members": ["a", "b"]})


def test_members_that_say_the_same_have_equal_shares_of_the_gradient():
    import tensorflow as tf

    first, second = (tf.Variable([[0.0, -3.0, 90.0]]) for _ in range(2))
    with tf.GradientTape(persistent=True) as tape:
        terms = [log_sigmoid(scores) for scores in (first, second)]
        total = log_sum(terms)
    shares = [tape.gradient(total, term) for term in terms]
    np.testing.assert_allclose(shares, 0.5 * np.ones((2, 1, 3)), atol=1e-6)
    # of log(sigmoid(x)) it is sigmoid(-x), at 0 too
    np.testing.assert_allclose(
        tape.gradient(terms[0], first), [[0.5, 1 / (1 + np.exp(-3.0)), 0.0]], atol=1e-6
    )
    np.testing.assert_allclose(total, np.log(2 / (1 + np.exp([[0.0, 3.0, -90.0]]))), atol=1e-5)
