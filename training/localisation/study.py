"""Where the heat lies: every method and baseline on the boxed films of one split, cut chosen on val."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_dash.domain import Float32Array
from cxr_dash.explain import film_heatmap, make_heatmap
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_localisation import LocalisationExample, LocalisationFigures
from training.evaluation.subject import Subject, open_subject
from training.films.boxes import OPACITY, BoxedFilm, label_for
from training.localisation.baselines import (
    BASELINES,
    CENTRE,
    RANDOM,
    TRAIN_BOXES,
    centre_map,
    mean_box_maps,
    over_film,
    random_maps,
)
from training.localisation.examples import examples_of
from training.localisation.figures import Measured, best_cut, difference, localisation_figures
from training.localisation.maps import MapMaker
from training.localisation.material import (
    Pairs,
    boxed_films,
    keras_model,
    read_pairs,
    served_heatmaps,
    sized,
    variant_of,
)
from training.localisation.measures import MapMeasures, mean_measures, measure_map
from training.localisation.methods import SERVED, Method, parse_method
from training.localisation.places import label_places

logger = logging.getLogger(__name__)

COMPARED = ("pointing", "pointing_tolerant", "energy", "iou")


@dataclass(frozen=True, slots=True)
class Localisation:
    """All that ``localise`` says.

    Attributes
    ----------
    subject : str
    variant : str
        What was changed about the model besides; empty for the model as it is.
    split : str
    figures : list of LocalisationFigures
        Methods as asked for, then the baselines.
    gains : dict of str to dict of str to Interval
        By method: how much more it scores than each baseline, ``measure over baseline``.
    not_compared : list of str
        Boxed findings that the model has no label for.
    opacity_label : str or None
        Whose map is compared with opacity boxes.
    """

    subject: str
    variant: str
    split: str
    figures: list[LocalisationFigures]
    gains: dict[str, dict[str, Interval]]
    not_compared: list[str]
    opacity_label: str | None


def localise(
    folder: Path,
    data: Path,
    *,
    split: str = "val",
    methods: Sequence[str] = (SERVED,),
    size: int | None = None,
    last_stride: int | None = None,
    samples: int = 1000,
    with_examples: bool = False,
) -> Localisation:
    """Measure a run's or a bundle's maps against boxes.

    Parameters
    ----------
    folder : Path
    data : Path
        Holds the boxes that the subject's recipe names, or ``findings/boxes.csv``, with their manifest.
    split : str
    methods : sequence of str
        ``served`` for the maps as they are shown, or see :mod:`training.localisation.methods`.
    size, last_stride : int, optional
        Change the model first, weights kept: ``served`` then is left out.
    samples : int
        Of the bootstrap.
    with_examples : bool
        Keep the geometry of a few films of the split, at fixed places in the ranking by energy.

    Raises
    ------
    BundleError, TrainingError
    """
    subject = open_subject(folder, data)
    boxes = boxed_films(folder, data)
    changed = size is not None or last_stride is not None
    others = [parse_method(name) for name in methods if name != SERVED]
    spec = sized(subject.preparation, size)
    pairs = {name: read_pairs(boxes, name, subject.labels, spec) for name in dict.fromkeys(["val", split])}
    measured: dict[str, dict[str, Measured]] = {name: {} for name in pairs}
    examples: list[LocalisationExample] = []
    if others:
        model, cam_layer = keras_model(subject)
        model = variant_of(model, size=size, last_stride=last_stride)
        maker = MapMaker(model, cam_layer, others)
    for name, chosen in pairs.items():
        if SERVED in methods and not changed:
            heatmaps, probabilities = served_heatmaps(subject, chosen, data)
            rows = [
                measure_map(film_heatmap(heat), one.regions, flat=heat.flat)
                for heat, one in zip(heatmaps, chosen.boxed, strict=True)
            ]
            measured[name][SERVED] = Measured(chosen.boxed, chosen.labels, tuple(rows))
            if name == split and with_examples:
                examples = examples_of(measured[name][SERVED], heatmaps, chosen.films, probabilities)
        if others:
            measured[name] |= _of_methods(maker, others, chosen, subject)
        measured[name] |= _of_baselines(boxes, chosen)
        logger.info("%s: %d boxed findings compared", name, len(chosen.boxed))
    cuts = {method: best_cut(found) for method, found in measured["val"].items()}
    places = {}
    if SERVED in measured[split]:
        # nothing was trained on either split's boxes, and one alone has few of each finding
        both = [measured[name] for name in pairs]
        served, template = [one[SERVED] for one in both], [one[TRAIN_BOXES] for one in both]
        places = label_places(served, template, " and ".join(pairs), samples=samples)
    return Localisation(
        subject=subject.id,
        variant=", ".join(
            f"{key} {value}" for key, value in (("size", size), ("last_stride", last_stride)) if value
        ),
        split=split,
        figures=[
            localisation_figures(
                method,
                found,
                split=split,
                cut=cuts[method],
                samples=samples,
                examples=examples if method == SERVED else [],
                places=places if method == SERVED else {},
            )
            for method, found in measured[split].items()
        ],
        gains=_gains(measured[split], cuts, samples),
        not_compared=sorted({one.finding for one in boxes if label_for(one.finding, subject.labels) is None}),
        opacity_label=label_for(OPACITY, subject.labels),
    )


def _of_methods(
    maker: MapMaker, methods: Iterable[Method], pairs: Pairs, subject: Subject
) -> dict[str, Measured]:
    maps = maker.maps(pairs.inputs, [subject.labels.index(key) for key in pairs.labels])
    return {method.name: _measured(maps[method.name], pairs) for method in methods}


def _measured(maps: Sequence[Float32Array], pairs: Pairs) -> Measured:
    """Maps on a model's grid; without a reference for their strength only empty and even ones are flat."""
    rows = []
    for cam, one in zip(maps, pairs.boxed, strict=True):
        heat = make_heatmap(cam, 0.0, pairs.films[one.film.path].preparation)
        rows.append(measure_map(film_heatmap(heat), one.regions, flat=heat.flat))
    return Measured(pairs.boxed, pairs.labels, tuple(rows))


def _of_baselines(boxes: Sequence[BoxedFilm], pairs: Pairs) -> dict[str, Measured]:
    places = mean_box_maps([one for one in boxes if one.film.split == "train"])
    centre = centre_map()
    answers: dict[str, Callable[[int, BoxedFilm], list[Any]]] = {
        # a finding without train boxes: nothing is known about its place
        TRAIN_BOXES: lambda _, one: [places.get(one.finding, centre)],
        CENTRE: lambda _, __: [centre],
        RANDOM: lambda row, _: random_maps(row),
    }
    found = {}
    for name in BASELINES:
        rows: list[MapMeasures] = []
        for row, one in enumerate(pairs.boxed):
            plan = pairs.films[one.film.path].preparation
            sizes = (plan.film_height, plan.film_width)
            maps = [over_film(heat, *sizes) for heat in answers[name](row, one)]
            rows.append(mean_measures([measure_map(heat, one.regions) for heat in maps]))
        found[name] = Measured(pairs.boxed, pairs.labels, tuple(rows))
    return found


def _gains(
    measured: dict[str, Measured], cuts: dict[str, float], samples: int
) -> dict[str, dict[str, Interval]]:
    return {
        method: {
            f"{name} over {base}": difference(
                found, measured[base], name, (cuts[method], cuts[base]), samples=samples
            )
            for base in BASELINES
            for name in COMPARED
        }
        for method, found in measured.items()
        if method not in BASELINES
    }
