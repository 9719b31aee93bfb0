"""Training of a segmenter: one phase, all films in memory, the epoch with the best Dice on val kept."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.errors import TrainingError
from training.fitting.callbacks import Phase
from training.fitting.checkpoint import Checkpoint
from training.fitting.epoch_log import EpochLog
from training.fitting.optimizers import fine_tune_optimizer
from training.fitting.phases import run_phase
from training.fitting.runs import RunFolder, origin
from training.fitting.start import RANDOM, check_start, write_start
from training.recipe.segmenter import SegmenterRecipe
from training.segmentation.batches import training_batches
from training.segmentation.collections import of_split, read_collections, write_split
from training.segmentation.dice import dice, make_mask_loss
from training.segmentation.films import HEART, PreparedMasks, prepare_masks
from training.segmentation.network import LOGITS, build_segmenter
from training.writing import whole_file, write_text

logger = logging.getLogger(__name__)

SPLIT_FILE = "split.csv"
SCORE = "val_dice"


@dataclass(frozen=True, slots=True)
class SegmenterRecord:
    """What a run must remember to be exported later; ``films`` counts those of each split."""

    recipe: SegmenterRecipe
    films: dict[str, int]
    data_root: str
    weights: str
    commit: str
    date: str
    versions: dict[str, str]
    minutes: float
    epochs: int
    best_epoch: int
    val_dice: float
    parameters: int

    def write(self, path: Path) -> None:
        """Write the record as JSON, whole or not at all."""
        table = asdict(self) | {"recipe": self.recipe.model_dump(mode="json")}
        write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", path)

    @classmethod
    def read(cls, path: Path) -> SegmenterRecord:
        """Read a record.

        Raises
        ------
        TrainingError
            When the folder holds no finished run of a segmenter.
        """
        table = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if "val_dice" not in table:
            raise TrainingError(
                f"A run folder must hold {path.name} of a segmenter; {path.parent} has none.",
                remedy="Finish the run with `python -m training fit ... --resume`.",
            )
        return cls(**table | {"recipe": SegmenterRecipe.model_validate(table["recipe"])})


def fit_segmenter(
    recipe: SegmenterRecipe,
    data_root: Path,
    folder: Path,
    *,
    weights: str | None = None,
    resume: bool = False,
) -> SegmenterRecord:
    """Train a recipe and leave ``model.keras``, ``split.csv`` and ``run.json`` in ``folder``.

    Parameters
    ----------
    recipe : SegmenterRecipe
    data_root : Path
        Folder that the manifests of ``data`` are relative to.
    folder : Path
        The run's own folder.
    weights : str or None
        As for :func:`training.segmentation.network.build_segmenter`; ``"none"`` too is for random ones.
    resume : bool
        Go on from the last finished epoch of an interrupted run.

    Raises
    ------
    TrainingError
        When data, weights or recipe cannot be used, the folder holds another run, or the loss is not finite.
    """
    import keras

    run = RunFolder(folder)
    weights = None if weights == RANDOM else weights
    check_start(run, recipe, weights, resume=resume)
    keras.utils.set_random_seed(recipe.seed)
    films = read_collections(data_root, recipe.data, recipe.seed)
    counts = {split: len(of_split(films, split)) for split in ("train", "val", "test")}
    if not all(counts.values()):
        raise TrainingError(f"Every split must have films; received {counts}.")
    size = {"height": recipe.preparation.height, "width": recipe.preparation.width}
    model = build_segmenter(recipe.network, **size, weights=weights)
    write_start(run, recipe, weights)
    write_split(films, run.path / SPLIT_FILE)
    logger.info("%s films, %d weights", counts, model.count_params())
    structures = recipe.network.structures
    train, val = (
        prepare_masks(of_split(films, split), recipe.preparation, structures) for split in ("train", "val")
    )
    if HEART in structures:
        train = train.repeated(structures.index(HEART), recipe.fit.heart_repeats)
    phase = _phase(recipe, run)
    best, score = _train(model, recipe, phase, train, val)
    with whole_file(run.model) as partial:
        model.save(partial)
    record = SegmenterRecord(
        recipe=recipe,
        films=counts,
        data_root=str(data_root),
        weights=Path(weights).name if weights else "",
        minutes=round(sum(phase.log.values("seconds").values()) / 60, 1),
        epochs=Checkpoint.read(phase.state).epoch,
        best_epoch=best,
        val_dice=round(score, 5),
        parameters=model.count_params(),
        **origin(),
    )
    record.write(run.record)
    return record


def val_dice(model: Any, films: PreparedMasks, batch_size: int) -> tuple[float, ...]:
    """Mean Dice of each structure over the films on which it was drawn.

    On the network's own grid, at probability 0.5, ignored pixels left out.
    """
    scores: list[list[float]] = [[] for _ in range(films.masks.shape[-1])]
    for start in range(0, len(films.pixels), batch_size):
        rows = slice(start, start + batch_size)
        found = model.predict_on_batch(films.pixels[rows].astype(np.float32)) >= 0.5
        for answer, masks, ignored in zip(found, films.masks[rows], films.ignored[rows], strict=True):
            for channel, values in enumerate(scores):
                if masks[..., channel].any():
                    planes = (answer[..., channel], masks[..., channel] > 0, ignored[..., channel] > 0)
                    values.append(dice(*planes))
    return tuple(float(np.mean(values)) if values else 1.0 for values in scores)


def _phase(recipe: SegmenterRecipe, run: RunFolder) -> Phase:
    """The one phase; each structure's Dice has a column of its own."""
    columns = ("epoch", "phase", "loss", SCORE, *map(_column, recipe.network.structures))
    return Phase(
        # the second one of a classifier, whose running mean of weights it has
        name="fine_tune",
        epochs=recipe.fit.epochs,
        monitor=SCORE,
        log=EpochLog(run.log, (*columns, "learning_rate", "seconds")),
        weights=run.best_weights,
        state=run.path / "segmenter.state.npz",
    )


def _column(structure: str) -> str:
    return f"{SCORE}_{structure}"


def _train(
    model: Any, recipe: SegmenterRecipe, phase: Phase, train: PreparedMasks, val: PreparedMasks
) -> tuple[int, float]:
    """Train from the last checkpoint to the end, and read the kept weights back."""
    import keras

    fit = recipe.fit
    trained = keras.Model(model.input, model.get_layer(LOGITS).output)
    steps = -(-len(train.pixels) // fit.batch_size)
    trained.compile(fine_tune_optimizer(fit.plan, steps), make_mask_loss(fit.dice_weight))

    def score() -> dict[str, float]:
        each = val_dice(model, val, fit.batch_size)
        named = {_column(name): value for name, value in zip(recipe.network.structures, each, strict=True)}
        return {SCORE: float(np.mean(each)), **named}

    best = run_phase(
        trained,
        model,
        fit.plan,
        phase,
        batches=lambda first: training_batches(train, recipe, first),
        score=score,
    )
    return best, score()[SCORE]
