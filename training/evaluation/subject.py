"""One interface over what can be measured: a finished run (Keras) and a bundle (as it is served)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cxr_dash.domain import Float32Array, Float64Array, PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import SPEC_FILE, Bundle, load_bundle
from cxr_dash.inference.calibration import apply_calibration
from cxr_dash.inference.runtime import Runtime
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from cxr_dash.inference.schema import BundleSpec, Calibration, OperatingPoint
from training.evaluation.batches import BATCH_FILMS, Forward, Scored, film_batches, score_batches
from training.evaluation.decisions import Decisions, decisions_of_run
from training.films.manifest import Film
from training.films.of_recipe import read_alike
from training.fitting.runs import RunFolder, RunRecord
from training.recipe import DataRecipe

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
    data : DataRecipe or None
        What its recipe reads and leaves out; None: every film, of the labels it answers for.
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
    data: DataRecipe | None = None

    def read(self, manifest: Path) -> list[Film]:
        """The films of a manifest, as the model's recipe reads them.

        Raises
        ------
        TrainingError
            As :func:`training.films.manifest.read_manifest`.
        """
        data = self.data or DataRecipe(
            manifest=manifest.name, labels=self.labels, negative_label=self.negative_label
        )
        return read_alike(data, manifest)

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
        data=data_of_bundle(spec),
    )


def data_of_bundle(spec: BundleSpec) -> DataRecipe:
    """What a bundle's recipe reads, of the entries that its version had."""
    made = spec.training.recipe
    names = ("labels", "negative_label", "auxiliary", "leave_out", "torn_patients", "other_films")
    data: dict[str, Any] = {name: made[f"data.{name}"] for name in names if f"data.{name}" in made}
    if data.get("other_films") != "leave_out":
        # a manifest of another hospital may say "none of them" where the recipe's own never did
        data["negative_label"] = NEGATIVE_LABEL
    any_label = ANY_LABEL if ANY_LABEL in spec.label_keys else None
    return DataRecipe.model_validate(
        {"manifest": "manifest.csv", "labels": spec.label_keys, "any_label": any_label} | data
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
        data=recipe.data,
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
