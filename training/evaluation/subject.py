"""One interface over what can be measured: a finished run (Keras) and a bundle (as it is served)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from cxr_dash.domain import Float32Array, Float64Array, PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import SPEC_FILE, Bundle, load_bundle
from cxr_dash.inference.calibration import apply_calibration
from cxr_dash.inference.runtime import Runtime
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from cxr_dash.inference.schema import Calibration, OperatingPoint
from training.evaluation.batches import BATCH_FILMS, Forward, Scored, film_batches, score_batches
from training.evaluation.decisions import Decisions, decisions_of_run
from training.films.manifest import Film, read_manifest
from training.films.of_recipe import columns_to_leave_out
from training.fitting.runs import RunFolder, RunRecord
from training.recipe.further import TornPatients

NEGATIVE_LABEL = "no_finding"
ANY_LABEL = "finding"


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model that can be measured, with all that turns a film into calibrated probabilities.

    Attributes
    ----------
    id : str
        Id of the bundle, or name of the run's folder.
    kind : {"run", "bundle"}
    folder : Path
    labels : list of str
        Keys, in the order of the logits.
    activation : {"sigmoid", "softmax"}
    preparation : PreparationSpec
    any_label : str or None
        Label that is true of a film with any finding, also one the model has no label for.
    negative_label : str or None
        Label of a manifest that means "none of them".
    calibration : Calibration
        Fitted on val; a run's own val split, never on what is measured.
    operating_points : list of OperatingPoint
        Chosen on val.
    default_point : str
    model_sha256 : str
        Of the file that answers.
    forward : callable
        Prepared films (n, H, W, 1), float32, 0-255, to logits (n, C), float64.
    leave_out : tuple of str
        Rows that its recipe leaves out, with their patients: ``column=value``.
    torn_patients : {"refuse", "leave_out", "train_gives_way"}
        What its recipe does with patients whose films are in several splits.
    """

    id: str
    kind: Literal["run", "bundle"]
    folder: Path
    labels: list[str]
    activation: Literal["sigmoid", "softmax"]
    preparation: PreparationSpec
    any_label: str | None
    negative_label: str | None
    calibration: Calibration
    operating_points: list[OperatingPoint]
    default_point: str
    model_sha256: str
    forward: Forward
    leave_out: tuple[str, ...] = ()
    torn_patients: TornPatients = "refuse"

    def read(self, manifest: Path) -> list[Film]:
        """The films of a manifest, as the model's recipe reads them.

        Raises
        ------
        TrainingError
            As :func:`training.films.manifest.read_manifest`.
        """
        return read_manifest(
            manifest,
            negative_label=self.negative_label,
            leave_out=columns_to_leave_out(self.leave_out),
            torn=self.torn_patients,
            own_labels=self.labels,
        )

    @property
    def thresholds(self) -> dict[str, float]:
        """The default operating point: a threshold on the calibrated probability by label."""
        return next(p for p in self.operating_points if p.key == self.default_point).thresholds

    def score(self, paths: Sequence[Path]) -> Scored:
        """Logits of film files, prepared as the app prepares them, with the file that each row is of.

        Raises
        ------
        TrainingError
            Naming the film that cannot be read.
        """
        return score_batches(self.forward, film_batches(paths, self.preparation), len(self.labels))

    def probabilities(self, logits: Float64Array) -> Float64Array:
        """Calibrated probabilities of logits, shape (n, C), 0-1."""
        return apply_calibration(logits, self.calibration, self.labels, self.activation)


