"""From a finished run of a segmenter to the bundle that the app serves."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array, LocalisedText
from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import (
    CARD_FILE,
    MODEL_FILE,
    SERVING_FILE,
    SPEC_FILE,
    SegmenterBundle,
    file_sha256,
    load_segmenter,
)
from cxr_dash.inference.runtime.segmenter import PROBABILITY, LiteRtSegmenter
from cxr_dash.inference.schema import Source, TrainingRecord
from cxr_dash.inference.schema_segmenter import SEGMENTER, MaskMetrics, SegmenterSpec
from training.export.serving_graph import litert_graph
from training.export.staging import check_target, staged
from training.fitting.runs import RunFolder
from training.fitting.texts import plain_card
from training.recipe import RECIPES, SegmenterRecipe, load_any
from training.recipe.segmenter import SideFilms
from training.segmentation.card import render_card
from training.segmentation.collections import MaskedFilm, of_split, read_collections, read_split
from training.segmentation.films import prepare_masks
from training.segmentation.fit import SPLIT_FILE, SegmenterRecord
from training.segmentation.measure import film_dices, mask_metrics
from training.segmentation.sides import fit_side, recipe_sides, side_metrics
from training.writing import write_json

logger = logging.getLogger(__name__)

MAX_DIFFERENCE = 1e-3  # of probability, between the compiled graph and Keras
COMPARED_FILMS = 4


def export_segmenter(
    run_folder: Path, models: Path, *, data_root: Path | None = None, overwrite: bool = False
) -> SegmenterBundle:
    """Compile a segmenter, measure it as it will serve, and write its bundle and card.

    Parameters
    ----------
    run_folder : Path
        A finished run.
    models : Path
        Folder of bundles.
    data_root : Path, optional
        Where the films are now; where they were during training if left out.
    overwrite : bool
        Replace a bundle of the same id.

    Raises
    ------
    TrainingError
        When the run is not finished, the bundle exists, or the compiled graph gives other answers.
    """
    run = RunFolder(run_folder)
    record = SegmenterRecord.read(run.record)
    target = models / record.recipe.id
    check_target(target, overwrite=overwrite)
    root = data_root or Path(record.data_root)
    found = read_collections(root, record.recipe.data, record.recipe.seed)
    films = read_split(found, run.path / SPLIT_FILE)
    recipe = _current_texts(record.recipe, films)
    record = replace(record, recipe=recipe)

    import keras

    with staged(target) as staging:
        shutil.copyfile(run.model, staging / MODEL_FILE)
        model = keras.saving.load_model(staging / MODEL_FILE, compile=False, safe_mode=True)
        (staging / SERVING_FILE).write_bytes(compiled_segmenter(model))
        some = prepare_masks(of_split(films, "val")[:COMPARED_FILMS], recipe.preparation)
        _compare(model, staging / SERVING_FILE, some.pixels.astype(np.float32))
        write_segmenter_texts(describe(record, films, staging, []), staging)
        bundle = load_segmenter(staging)
        metrics = [
            mask_metrics(split, film_dices(of_split(films, split), bundle)) for split in ("test", "val")
        ]
        measured = replace(bundle, spec=describe(record, films, staging, metrics))
        write_segmenter_texts(with_side(measured, root, recipe.sides), staging)
    logger.info("exported %s", target)
    return load_segmenter(target)


def describe(
    record: SegmenterRecord, films: Sequence[MaskedFilm], folder: Path, metrics: list[MaskMetrics]
) -> SegmenterSpec:
    """Everything ``bundle.json`` says of a segmenter whose files lie in ``folder``."""
    recipe = record.recipe
    card, size = recipe.card, recipe.preparation
    return SegmenterSpec(
        kind=SEGMENTER,
        id=recipe.id,
        version=card.version,
        title=card.title,
        trained_on=card.trained_on,
        preparation=size,
        grid=(size.height, size.width),
        structures=recipe.network.structures,
        metrics=metrics,
        sources=_sources(recipe, films),
        intended_use=card.intended_use,
        not_for=card.not_for,
        warnings=card.warnings,
        training=TrainingRecord(
            recipe=recipe.flat() | {"best_epoch": record.best_epoch, "weights": record.weights},
            commit=record.commit,
            seed=recipe.seed,
            date=record.date,
            versions=record.versions,
            minutes=record.minutes,
        ),
        files={name: file_sha256(folder / name) for name in (MODEL_FILE, SERVING_FILE)},
    )


def with_side(
    bundle: SegmenterBundle, root: Path, sides: Mapping[str, SideFilms] | None = None
) -> SegmenterSpec:
    """The bundle's description with its rule for mirrored films fitted and counted.

    Parameters
    ----------
    bundle : SegmenterBundle
    root : Path
        Folder that the manifests are relative to.
    sides : mapping of str to SideFilms, optional
        The collections; those of the recipe of the bundle's id when left out.

    Raises
    ------
    TrainingError
        When a film cannot be read.
    """
    sides = recipe_sides(bundle.id) if sides is None else sides
    spec = bundle.spec.model_copy(update={"side": fit_side(root, sides, bundle)})
    return spec.model_copy(update={"sides": side_metrics(root, sides, replace(bundle, spec=spec))})


def write_segmenter_texts(spec: SegmenterSpec, folder: Path) -> None:
    """Write ``bundle.json`` and the card that is made from it."""
    write_json(spec.model_dump(mode="json"), folder / SPEC_FILE)
    (folder / CARD_FILE).write_text(render_card(spec), encoding="utf-8")


_LUNGS = LocalisedText(en="Lungs", es="Pulmones")


def _current_texts(recipe: SegmenterRecipe, films: Sequence[MaskedFilm]) -> SegmenterRecipe:
    """The recipe with its file's present texts, which do not touch the weights; of its own films alone."""
    if not (RECIPES / f"{recipe.id}.toml").is_file():
        return recipe
    now = load_any(recipe.id)
    if not isinstance(now, SegmenterRecipe):
        return recipe
    if not {film.source for film in films} <= now.sources.keys():
        patients = len({(film.source, film.patient) for film in films if film.patient})
        card = plain_card(recipe.card, recipe.id, _LUNGS, len(films), patients)
        return recipe.model_copy(update={"card": card, "sources": {}, "sides": {}})
    return recipe.model_copy(update={"card": now.card, "sources": now.sources, "sides": now.sides})


