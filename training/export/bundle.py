"""From a finished run to a bundle: compile, describe, write, read back, compare."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import MODEL_FILE, SERVING_FILE, Bundle, load_bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.runtime.litert import LiteRtRuntime
from training.audits.learning_curve import read_learning_curve
from training.audits.lungs import lung_finder
from training.export.card import write_bundle_texts
from training.export.describe import describe_bundle
from training.export.half import save_half
from training.export.serving_graph import compile_serving
from training.export.staging import check_target, staged
from training.export.tools import tools_beside
from training.export.trunk import check_trunk, write_head
from training.films.manifest import of_split
from training.films.of_recipe import read_films
from training.films.prepared import prepare_film
from training.fitting.logged import training_log
from training.fitting.runs import RunFolder, RunRecord
from training.fitting.texts import present_recipe
from training.recipe import Recipe

logger = logging.getLogger(__name__)

COMPARED_FILMS = 4
MAX_PROBABILITY_DIFFERENCE = 1e-3


def export_bundle(
    run_folder: Path,
    models: Path,
    *,
    data_root: Path | None = None,
    overwrite: bool = False,
    texts: Recipe | None = None,
    tools: Path | None = None,
) -> Bundle:
    """Turn a finished run into ``models/<id>``.

    Parameters
    ----------
    run_folder : Path
    models : Path
        Folder of bundles.
    data_root : Path, optional
        Where the films are now; where they were during training if left out.
    overwrite : bool
        Replace a bundle of the same id.
    texts : Recipe, optional
        Whose card, sources and lists of the gate it gets; see :func:`training.fitting.texts.present_recipe`.
    tools : Path, optional
        Bundles to copy the app's own tools from, where ``models`` has none.

    Returns
    -------
    Bundle
        As read back from disk, hashes verified.

    Raises
    ------
    TrainingError
        When the run is not finished, the bundle exists, what it needs is not there, or the files read back
        give other answers.
    """
    run = RunFolder(run_folder)
    record = RunRecord.read(run.record)
    target = models / record.recipe.id
    check_target(target, overwrite=overwrite)
    # whatever can be wrong is looked for before the first second of work
    root = data_root or Path(record.data_root)
    films = read_films(record.recipe.data, root / record.recipe.data.manifest)
    recipe = present_recipe(record.recipe, films, root, texts)
    if recipe.data.further != record.recipe.data.further:
        films = read_films(recipe.data, root / recipe.data.manifest)
    check_trunk(recipe, models)
    if not run.model.is_file():
        raise TrainingError(f"A run folder must hold {run.model.name}; {run.path} has none.")

    import keras

    skip = (recipe.card.kind, recipe.id)
    with tools_beside(tools, models, skip=skip), staged(target) as staging:
        model = keras.saving.load_model(run.model, compile=False, safe_mode=True)
        if recipe.network.half_weights:
            save_half(model, staging / MODEL_FILE)
        else:
            shutil.copyfile(run.model, staging / MODEL_FILE)
        some = np.stack(
            [prepare_film(f.path, recipe.preparation) for f in of_split(films, "val")[:COMPARED_FILMS]]
        )
        report = compile_serving(
            model, recipe.cam_layer, staging / SERVING_FILE, films=some, model_path=staging / MODEL_FILE
        )
        record = replace(record, recipe=recipe)
        trunk = write_head(model, recipe, models, staging, some)
        spec = describe_bundle(
            record,
            films,
            root,
            runtime=LiteRtRuntime(staging / SERVING_FILE),
            report=report,
            folder=staging,
            find_lungs=lung_finder(models),
            trunk=trunk,
        )
        logged = {"learning_curve": read_learning_curve(run), "training_log": training_log(run, record)}
        spec = spec.model_copy(update=logged)
        write_bundle_texts(spec, staging)
        _compare(load_bundle(staging), some)
    logger.info("exported %s", target)
    return load_bundle(target)


def _compare(bundle: Bundle, films: Float32Array) -> None:
    """Read back, both files must give the same calibrated probabilities."""
    from cxr_dash.inference.runtime.keras_runtime import KerasRuntime

    assert bundle.serving_path is not None  # noqa: S101 - it was written a moment ago
    fast, slow = LiteRtRuntime(bundle.serving_path), KerasRuntime(bundle.model_path, bundle.spec.cam_layer)
    for film in films:
        answers = [
            calibrated_probabilities(runtime.run(film).logits, bundle.spec) for runtime in (fast, slow)
        ]
        if not np.abs(answers[0] - answers[1]).max() <= MAX_PROBABILITY_DIFFERENCE:
            raise TrainingError(
                f"{SERVING_FILE} and {MODEL_FILE} must agree to {MAX_PROBABILITY_DIFFERENCE}; "
                f"received {answers[0]} and {answers[1]}."
            )