def open_subject(folder: Path, data_root: Path | None = None) -> Subject:
    """Open a run folder or a bundle, whichever it is.

    Parameters
    ----------
    folder : Path
    data_root : Path, optional
        Where a run's films are now, if they moved: its val split is needed once, to calibrate.

    Raises
    ------
    BundleError, TrainingError
        When it is neither, is not finished, or does not match its own description.
    """
    if (folder / RunFolder(folder).record.name).is_file():
        return _open_run(folder, data_root)
    if (folder / SPEC_FILE).is_file() or not RunFolder(folder).model.is_file():
        return _open_bundle(load_bundle(folder))
    raise TrainingError(
        f"A run must be finished before it is measured; {folder} has a model but no run.json.",
        remedy="Finish it with `python -m training fit ... --resume`.",
    )


def runtime_of(bundle: Bundle) -> Runtime:
    """What serves a bundle: its compiled graph, or Keras where there is none."""
    if bundle.serving_path is not None:
        return LiteRtRuntime(bundle.serving_path)
    from cxr_dash.inference.runtime.keras_runtime import KerasRuntime

    return KerasRuntime(bundle.model_path, bundle.spec.cam_layer)


def _open_bundle(bundle: Bundle) -> Subject:
    spec, runtime = bundle.spec, runtime_of(bundle)
    made = spec.training.recipe
    # bundles of before have neither entry
    left_out = made.get("data.leave_out")

    def forward(films: Float32Array) -> Float64Array:
        return np.stack([runtime.run(film).logits for film in films]).astype(np.float64)

    return Subject(
        id=bundle.id,
        kind="bundle",
        folder=bundle.path,
        labels=spec.label_keys,
        activation=spec.activation,
        preparation=spec.preparation,
        any_label=ANY_LABEL if ANY_LABEL in spec.label_keys else None,
        negative_label=NEGATIVE_LABEL,
        calibration=spec.calibration,
        operating_points=spec.operating_points,
        default_point=spec.default_operating_point,
        model_sha256=bundle.serving_sha256,
        forward=forward,
        leave_out=tuple(map(str, left_out)) if isinstance(left_out, list) else (),
        torn_patients=cast("TornPatients", made.get("data.torn_patients", "refuse")),
    )


def _open_run(folder: Path, data_root: Path | None) -> Subject:
    run = RunFolder(folder)
    record = RunRecord.read(run.record)
    recipe = record.recipe
    forward = _keras_forward(run.model, len(record.labels))

    def score(paths: Sequence[Path]) -> Float64Array:
        return score_batches(forward, film_batches(paths, recipe.preparation), len(record.labels)).logits

    decisions: Decisions = decisions_of_run(run, record, score, data_root)
    return Subject(
        id=folder.resolve().name,
        kind="run",
        folder=folder,
        labels=record.labels,
        activation=recipe.network.activation,
        preparation=recipe.preparation,
        any_label=recipe.data.any_label,
        negative_label=recipe.data.negative_label,
        calibration=decisions.calibration,
        operating_points=decisions.operating_points,
        default_point=decisions.default_point,
        model_sha256=decisions.model_sha256,
        forward=forward,
        leave_out=tuple(recipe.data.leave_out),
        torn_patients=recipe.data.torn_patients,
    )


def _keras_forward(path: Path, labels: int) -> Forward:
    """A saved Keras model up to its logits, always called with one batch size: a new one costs seconds."""
    import keras

    if not path.is_file():
        raise TrainingError(
            f"A run folder must hold {path.name}; {path.parent} has none.", remedy="Train it again."
        )
    whole: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
    model = keras.Model(whole.inputs, whole.get_layer("logits").output)
    if model.output.shape[-1] != labels:
        raise TrainingError(
            f"{path} must have {labels} logits, one for each label; received {model.output.shape[-1]}."
        )

    def forward(films: Float32Array) -> Float64Array:
        rows = []
        for start in range(0, len(films), BATCH_FILMS):
            part = films[start : start + BATCH_FILMS]
            full = np.concatenate([part, np.repeat(part[-1:], BATCH_FILMS - len(part), axis=0)])
            rows.append(np.asarray(model.predict_on_batch(full))[: len(part)])
        return np.concatenate(rows).astype(np.float64)

    return forward
