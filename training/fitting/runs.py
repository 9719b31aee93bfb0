"""Where one training run keeps its files, and what it remembers about itself."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from cxr_dash.errors import TrainingError
from training.recipe import Recipe


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
    def best_weights(self) -> Path:
        """Weights of the best epoch of the second phase so far."""
        return self.path / "best.weights.h5"

    @property
    def head_weights(self) -> Path:
        """Weights after the first phase."""
        return self.path / "head.weights.h5"

    @property
    def backup(self) -> Path:
        """State of the last finished epoch, optimizer included, for ``--resume``."""
        return self.path / "backup"

    @property
    def log(self) -> Path:
        """One line an epoch."""
        return self.path / "log.csv"

    @property
    def cache(self) -> Path:
        """Features; may be deleted when the run is finished."""
        return self.path / "features"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run must remember to be exported later.

    ``left_out`` maps a label to its positive train and val films, too few of them by the recipe's rule.
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

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        table = asdict(self) | {"recipe": self.recipe.model_dump(mode="json")}
        path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """Read a record.

        Raises
        ------
        TrainingError
            When the folder holds no finished run.
        """
        if not path.is_file():
            raise TrainingError(
                f"A run folder must hold {path.name}; {path.parent} has none.",
                remedy="Finish the run with `python -m training fit ... --resume`.",
            )
        table = json.loads(path.read_text(encoding="utf-8"))
        table["recipe"] = Recipe.model_validate(table["recipe"])
        table["left_out"] = {key: tuple(counts) for key, counts in table["left_out"].items()}
        return cls(**table)


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
    names = ("keras", "tensorflow", "tensorflow-cpu", "ai-edge-litert", "numpy", "opencv-python-headless")
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def today() -> str:
    """UTC date, ISO 8601."""
    return datetime.now(tz=UTC).date().isoformat()
