"""Which films a run or a bundle is looked at with."""

from __future__ import annotations

from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from training.evaluation.saved import own_manifest
from training.fitting.runs import RunFolder


def manifest_of(folder: Path, manifest: Path | None, data_root: Path | None) -> Path:
    """The films to look at: those given, a run's own, or those that a bundle's recipe names below a folder.

    Raises
    ------
    TrainingError
        When a bundle is given with neither.
    """
    if manifest is not None:
        return manifest
    if RunFolder(folder).record.is_file() or data_root is None:
        return own_manifest(folder, data_root)
    name = load_bundle(folder).spec.training.recipe.get("data.manifest")
    if not name:
        raise TrainingError(
            f"`manifest` must be given: {folder.name} does not say what it was trained on.",
            remedy="Pass --manifest.",
        )
    return data_root / str(name)
