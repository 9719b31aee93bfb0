"""Where one training run keeps its files, and what it remembers about itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from cxr_dash.errors import TrainingError
from training.backend import current_backend
from training.fitting.callbacks import Phase
from training.fitting.epoch_log import EpochLog
from training.recipe import Recipe
from training.recipe.segmenter import SEGMENTER
from training.writing import write_text


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths inside one run's folder."""

    path: Path

    @property
    def record(self) -> Path:
        """What the run is: recipe, labels, versions; then how long it took."""
        return self.path / "run.json"

    @property
    def model(self) -> Path:
        """The trained model, best weights."""
        return self.path / "model.keras"

    @property
    def start(self) -> Path:
        """What the run was begun with; it is resumed with nothing else."""
        return self.path / "start.json"

    @property
    def best_weights(self) -> Path:
        """Weights of the second phase that are kept so far."""
        return self.path / "best.weights.h5"

    @property
    def head_weights(self) -> Path:
        """Weights of the head that are kept so far."""
        return self.path / "head.weights.h5"

    @property
    def log(self) -> Path:
        """One line for each epoch of the second phase, a CSV file with these columns.

        - ``epoch``: from 0, in its own phase;
        - ``phase``: ``fine_tune`` (``head`` in :attr:`head_log`);
        - ``loss``, ``val_loss``: with film weights, label smoothing and L2;
        - ``accuracy``, ``val_accuracy``, 0-1, films not weighed: softmax: films whose largest logit is the
          true class; sigmoid: the mean over films and labels of answers on the right side of 0.5;
        - ``val_macro_auroc``: what the epoch's weights (their running mean, with ``ema_momentum``) reach;
        - ``val_recall``, 0-1: mean over labels of the share of their films that are found, at probability 0.5
          (softmax: the most probable class); empty where films are drawn as views;
        - ``learning_rate``: at the epoch's end;
        - ``seconds``: of the epoch, measuring included.

        ``accuracy`` and ``loss`` are the mean over the epoch, while weights change and dropout is on. Logs of
        earlier versions have no ``phase``, ``accuracy``, ``val_accuracy`` and ``seconds``, later ones no
        ``val_recall``.
        """
        return self.path / "log.csv"

    @property
    def head_log(self) -> Path:
        """The same columns for each epoch of the first phase; ``phase`` is ``head``."""
        return self.path / "head_log.csv"

    @property
    def events(self) -> Path:
        """TensorBoard's folder; only where it was asked for."""
        return self.path / "tensorboard"

    @property
    def prepared(self) -> Path:
        """Prepared films and pooled features, shared by all runs side by side."""
        return self.path.parent / "prepared"

    def phases(
        self,
        recipe: Recipe,
        *,
        tensorboard: bool = False,
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> dict[str, Phase]:
        """The phases of a recipe by name, ``head`` and ``fine_tune``, without those of no epochs."""
        plan = recipe.fit
        kinds = {
            "head": (plan.head_epochs, plan.head_monitor, self.head_log, self.head_weights),
            "fine_tune": (
                min(plan.fine_tune_epochs, plan.stop_after or plan.fine_tune_epochs),
                plan.monitor,
                self.log,
                self.best_weights,
            ),
        }
        last = "fine_tune" if plan.fine_tune_epochs else "head"
        return {
            name: Phase(
                name=name,
                epochs=epochs,
                monitor=monitor,
                log=EpochLog(log),
                weights=weights,
                state=self.path / f"{name}.state.npz",
                events=self.events if tensorboard else None,
                on_epoch=on_epoch if name == last else None,
            )
            for name, (epochs, monitor, log, weights) in kinds.items()
            if epochs
        }

    def history(self) -> dict[str, Any]:
        """What the logs say, as entries of :class:`RunRecord`."""
        head, tuned = EpochLog(self.head_log), EpochLog(self.log)
        last = tuned if tuned.rows() else head
        return {
            "epochs": len(head.rows()) + len(tuned.rows()),
            "head_epochs": len(head.rows()),
            "seconds": round(sum(sum(log.values("seconds").values()) for log in (head, tuned)), 1),
            "best_val_loss": min(last.values("val_loss").values(), default=None),
            "best_val_accuracy": max(last.values("val_accuracy").values(), default=None),
        }

    @property
    def learning_curve(self) -> Path:
        """How much more films help, where ``learning-curve`` measured it; an export puts it on the card."""
        return self.path / "learning-curve.json"

    @property
    def cache(self) -> Path:
        """Features; may be deleted when the run is finished."""
        return self.path / "features"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run must remember to be exported later.

    ``left_out`` maps a label to its positive train and val films, too few of them by the recipe's rule.
    ``minutes`` is the wall time of the command that finished the run; ``seconds`` that of all epochs of both
    phases, whichever command trained them. ``epochs`` counts the epochs of both phases, ``head_epochs``
    those of the first. ``best_val_loss`` and ``best_val_accuracy`` are the best of any epoch of the last
    phase that ran. Records of earlier versions have none of these: 0 or None.
    """

    recipe: Recipe
    labels: list[str]
    left_out: dict[str, tuple[int, int]]
    train_films: int
    data_root: str
    weights: str
    commit: str
    date: str
    versions: dict[str, str]
    minutes: float
    best_epoch: int
    val_macro_auroc: float
    parameters: int = 0
    trainable_parameters: int = 0
    epochs: int = 0
    head_epochs: int = 0
    seconds: float = 0.0
    best_val_loss: float | None = None
    best_val_accuracy: float | None = None

    @property
    def kept(self) -> str:
        """Whose weights the model has, in words."""
        tuned = bool(self.recipe.fit.fine_tune_epochs)
        if self.best_epoch:
            return f"epoch {self.best_epoch} of {'fine-tuning' if tuned else 'the head'}"
        if self.recipe.ensemble:
            return "its members'"
        return "the head alone: nothing beat it" if tuned else "the head; the backbone was not trained"

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        table = asdict(self) | {"recipe": self.recipe.model_dump(mode="json")}
        write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", path)

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """Read a record.

        Raises
        ------
        TrainingError
            When the folder holds no finished run, or one of a segmenter.
        """
        if not path.is_file():
            raise TrainingError(
                f"A run folder must hold {path.name}; {path.parent} has none.",
                remedy="Finish the run with `python -m training fit ... --resume`.",
            )
        table = json.loads(path.read_text(encoding="utf-8"))
        if table["recipe"].get("kind") == SEGMENTER:
            raise TrainingError(
                f"The run must be of a classifier here; {path.parent} is of a {SEGMENTER}.",
                remedy="`export` takes it, and its card says how well it does.",
            )
        table["recipe"] = Recipe.model_validate(table["recipe"])
        table["left_out"] = {key: tuple(counts) for key, counts in table["left_out"].items()}
        return cls(**table)


def is_segmenter_run(folder: Path) -> bool:
    """Whether a folder holds a finished run of a segmenter."""
    record = RunFolder(folder).record
    if not record.is_file():
        return False
    table = json.loads(record.read_text(encoding="utf-8"))
    return bool(table.get("recipe", {}).get("kind") == SEGMENTER)


def origin() -> dict[str, Any]:
    """What the code was and when it ran, as entries of :class:`RunRecord`."""
    return {"commit": current_commit(), "date": today(), "versions": library_versions()}


def current_commit() -> str:
    """The commit the code is at, with ``+`` when files differ from it; ``unknown`` outside a repository."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).resolve().parents[1]), *arguments]
    # fixed arguments, no shell
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def library_versions() -> dict[str, str]:
    """Versions of what decides about the numbers."""
    backend = current_backend() or "tensorflow"
    names = ["keras", "tensorflow", "tensorflow-cpu", "ai-edge-litert", "numpy", "opencv-python-headless"]
    # TensorFlow is there in any case: it feeds the films
    found = {"backend": backend}
    for name in names if backend == "tensorflow" else [*names, backend]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def today() -> str:
    """UTC date, ISO 8601."""
    return datetime.now(tz=UTC).date().isoformat()
