"""The released segmenter's card says what the shared films give."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import Settings
from training.metrics import figure
from training.recipe import SegmenterRecipe, load_any
from training.recipe.earlier import with_entries_since
from training.segmentation.collections import of_split, read_collections
from training.segmentation.measure import film_dices, mask_metrics
from training.segmentation.sides import count_sides, films_of, outlines_of, recipe_sides


@pytest.fixture(scope="module")
def bundle() -> SegmenterBundle:
    found = Catalog(Settings().models_dir).tool("lungs")
    if found is None:
        pytest.skip(f"no segmenter in {Settings().models_dir}: export the recipe `lungs` to run this test")
    return found


@pytest.mark.shared_data
def test_the_figures_on_the_card_are_those_of_the_shipped_graph_on_new_patients(
    bundle: SegmenterBundle, shared_dir: Path
) -> None:
    recipe = load_any("lungs")
    assert isinstance(recipe, SegmenterRecipe)
    (on_card,) = (metrics for metrics in bundle.spec.metrics if metrics.split == "test")
    films = read_collections(shared_dir / "data", recipe.data, bundle.spec.training.seed)
    test = of_split(films, "test")
    measured = mask_metrics("test", film_dices(test, bundle))
    assert (measured.films, measured.patients) == (on_card.films, on_card.patients)
    # another processor may round another way
    assert measured.dice.value == pytest.approx(on_card.dice.value, abs=1e-3)
    for source, interval in measured.by_source.items():
        assert interval.value == pytest.approx(on_card.by_source[source].value, abs=2e-3)
    assert figure(on_card.dice, digits=3) in bundle.card
    assert measured.dice.value >= 0.96
    heart, known = measured.heart, on_card.heart
    assert heart is not None
    assert known is not None
    assert heart.ratio is not None
    assert known.ratio is not None
    assert heart.dice.value == pytest.approx(known.dice.value, abs=2e-3)
    assert (heart.ratio.films, heart.ratio.measured) == (known.ratio.films, known.ratio.measured)
    assert heart.ratio.error.value == pytest.approx(known.ratio.error.value, abs=2e-3)
    assert figure(known.ratio.error, digits=3) in bundle.card


@pytest.mark.shared_data
def test_films_flipped_by_hand_are_said_to_seem_mirrored_and_hardly_any_other(
    bundle: SegmenterBundle, shared_dir: Path
) -> None:
    spec = bundle.spec.side
    assert spec is not None
    paths = [
        path
        for films in recipe_sides("lungs").values()
        if films.teaches
        for path in films_of(shared_dir / "data" / films.manifest, "test", 30)
    ]
    counted = count_sides("all", "test", outlines_of(paths, bundle), spec)
    assert counted.flipped.value >= 0.85
    assert counted.others.value <= 0.03


def test_nothing_of_the_bundle_is_of_another_preparation_than_its_recipe(bundle: SegmenterBundle) -> None:
    recipe = load_any("lungs")
    assert isinstance(recipe, SegmenterRecipe)
    assert bundle.spec.preparation == recipe.preparation
    made = with_entries_since(bundle.spec.training.recipe, recipe)
    # the preparation of the bundle is compared above, and what it was trained with may be an earlier one
    wanted = {name: value for name, value in recipe.flat().items() if not name.startswith("preparation.")}
    assert {name: made.get(name) for name in wanted} == wanted