def _sources(recipe: SegmenterRecipe, films: Sequence[MaskedFilm]) -> list[Source]:
    rows = []
    for name, count in Counter(film.source for film in films).most_common():
        splits = Counter(film.split for film in films if film.source == name)
        text = recipe.sources.get(name)
        rows.append(
            Source(
                name=text.title if text else name or "unnamed source",
                films=count,
                splits=", ".join(f"{split} {splits[split]}" for split in ("train", "val", "test")),
                population=text.population if text else "not described",
                licence=text.licence if text else "not stated",
                attribution=text.attribution if text else "",
            )
        )
    return rows


def compiled_segmenter(model: Any) -> bytes:
    """The network at batch size 1, its one output named."""
    import tensorflow as tf

    signature = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    function = tf.function(
        lambda film: {PROBABILITY: model(film, training=False)}, input_signature=[signature]
    )
    return litert_graph(function, model)


def _compare(model: Any, serving: Path, films: Float32Array) -> None:
    """Both files must draw the same films alike."""
    runtime = LiteRtSegmenter(serving)
    expected = np.moveaxis(model.predict_on_batch(films), -1, 1)
    difference = float(np.abs(np.stack([runtime.run(film) for film in films]) - expected).max())
    if not difference <= MAX_DIFFERENCE:  # written so that NaN fails
        raise TrainingError(
            f"{SERVING_FILE} and {MODEL_FILE} must agree to {MAX_DIFFERENCE}; got {difference:.3g}."
        )
