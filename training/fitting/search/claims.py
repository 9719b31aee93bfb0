"""The desk where processes take trials: one at a time, no recipe twice, what a killed process left first."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from cxr_dash.errors import TrainingError
from training.fitting.search.journal import open_journal
from training.fitting.search.locks import Hold
from training.fitting.search.space import Dimension
from training.recipe import Recipe

logger = logging.getLogger(__name__)

_ATTEMPTS = 50
_IDENTITY, _RUN, _REASON, _REPEATED = "identity", "run", "reason", "repeated"


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A trial that this process has taken, and holds until it is done.

    Attributes
    ----------
    trial : optuna.trial.FrozenTrial
        As it was when taken; of one gone on with, with the scores it had reported.
    live : optuna.trial.Trial
    values : dict
        Drawn values as they would stand in TOML.
    recipe : Recipe
    folder : Path
        The run's folder.
    hold : Hold
    """

    trial: Any
    live: Any
    values: dict[str, str]
    recipe: Recipe
    folder: Path
    hold: Hold

    def report(self, epoch: int, score: float) -> None:
        """Write an epoch's score into the journal."""
        self.live.report(score, step=epoch)

    def should_prune(self) -> bool:
        """Whether it is worse than others were at this epoch."""
        return bool(self.live.should_prune())


