"""A search that several processes or machines share through one file; a killed trial is taken up again.

Optuna draws the values, prunes and keeps the journal. What it leaves open is done here: who trains which
trial is decided under a lock, so that no recipe is trained twice and the number of trials is exact, and every
trial in work is locked by its process, so that a trial whose process was killed is found and gone on with.
Why no heartbeat does this: ``docs/adr/0011``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from cxr_dash.errors import TrainingError
from training.fitting.runs import RunFolder, RunRecord
from training.fitting.search.claims import Claim, Desk
from training.fitting.search.locks import locked
from training.fitting.search.space import Dimension, check_space, combinations
from training.recipe import Recipe, load_recipe

logger = logging.getLogger(__name__)

OnEpoch = Callable[[int, float], None]
Train = Callable[[Recipe, Path, OnEpoch], float]
"""Trains a recipe in a run folder, tells each epoch's score on val, gives back the best one."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is searched, and how.

    Attributes
    ----------
    recipe : str
    fixed : mapping
        Entries that differ from the recipe in every trial.
    space : tuple of Dimension
    trials : int
        How many recipes are tried in all, by all processes together; a grid ends earlier by itself.
    sampler : {"tpe", "random", "grid"}
    pruner : {"median", "none"}
        ``median`` gives up a trial that is worse at an epoch than the median of the earlier trials.
    folder : Path
        One run folder per trial is kept here.
    storage : Path
        The journal; processes that name the same file share the search.
    weights : str or None
    """

    recipe: str
    fixed: Mapping[str, str]
    space: tuple[Dimension, ...]
    trials: int
    folder: Path
    storage: Path
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    pruner: Literal["median", "none"] = "median"
    weights: str | None = None

    def loaded(self, values: Mapping[str, str]) -> Recipe:
        """The recipe of one trial."""
        return load_recipe(self.recipe, {**self.fixed, **values})

    def named_by_content(self, folder: Path) -> SearchPlan:
        """The same with a journal of its own in a folder, which the same plan finds again."""
        digest = hashlib.sha256(self.identity().encode()).hexdigest()[:10]
        return replace(self, storage=folder / f"grid-{digest}.log")

    def identity(self) -> str:
        """What must be equal for two processes to share a search."""
        base = load_recipe(self.recipe, self.fixed).model_dump(mode="json")
        space = [[d.entry, d.kind, *d.choices, d.low, d.high] for d in self.space]
        return json.dumps({"recipe": base, "space": space, "weights": Path(self.weights or "").name})


@dataclass(frozen=True, slots=True)
class Trial:
    """One tried recipe.

    Attributes
    ----------
    number : int
    state : {"complete", "pruned", "fail", "running"}
    score : float or None
        Macro AUROC on val: the best epoch's, of a pruned trial the last one's.
    values : dict
    folder : Path
    """

    number: int
    state: str
    score: float | None
    values: dict[str, str]
    folder: Path


def run_study(plan: SearchPlan, train: Train) -> list[Trial]:
    """Take part in a search until it has all its trials, including those other processes left unfinished.

    Parameters
    ----------
    plan : SearchPlan
    train : callable

    Returns
    -------
    list of Trial
        Complete ones, best first, then pruned, failed and running ones. The best of many tries is
        optimistic on val: measure it once on test.

    Raises
    ------
    TrainingError
        When the space cannot be used, the file belongs to another search, or every trial failed.
    """
    check_space(plan.recipe, plan.fixed, plan.space)
    desk = Desk(
        storage=plan.storage,
        folder=plan.folder,
        name=load_recipe(plan.recipe, plan.fixed).id,
        sampler=plan.sampler,
        pruner=plan.pruner,
        seed=load_recipe(plan.recipe, plan.fixed).seed,
        recipe_of=plan.loaded,
        space=plan.space,
    )
    with locked(desk.lock):
        desk.open(plan.identity(), list(combinations(plan.space)) if plan.sampler == "grid" else [])
    while True:
        with locked(desk.lock):
            claim = desk.take(plan.trials)
        if claim is None:
            break
        try:
            _carry_out(claim, desk, train)
        finally:
            claim.hold.release()
    return _ranked(desk)


def _carry_out(claim: Claim, desk: Desk, train: Train) -> None:
    """Train one trial and write down how it ended."""
    import optuna

    seen = set(claim.trial.intermediate_values)

    def on_epoch(epoch: int, score: float) -> None:
        if epoch not in seen:
            claim.report(epoch, score)
        if claim.should_prune():
            raise optuna.TrialPruned

    run = RunFolder(claim.folder)
    logger.info("trial %d: %s", claim.trial.number, claim.values)
    try:
        # a run that an earlier search, or a process killed just before it could tell, has finished
        score = (
            RunRecord.read(run.record).val_macro_auroc
            if run.record.is_file()
            else train(claim.recipe, claim.folder, on_epoch)
        )
    except optuna.TrialPruned:
        desk.tell(claim, "pruned")
        logger.info("trial %d: given up, worse than the median", claim.trial.number)
    except TrainingError as error:
        # such as a learning rate at which the loss is not finite: other values may do
        desk.tell(claim, "fail", reason=str(error))
        logger.warning("trial %d: %s", claim.trial.number, error)
    else:
        desk.tell(claim, "complete", score)
        logger.info("trial %d: val macro AUROC %.4f", claim.trial.number, score)
    # features take far more room than all else, and pooled ones are kept elsewhere
    shutil.rmtree(run.cache, ignore_errors=True)


def _ranked(desk: Desk) -> list[Trial]:
    rows = [_row(found, desk) for found in desk.trials()]
    complete = [row for row in rows if row.state == "complete"]
    if not complete and rows and all(row.state == "fail" for row in rows):
        raise TrainingError(f"One trial at least must succeed; the last failed with: {desk.last_reason()}")
    order = {"complete": 0, "pruned": 1, "running": 2, "fail": 3}
    return sorted(rows, key=lambda row: (order[row.state], -(row.score or 0.0), row.number))


def _row(found: Any, desk: Desk) -> Trial:
    values = desk.texts(found)
    folder = desk.folder / str(found.user_attrs["run"])
    return Trial(found.number, found.state.name.lower(), found.value, values, folder)
