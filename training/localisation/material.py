"""What localisation is measured on: a subject's model and the boxed films, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.domain import Float32Array, Heatmap, Preparation, PreparationSpec
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.imaging import apply_preparation, decode
from cxr_dash.inference.bundle import SPEC_FILE, load_bundle, read_spec
from training.evaluation.subject import Subject
from training.explain.gradcam import Explainer, open_explainer
from training.films.boxes import BoxedFilm, label_for, manifest_of, read_boxes
from training.films.lungs import plan_film
from training.fitting.runs import RunFolder, RunRecord
from training.networks.stride import LAST_STRIDES, without_last_stride


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A film as a model takes it, and how to get back to its own frame."""

    model_input: Float32Array
    preparation: Preparation


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Boxed findings of one split whose label the model has, with the films they are on.

    Attributes
    ----------
    boxed : tuple of BoxedFilm
    labels : tuple of str
        The label compared, for each.
    films : dict of Path to Prepared
    """

    boxed: tuple[BoxedFilm, ...]
    labels: tuple[str, ...]
    films: dict[Path, Prepared]

    @property
    def inputs(self) -> Float32Array:
        """The films of all pairs, shape (n, H, W, 1)."""
        return np.stack([self.films[one.film.path].model_input for one in self.boxed])


USUAL_BOXES = "findings/boxes.csv"


def boxed_films(folder: Path, data: Path) -> list[BoxedFilm]:
    """The boxed films to measure a run or a bundle on: its recipe's own, else those of ``findings/``.

    Raises
    ------
    TrainingError
        As :func:`training.films.boxes.read_boxes`.
    """
    boxes = own_boxes(folder) or USUAL_BOXES
    return read_boxes(data / boxes, data / manifest_of(boxes))


def own_boxes(folder: Path) -> str | None:
    """``data.boxes`` of a run's or a bundle's recipe; None where it names none."""
    if (folder / SPEC_FILE).is_file():
        named = read_spec(folder).training.recipe.get("data.boxes")
        return str(named) if named else None
    return RunRecord.read(RunFolder(folder).record).recipe.data.boxes


def read_pairs(boxes: Sequence[BoxedFilm], split: str, labels: Sequence[str], spec: PreparationSpec) -> Pairs:
    """The boxed findings of one split that a model has a label for, and their films.

    Raises
    ------
    TrainingError
        When there is none, or a film cannot be read.
    """
    chosen = [
        (one, key)
        for one in boxes
        if one.film.split == split and (key := label_for(one.finding, labels)) is not None
    ]
    if not chosen:
        raise TrainingError(
            f"There must be boxed films of split {split!r} with a finding that the model knows; its labels "
            f"are {', '.join(labels)}.",
            remedy="Measure a model of the boxed findings, or another split.",
        )
    films = {one.film.path: one for one, _ in chosen}
    return Pairs(
        boxed=tuple(one for one, _ in chosen),
        labels=tuple(key for _, key in chosen),
        films={path: _prepared(path, spec, one.film.where) for path, one in films.items()},
    )


def _prepared(path: Path, spec: PreparationSpec, where: str) -> Prepared:
    try:
        radiograph = decode(path.read_bytes())
    except FilmError as error:
        raise TrainingError(f"{where}: {path} must be a film that can be read; {error.message}") from error
    preparation = plan_film(radiograph, spec)
    return Prepared(apply_preparation(radiograph, preparation), preparation)


def keras_model(subject: Subject) -> tuple[Any, str | None]:
    """The trained model behind a subject and the layer that its maps are of."""
    import keras

    if subject.kind == "bundle":
        bundle = load_bundle(subject.folder)
        path, cam_layer = bundle.model_path, bundle.spec.cam_layer
    else:
        run = RunFolder(subject.folder)
        path, cam_layer = run.model, RunRecord.read(run.record).recipe.cam_layer
    return keras.saving.load_model(path, compile=False, safe_mode=True), cam_layer


def variant_of(model: Any, *, size: int | None, last_stride: int | None) -> Any:
    """The same weights on films of another size, or without the last stride; the model itself by default.

    Raises
    ------
    TrainingError
        When the model has no stride that can be left out.
    """
    import keras

    if last_stride == 1:
        names = {layer.name for layer in model.layers}
        application = next((key for key, (_, strided) in LAST_STRIDES.items() if strided in names), None)
        if application is None:
            raise TrainingError(
                f"`last_stride` can only be left out of {', '.join(LAST_STRIDES)}; received {model.name}."
            )
        model = without_last_stride(model, application)
    if size is None:
        return model

    # copies of the layers on a new input: shapes are worked out anew
    film = keras.tree.map_structure(lambda _: keras.Input((size, size, 1)), model.input)
    resized = keras.models.clone_model(model, input_tensors=film)
    resized.set_weights(model.get_weights())
    return resized


def sized(spec: PreparationSpec, size: int | None) -> PreparationSpec:
    """The preparation for films of another size."""
    return spec if size is None else replace(spec, height=size, width=size)


def served_heatmaps(
    subject: Subject, pairs: Pairs, data_root: Path | None
) -> tuple[list[Heatmap], list[float]]:
    """What a reader of each film is shown for the label compared: its map, and its probability."""
    explainer: Explainer = open_explainer(subject, data_root)
    raws = {path: explainer.runtime.run(film.model_input) for path, film in pairs.films.items()}
    logits = np.stack([raws[one.film.path].logits for one in pairs.boxed]).astype(np.float64)
    stated = subject.probabilities(logits)
    from cxr_dash.explain import make_heatmap

    heatmaps = [
        make_heatmap(
            raws[one.film.path].cams[subject.labels.index(key)],
            explainer.heat_reference[key],
            pairs.films[one.film.path].preparation,
        )
        for one, key in zip(pairs.boxed, pairs.labels, strict=True)
    ]
    columns = [subject.labels.index(key) for key in pairs.labels]
    return heatmaps, [float(row[column]) for row, column in zip(stated, columns, strict=True)]