@dataclass(slots=True, eq=False)
class Desk:
    """One search's journal; :meth:`open` and :meth:`take` only while :attr:`lock` is held."""

    storage: Path
    folder: Path
    name: str
    sampler: Literal["tpe", "random", "grid"]
    pruner: Literal["median", "none"]
    seed: int
    recipe_of: Callable[[Mapping[str, str]], Recipe]
    space: tuple[Dimension, ...]
    _study: Any = field(default=None, init=False)

    @property
    def lock(self) -> Path:
        """Held by the process that is taking a trial."""
        return self.storage.with_name(self.storage.name + ".desk")

    def open(self, identity: str, grid: Sequence[Mapping[str, Any]]) -> None:
        """Open the journal, or start one and, for a grid, put all its trials in.

        Parameters
        ----------
        identity : str
            Of this search; a new journal keeps it.
        grid : sequence of mapping
            All trials of a grid; empty where values are drawn.

        Raises
        ------
        TrainingError
            When the journal belongs to another search, or cannot be read.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        pruners = {
            # the first five trials and two epochs tell what is usual
            "median": optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
            "none": optuna.pruners.NopPruner(),
        }
        self._study = optuna.create_study(
            study_name="search",
            storage=open_journal(self.storage),
            pruner=pruners[self.pruner],
            direction="maximize",
            load_if_exists=True,
        )
        found = self._study.user_attrs.get(_IDENTITY)
        if found is None:
            for values in grid:
                self._study.enqueue_trial(dict(values))
            self._study.set_user_attr(_IDENTITY, identity)
        elif not same_search(found, identity):
            raise TrainingError(
                f"`--storage` must belong to this search; {self.storage} has another recipe, "
                "space or weights.",
                remedy="Name another file.",
            )

    def take(self, limit: int) -> Claim | None:
        """The next trial to work on, or None when there are as many as wanted, or nothing new is left."""
        left = self._left_behind()
        if left is not None:
            logger.info("trial %d: gone on with, its process is gone", left.trial.number)
            return left
        for attempt in range(_ATTEMPTS):
            if len(self.trials()) >= limit:
                return None
            if self.sampler == "grid" and not self._found("WAITING"):
                return None
            claim = self._drawn(attempt)
            if claim is not None:
                return claim
        return None

    def tell(
        self,
        claim: Claim,
        state: Literal["complete", "pruned", "fail"],
        score: float | None = None,
        reason: str = "",
    ) -> None:
        """Write down how a trial ended."""
        from optuna.trial import TrialState

        if reason:
            claim.live.set_user_attr(_REASON, reason)
        self._study.tell(claim.trial.number, score, state=TrialState[state.upper()])

    def trials(self) -> list[Any]:
        """Every trial that counts, in the order they were taken."""
        found = self._found("COMPLETE", "PRUNED", "FAIL", "RUNNING")
        return [trial for trial in found if _RUN in trial.user_attrs and _REPEATED not in trial.user_attrs]

    def texts(self, trial: Any) -> dict[str, str]:
        """A trial's values as they would stand in TOML."""
        return {d.entry: d.text(trial.params[d.entry]) for d in self.space}

    def last_reason(self) -> str:
        """Why the last failed trial failed."""
        return str([trial.user_attrs.get(_REASON, "") for trial in self.trials()][-1])

    def _found(self, *states: str) -> list[Any]:
        from optuna.trial import TrialState

        wanted = tuple(TrialState[state] for state in states)
        return list(self._study.get_trials(deepcopy=False, states=wanted))

    def _hold(self, run: str) -> Hold | None:
        return Hold.attempt(self.folder / f".{run}.lock")

    def _left_behind(self) -> Claim | None:
        """A trial in work that no living process holds."""
        import optuna

        for trial in self._found("RUNNING"):
            if _RUN not in trial.user_attrs:
                # killed while it was drawn: only now can nobody else be at it
                self._set_aside(optuna.trial.Trial(self._study, trial._trial_id))
                continue
            hold = self._hold(trial.user_attrs[_RUN])
            if hold is not None:
                return self._claim(trial, optuna.trial.Trial(self._study, trial._trial_id), hold)
        return None

    def _drawn(self, attempt: int) -> Claim | None:
        """A new trial, or None when the drawn recipe was tried before."""
        import optuna

        # another seed for each trial: processes that share a search would otherwise all draw the same
        seed = self.seed + len(self._study.get_trials(deepcopy=False))
        samplers = optuna.samplers
        # drawn again at random when TPE insists on what was tried
        informed = self.sampler == "tpe" and attempt == 0
        self._study.sampler = samplers.TPESampler(seed=seed) if informed else samplers.RandomSampler(seed)
        live = self._study.ask({d.entry: d.distribution() for d in self.space})
        trial = self._study.trials[live.number]
        try:
            run = run_name(self.recipe_of(self.texts(trial)))
        except TrainingError as error:
            # values that do not go together; each alone was checked before
            live.set_user_attr(_RUN, f"none-{live.number}")
            live.set_user_attr(_REASON, str(error))
            self._study.tell(live, state=optuna.trial.TrialState.FAIL)
            return None
        hold = None if run in {other.user_attrs[_RUN] for other in self.trials()} else self._hold(run)
        if hold is None:
            self._set_aside(live)
            return None
        live.set_user_attr(_RUN, run)
        return self._claim(trial, live, hold)

    def _claim(self, trial: Any, live: Any, hold: Hold) -> Claim:
        values = self.texts(trial)
        recipe = self.recipe_of(values)
        return Claim(trial, live, values, recipe, self.folder / run_name(recipe), hold)

    def _set_aside(self, live: Any) -> None:
        """Take a trial out of the count."""
        import optuna

        live.set_user_attr(_REPEATED, True)
        self._study.tell(live, state=optuna.trial.TrialState.FAIL)


def same_search(one: str, other: str) -> bool:
    """Whether two identities (:meth:`SearchPlan.identity`) are of one search.

    Either may have been written before entries were added to recipes: it has their defaults. Texts of the
    recipe may be others, they decide about no weight.
    """

    def read(identity: str) -> tuple[object, object]:
        entries = json.loads(identity)
        return Recipe.model_validate(entries.pop("recipe")).flat(), entries

    try:
        return read(one) == read(other)
    except ValidationError:  # of a version whose recipes had other entries
        return False


def run_name(recipe: Recipe) -> str:
    """Name of a recipe's run: of its content, so that another order of the entries finds the same run."""
    return f"{recipe.id}-{hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:10]}"
