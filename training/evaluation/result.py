"""What an evaluation leaves behind: ``evaluation-<split>.json``, with ``scores-<split>.npz`` beside it.

The JSON holds all that a report draws, so that no model and no film is needed to draw it again. Its keys
``split``, ``films``, ``patients``, ``description``, ``macro``, ``labels`` and ``subgroups`` are those of
:class:`cxr_dash.inference.schema.SplitMetrics`; the others are new.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cxr_dash.domain import LocalisedText
from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_figures import Worded
from training.writing import write_json


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LabelFigures(_Frozen):
    """One label as a yes/no question; a figure that does not exist (0 / 0) is None.

    ``threshold`` is the default operating point's, or None where the most probable class decides (softmax).
    """

    positives: int
    negatives: int
    threshold: float | None
    accuracy: Interval | None
    balanced_accuracy: Interval | None
    sensitivity: Interval | None
    specificity: Interval | None
    precision: Interval | None
    f1: Interval | None
    auroc: Interval | None
    auprc: Interval | None
    brier: Interval | None
    ece: Interval | None


class Confusion(_Frozen):
    """Counts of films: a row for each true class, a column for each called one.

    With softmax there is one, over all classes; with sigmoid one per label: ``names`` are then
    ``("not <label>", "<label>")``, and ``counts`` are ``[[TN, FP], [FN, TP]]``.
    """

    title: str
    names: list[str]
    counts: list[list[int]]


class Curve(_Frozen):
    """Points of a curve, from left to right; ``thresholds`` runs along, None where no threshold exists.

    ROC: x is 1 - specificity, y is sensitivity. Precision-recall: x is recall, y is precision.
    """

    x: list[float]
    y: list[float]
    thresholds: list[float | None]


class Reliability(_Frozen):
    """Ten bins of equal width, empty ones left out: mean probability, observed share, films in each."""

    probability: list[float]
    observed: list[float]
    films: list[int]


class LabelCurves(_Frozen):
    """The curves of one label."""

    roc: Curve
    precision_recall: Curve
    reliability: Reliability


class ThresholdRow(_Frozen):
    """What one threshold costs: films of ``label`` missed and called in error, and as shares.

    ``name`` is ``0.5``, ``0.4``, ``0.2`` or the key of an operating point. ``miss_rate`` is a share of the
    positive films, ``false_alarm_rate`` of the negative ones.
    """

    label: str
    name: str
    threshold: float
    false_negatives: int
    positives: int
    miss_rate: float | None
    false_positives: int
    negatives: int
    false_alarm_rate: float | None


class ExtremeRow(_Frozen):
    """The ``films`` most (or least) suspicious films of a label: how many of them are (are not) positive.

    ``accuracy`` has Wilson's interval.
    """

    label: str
    end: Literal["most", "least"]
    films: int
    right: int
    accuracy: Interval


class Evaluation(Worded):
    """Everything measured of one model on one split.

    Attributes
    ----------
    subject : str
        Id of the bundle, or name of the run's folder.
    kind : {"run", "bundle"}
    split, description, manifest_sha256 : str
        Which films.
    films : int
    patients : int or None
        None where patients are unknown.
    label_keys : list of str
        All labels, in the order of the logits; those without films of both kinds are missing in ``labels``.
    activation : {"sigmoid", "softmax"}
    decision : str
        In words: what calls a film positive in accuracy, sensitivity, specificity, precision, F1,
        ``confusion`` and ``classification_report``.
    calibrated_on, model_sha256 : str
    macro : dict
        Averages over labels by name. With softmax ``accuracy`` is the share of films whose most probable
        class is right, ``balanced_accuracy`` its mean over true classes. ``log_loss`` is the mean
        cross-entropy of calibrated probabilities.
    labels : dict
    classification_report : str
        scikit-learn's text.
    confusion : list of Confusion
    curves : dict
        By label.
    thresholds : list of ThresholdRow
    extremes : list of ExtremeRow
    subgroups : dict
        ``"sex=F"``, ``"age=18-39"``, ``"view=PA"``, ``"source=..."`` to figures by name (``films``,
        ``auroc``, ...).
    """

    schema_version: Literal[1] = 1
    subject: str
    kind: Literal["run", "bundle"]
    split: str
    description: LocalisedText
    manifest_sha256: str
    films: int
    patients: int | None
    label_keys: list[str]
    activation: Literal["sigmoid", "softmax"]
    decision: str
    calibrated_on: str
    model_sha256: str
    macro: dict[str, Interval]
    labels: dict[str, LabelFigures]
    classification_report: str
    confusion: list[Confusion]
    curves: dict[str, LabelCurves]
    thresholds: list[ThresholdRow]
    extremes: list[ExtremeRow]
    subgroups: dict[str, dict[str, Interval]] = Field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the JSON file."""
        write_json(self.model_dump(mode="json"), path)

    @classmethod
    def read(cls, path: Path) -> Evaluation:
        """Read what :meth:`write` wrote.

        Raises
        ------
        TrainingError
            When there is no such file, or it was written by another version.
        """
        if not path.is_file():
            raise TrainingError(
                f"An evaluation must be a JSON file; there is none at {path}.",
                remedy="Make it with `python -m training evaluate`.",
            )
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise TrainingError(
                f"{path} must be an evaluation; received {error.error_count()} entries that do not fit, "
                f"the first at {'.'.join(map(str, error.errors()[0]['loc']))}.",
                remedy="Make it again with `python -m training evaluate`.",
            ) from error


def evaluation_file(folder: Path, split: str) -> Path:
    """Where the figures of a split lie inside a run folder."""
    return folder / f"evaluation-{split}.json"


def scores_file(evaluation: Path) -> Path:
    """Where the scores of an evaluation lie: ``scores-test.npz`` beside ``evaluation-test.json``."""
    stem = evaluation.stem
    found = stem.removeprefix("evaluation")
    return evaluation.with_name(f"{stem}-scores.npz" if found == stem else f"scores{found}.npz")
