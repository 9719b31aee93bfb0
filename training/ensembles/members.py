"""Finished models that are to become one: found, opened, and checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.domain import Float64Array, PreparationSpec
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import MODEL_FILE, SPEC_FILE, file_sha256, read_spec
from training.evaluation.subject import Subject, open_subject
from training.fitting.runs import RunFolder, RunRecord
from training.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One model of an ensemble.

    Attributes
    ----------
    subject : Subject
        Its labels, preparation and calibration.
    model_path : Path
    cam_layer : str
    sha256 : str
        Of the model's file.
    """

    subject: Subject
    model_path: Path
    cam_layer: str
    sha256: str

    def line(self, labels: Sequence[str]) -> tuple[Float64Array, Float64Array]:
        """Kernel and bias that make calibrated logits of its own, in the order of ``labels``."""
        own, calibration = self.subject.labels, self.subject.calibration
        kernel = np.zeros((len(own), len(labels)))
        for column, key in enumerate(labels):
            kernel[own.index(key), column] = calibration.slopes[key]
        return kernel, np.array([calibration.intercepts[key] for key in labels])

    def load(self) -> Any:
        """The Keras model; code inside the file is refused."""
        import keras

        return keras.saving.load_model(self.model_path, compile=False, safe_mode=True)


def find_member(name: str, runs: Path) -> Path:
    """The folder of a member: a path, or the finished run of a recipe of that name in ``runs``.

    Raises
    ------
    TrainingError
        When there is none, or several runs are of that recipe and none is called like it.
    """
    for folder in (Path(name), runs / name):
        if (folder / RunFolder(folder).record.name).is_file() or (folder / SPEC_FILE).is_file():
            return folder
    records = sorted(runs.glob("*/run.json"))
    found = [path.parent for path in records if RunRecord.read(path).recipe.id == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise TrainingError(
            f"`members`: {name!r} must be one run; in {runs} there are {', '.join(p.name for p in found)}.",
            remedy="Name the folder's path instead.",
        )
    raise TrainingError(
        f"`members`: {name!r} must be a run folder, a bundle, or a recipe with a finished run in {runs}.",
        remedy=f"Train it first: python -m training fit {name} --data ... --run-folder {runs / name}",
    )


def open_members(folders: Sequence[Path], data_root: Path | None = None) -> list[Member]:
    """Open runs and bundles; a run is calibrated on its own val films.

    Raises
    ------
    BundleError, TrainingError
        When one cannot be opened, or they cannot become one model.
    """
    if len(folders) < 2:
        raise TrainingError(f"An ensemble needs two or more members; received {len(folders)}.")
    members = [_open(folder, data_root) for folder in folders]
    check_agree([member.subject for member in members])
    return members


def check_agree(subjects: Sequence[Subject]) -> None:
    """Refuse models that do not answer the same question about the same film.

    The size of the film may differ, and so may the order of the labels.

    Raises
    ------
    TrainingError
    """
    first = subjects[0]
    for other in subjects[1:]:
        if sorted(other.labels) != sorted(first.labels):
            odd = sorted(set(other.labels) ^ set(first.labels))
            raise TrainingError(
                f"Members must have the same labels; {first.id} and {other.id} differ in {', '.join(odd)}."
            )
        if other.activation != first.activation:
            raise TrainingError(
                f"Members must all end in softmax or all in sigmoid; {first.id} ends in {first.activation}, "
                f"{other.id} in {other.activation}."
            )
        if _sizeless(other.preparation) != _sizeless(first.preparation):
            raise TrainingError(
                "Members must prepare films alike, but for the size; "
                f"{first.id} has {first.preparation}, {other.id} {other.preparation}."
            )


def joint_recipe(recipe: Recipe, members: Sequence[Member]) -> Recipe:
    """A recipe with its members' preparation, at the size of the largest.

    Raises
    ------
    TrainingError
        When the recipe names other labels or another activation.
    """
    subject = members[0].subject
    wanted = {*recipe.data.labels, *([recipe.data.any_label] if recipe.data.any_label else [])}
    if not set(subject.labels) <= wanted or recipe.network.activation != subject.activation:
        raise TrainingError(
            f"Recipe {recipe.id!r} must have its members' labels and activation; they have "
            f"{', '.join(subject.labels)} with {subject.activation}."
        )
    sizes = [member.subject.preparation for member in members]
    height, width = max(spec.height for spec in sizes), max(spec.width for spec in sizes)
    changes: dict[str, Any] = {"preparation": replace(subject.preparation, height=height, width=width)}
    names = [member.subject.id for member in members]
    if recipe.ensemble and len(set(names)) == len(names):
        # what is kept and shown is who they are, not where they lay
        changes["ensemble"] = recipe.ensemble.model_copy(update={"members": names})
    return recipe.model_copy(update=changes)


def _sizeless(spec: PreparationSpec) -> PreparationSpec:
    return replace(spec, height=0, width=0)


def _open(folder: Path, data_root: Path | None) -> Member:
    subject = open_subject(folder, data_root)
    if subject.kind == "run":
        run = RunFolder(folder)
        path, cam_layer = run.model, RunRecord.read(run.record).recipe.cam_layer
    else:
        path, cam_layer = folder / MODEL_FILE, read_spec(folder).cam_layer
    return Member(subject, path, cam_layer, file_sha256(path))
