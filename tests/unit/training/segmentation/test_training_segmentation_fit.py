"""A segmenter is trained as a classifier is: logged, kept, resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_dash.errors import TrainingError
from training.fitting.checkpoint import Checkpoint
from training.fitting.epoch_log import EpochLog
from training.fitting.runs import RunFolder
from training.fitting.start import RANDOM
from training.recipe import SegmenterRecipe, load_any
from training.segmentation.fit import SegmenterRecord, fit_segmenter
from training.segmentation.miniature import miniature_recipe, write_masked_miniature

pytestmark = pytest.mark.thorough


def _epochs(recipe: SegmenterRecipe, epochs: int) -> SegmenterRecipe:
    return recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"epochs": epochs})})


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SegmenterRecord, SegmenterRecord]:
    """A run of one epoch that was then made longer, with what it recorded each time."""
    loaded = load_any("lungs")
    assert isinstance(loaded, SegmenterRecipe)
    recipe, folder = miniature_recipe(loaded), tmp_path_factory.mktemp("segmenter")
    data, run = write_masked_miniature(folder / "data").parent, RunFolder(folder / "run")
    first = fit_segmenter(recipe, data, run.path, weights=RANDOM)
    return run, first, fit_segmenter(_epochs(recipe, 2), data, run.path, weights=RANDOM, resume=True)


def test_a_segmenter_that_goes_on_logs_each_epoch_once_with_the_dice_of_each_structure(resumed) -> None:
    run, first, second = resumed
    rows = EpochLog(run.log).rows()
    assert [row["epoch"] for row in rows] == ["0", "1"]
    structures = second.recipe.network.structures
    for row in rows:
        each = [float(row[f"val_dice_{name}"]) for name in structures]
        assert float(row["val_dice"]) == pytest.approx(sum(each) / len(each))
        assert float(row["seconds"]) > 0
    assert (first.epochs, second.epochs) == (1, 2)


def test_the_kept_epoch_of_a_segmenter_is_that_of_the_best_dice(resumed) -> None:
    run, _, record = resumed
    scores = EpochLog(run.log).values("val_dice")
    assert record.val_dice == pytest.approx(max(scores.values()), abs=1e-5)
    assert record.best_epoch == min(epoch for epoch, value in scores.items() if value == max(scores.values()))


def test_a_segmenter_is_never_stopped_before_its_cosine_ends() -> None:
    loaded = load_any("lungs")
    assert isinstance(loaded, SegmenterRecipe)
    assert loaded.fit.plan.patience >= loaded.fit.epochs
    assert not loaded.fit.plan.slows_on_plateau


def test_a_segmenter_whose_loss_is_not_finite_is_ended_at_once(tmp_path: Path, monkeypatch) -> None:
    loaded = load_any("lungs")
    assert isinstance(loaded, SegmenterRecipe)
    recipe = miniature_recipe(loaded)
    recipe = recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"dice_weight": float("nan")})})
    data = write_masked_miniature(tmp_path / "data").parent
    with pytest.raises(TrainingError, match="must stay finite"):
        fit_segmenter(recipe, data, tmp_path / "run", weights=RANDOM)
    assert not Checkpoint.read(tmp_path / "run" / "segmenter.state.npz").epoch
