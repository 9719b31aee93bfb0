"""A bundle moved to another version of the preparation: only where it answers no worse, and measured again.

The weights, the calibration and the thresholds stay; the films come to the model a little differently. The
held-out films say whether that costs anything, before any of the bundle's figures is replaced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import Bundle, SegmenterBundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_segmenter import SegmenterSpec
from training.audits.material import FindLungs
from training.evaluation.subject import runtime_of
from training.export.measure import films_of_bundle, measure_bundle, score_split, targets_in
from training.metrics import macro_auroc

# Rounding of a resized film moves a macro AUROC or a Dice by less; a tenth of the narrowest interval here.
TOLERATED_LOSS = 0.002


Spec = TypeVar("Spec", BundleSpec, SegmenterSpec)


@dataclass(frozen=True, slots=True)
class Moved(Generic[Spec]):
    """What the held-out films say of a move.

    Attributes
    ----------
    before, after : float
        Macro AUROC on ``test``, or a segmenter's mean Dice there.
    spec : BundleSpec or SegmenterSpec
        The bundle with its new preparation, measured again.
    """

    before: float
    after: float
    spec: Spec


def moved_entries(
    spec: BundleSpec | SegmenterSpec, version: int, *, straighten: bool | None = None
) -> dict[str, object]:
    """What a move changes of a bundle before it is measured: the preparation, and its own version.

    Returns
    -------
    dict of str to object
        The middle number of the bundle's version goes up: the same film may get another answer.
    """
    major, minor, *_ = (int(part) for part in spec.version.split("."))
    turns = spec.preparation.straighten if straighten is None else straighten
    preparation = replace(spec.preparation, version=version, straighten=turns)
    return {
        "preparation": preparation,
        "version": f"{major}.{minor + 1}.0" if preparation != spec.preparation else spec.version,
    }


def check_no_worse(bundle_id: str, before: float, after: float) -> None:
    """Refuse a move that costs more than :data:`TOLERATED_LOSS`.

    Raises
    ------
    TrainingError
    """
    if after < before - TOLERATED_LOSS:
        raise TrainingError(
            f"{bundle_id} must answer no worse when prepared anew; on `test` it has {after:.4f} instead "
            f"of {before:.4f}.",
            remedy="Leave it with the old one, or train it anew.",
        )


def prepare_anew(
    bundle: Bundle,
    version: int,
    data_root: Path,
    find_lungs: FindLungs | None,
    *,
    straighten: bool | None = None,
) -> Moved[BundleSpec]:
    """Move a classifier or the gate.

    Parameters
    ----------
    bundle : Bundle
    version : int
        Of the preparation.
    data_root : Path
    find_lungs : callable or None
        For the audits.
    straighten : bool, optional
        Whether films that lean are turned upright; as before, if not given.

    Raises
    ------
    TrainingError
        When it answers worse, or its films are not there.
    """
    films, runtime = films_of_bundle(bundle.spec, data_root), runtime_of(bundle)
    targets = targets_in(films, "test", bundle.spec.label_keys)
    draft = bundle.spec.model_copy(update=moved_entries(bundle.spec, version, straighten=straighten))
    before, after = (
        macro_auroc(calibrated_probabilities(score_split(films, "test", spec, runtime).logits, spec), targets)
        for spec in (bundle.spec, draft)
    )
    check_no_worse(bundle.id, before, after)
    return Moved(before, after, measure_bundle(replace(bundle, spec=draft), data_root, find_lungs))


def prepare_segmenter_anew(bundle: SegmenterBundle, version: int, data_root: Path) -> Moved[SegmenterSpec]:
    """Move a segmenter; its films are divided as they were for training, by the seed it keeps.

    Raises
    ------
    TrainingError
        When it draws worse, or its films are not there.
    """
    from training.recipe.segmenter import collections_of
    from training.segmentation.collections import of_split, read_collections
    from training.segmentation.measure import film_dices, mask_metrics
    from training.segmentation.sides import recipe_sides, side_metrics

    collections = collections_of(bundle.spec.training.recipe)
    films = read_collections(data_root, collections, bundle.spec.training.seed)
    draft = bundle.spec.model_copy(update=moved_entries(bundle.spec, version))
    moved = replace(bundle, spec=draft)
    metrics = [mask_metrics(split, film_dices(of_split(films, split), moved)) for split in ("test", "val")]
    before = mask_metrics("test", film_dices(of_split(films, "test"), bundle)).dice.value
    after = metrics[0].dice.value
    check_no_worse(bundle.id, before, after)
    sides = side_metrics(data_root, recipe_sides(bundle.id), moved)
    return Moved(before, after, draft.model_copy(update={"metrics": metrics, "sides": sides}))
