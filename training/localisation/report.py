"""``localise`` as a whole: measure, check, write; the figures of a bundle go into its ``bundle.json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import SPEC_FILE, read_spec
from cxr_dash.inference.schema_localisation import MapSanity
from training.evaluation.subject import open_subject
from training.localisation.baselines import BASELINES
from training.localisation.material import boxed_films, keras_model, read_pairs
from training.localisation.methods import SERVED
from training.localisation.sanity import map_sanity
from training.localisation.study import Localisation, localise
from training.localisation.text import localisation_json
from training.writing import write_json

SANITY_FILMS = 50


def localise_and_write(
    folder: Path,
    data: Path,
    *,
    split: str = "val",
    methods: Sequence[str] = (SERVED,),
    size: int | None = None,
    last_stride: int | None = None,
    randomise: bool = False,
    into_bundle: bool = False,
    out: Path | None = None,
) -> tuple[Localisation, MapSanity | None, list[Path]]:
    """Measure a subject's maps and write the figures.

    Parameters
    ----------
    folder : Path
        Run or bundle.
    data : Path
    split, methods, size, last_stride
        See :func:`training.localisation.study.localise`.
    randomise : bool
        Run Adebayo's test too, on 50 boxed val films.
    into_bundle : bool
        Put the figures of ``served``, with examples, and of the baselines into the bundle's ``bundle.json``.
    out : Path, optional
        Folder for ``localisation-<split>.json``; a run's own folder, for the model as it is, if None.

    Returns
    -------
    localisation : Localisation
    sanity : MapSanity or None
    written : list of Path

    Raises
    ------
    BundleError, TrainingError
    """
    changed = size is not None or last_stride is not None
    if into_bundle and (changed or SERVED not in methods or not (folder / SPEC_FILE).is_file()):
        raise TrainingError(
            "`--write` needs a bundle, with the maps as they are served.",
            remedy="Give a bundle's folder, and leave --input-size, --last-stride and other methods out.",
        )
    found = localise(
        folder,
        data,
        split=split,
        methods=methods,
        size=size,
        last_stride=last_stride,
        with_examples=into_bundle,
    )
    sanity = sanity_of(folder, data) if randomise else None
    written = []
    target = out or (folder if not changed and not (folder / SPEC_FILE).is_file() else None)
    if target is not None:
        target.mkdir(parents=True, exist_ok=True)
        written.append(target / f"localisation-{split}.json")
        write_json(localisation_json(found, sanity), written[-1])
    if into_bundle:
        written.append(_into_bundle(folder, found, sanity))
    return found, sanity, written


def sanity_of(folder: Path, data: Path) -> MapSanity:
    """Adebayo's test of a subject on up to 50 boxed val films, spread over the findings.

    Raises
    ------
    BundleError, TrainingError
    """
    subject = open_subject(folder, data)
    boxes = boxed_films(folder, data)
    pairs = read_pairs(boxes, "val", subject.labels, subject.preparation)
    count = min(SANITY_FILMS, len(pairs.boxed))
    rows = np.unique(np.linspace(0, len(pairs.boxed) - 1, count).round().astype(int))
    model, cam_layer = keras_model(subject)
    return map_sanity(
        model,
        cam_layer,
        pairs.inputs[rows],
        [subject.labels.index(pairs.labels[row]) for row in rows],
        [pairs.boxed[row].film.group for row in rows],
    )


def _into_bundle(folder: Path, found: Localisation, sanity: MapSanity | None) -> Path:
    """Replace the figures of the same split; those of other splits stay."""
    spec = read_spec(folder)
    mine = [one for one in found.figures if one.method in (SERVED, *BASELINES)]
    others = [one for one in spec.localisation if one.split != found.split]
    update: dict[str, Any] = {"localisation": [*others, *mine]}
    if sanity is not None:
        update["map_sanity"] = sanity
    write_json(spec.model_copy(update=update).model_dump(mode="json"), folder / SPEC_FILE)
    return folder / SPEC_FILE
