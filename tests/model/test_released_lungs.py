"""The released segmenter's card says what the shared films give."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import Settings
from training.metrics import figure
from training.recipe import SegmenterRecipe, load_any
from training.segmentation.films import divide, of_split, read_masked_films
from training.segmentation.measure import film_dices, mask_metrics


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
    films = read_masked_films(shared_dir / "data" / recipe.data.manifest)
    test = of_split(divide(films, recipe.data, bundle.spec.training.seed), "test")
    measured = mask_metrics("test", film_dices(test, bundle))
    assert (measured.films, measured.patients) == (on_card.films, on_card.patients)
    # another processor may round another way
    assert measured.dice.value == pytest.approx(on_card.dice.value, abs=1e-3)
    for source, interval in measured.by_source.items():
        assert interval.value == pytest.approx(on_card.by_source[source].value, abs=2e-3)
    assert figure(on_card.dice, digits=3) in bundle.card
    assert measured.dice.value >= 0.95


def test_nothing_of_the_bundle_is_of_another_preparation_than_its_recipe(bundle: SegmenterBundle) -> None:
    recipe = load_any("lungs")
    assert isinstance(recipe, SegmenterRecipe)
    assert bundle.spec.preparation == recipe.preparation
    made = bundle.spec.training.recipe
    # without the texts, without augmentation that was added since and is off, and without the preparation:
    # that of the bundle is compared above, and what it was trained with may be an earlier one
    since = ("augment.", "preparation.")
    wanted = {name: value for name, value in recipe.flat().items() if not name.startswith(since)}
    assert {name: made.get(name) for name in wanted} == wanted
