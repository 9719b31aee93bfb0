"""What the trust report of single films is worth: whether the maps it warns of miss the boxes more often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cxr_dash.domain import HeatTrust
from cxr_dash.errors import TrainingError
from cxr_dash.explain import (
    SHIFTS,
    Shifted,
    film_heatmap,
    find_regions,
    heat_trust,
    make_heatmap,
    shifted_input,
)
from cxr_dash.explain.trust import LARGEST_DRIFT, LEAST_CORRELATION, LEAST_INSIDE
from cxr_dash.imaging import decode
from cxr_dash.settings import Settings
from training.audits.lungs import lung_finder
from training.evaluation.subject import open_subject
from training.explain.gradcam import open_explainer
from training.localisation.material import boxed_films, read_pairs
from training.localisation.measures import measure_map


@dataclass(frozen=True, slots=True)
class TrustedPair:
    """One boxed finding: what the report says of its map, and whether the map hits.

    Attributes
    ----------
    trust : HeatTrust
    hit : bool
        The highest point lies inside a box.
    """

    trust: HeatTrust
    hit: bool


def trusted_pairs(folder: Path, data: Path, split: str = "val") -> list[TrustedPair]:
    """The trust report of every boxed finding of a split, as the app makes it.

    Parameters
    ----------
    folder : Path
        Run or bundle.
    data : Path
    split : str

    Raises
    ------
    BundleError, TrainingError
        Also when the models folder (``CXR_MODELS_DIR``) has no segmenter.
    """
    find_lungs = lung_finder(Settings().models_dir)
    if find_lungs is None:
        raise TrainingError(
            f"The trust report needs a segmenter; {Settings().models_dir} has no bundle of that kind.",
            remedy="Export the recipe `lungs`, or set CXR_MODELS_DIR to a folder that has it.",
        )
    subject = open_subject(folder, data)
    explainer = open_explainer(subject, data)
    boxes = boxed_films(folder, data)
    pairs = read_pairs(boxes, split, subject.labels, subject.preparation)
    answers, regions = {}, {}
    for path, film in pairs.films.items():
        inputs = [film.model_input, *(shifted_input(film.model_input, shift) for shift in SHIFTS)]
        answers[path] = [explainer.runtime.run(one) for one in inputs]
        regions[path] = find_regions(find_lungs(decode(path.read_bytes())))
    found = []
    for boxed, key in zip(pairs.boxed, pairs.labels, strict=True):
        path, index = boxed.film.path, subject.labels.index(key)
        raws = answers[path]
        logits = np.stack([raw.logits for raw in raws]).astype(np.float64)
        stated = [float(row[index]) for row in subject.probabilities(logits)]
        heat = make_heatmap(raws[0].cams[index], explainer.heat_reference[key], pairs.films[path].preparation)
        shifted = [
            Shifted(shift, raw.cams[index], probability)
            for shift, raw, probability in zip(SHIFTS, raws[1:], stated[1:], strict=True)
        ]
        trust = heat_trust(key, heat, stated[0], shifted, regions[path])
        measured = measure_map(film_heatmap(heat), boxed.regions, flat=heat.flat)
        found.append(TrustedPair(trust, measured.pointing > 0.0))
    return found


def trust_lines(pairs: list[TrustedPair], split: str) -> list[str]:
    """How many maps each limit of the report sets apart, and how many of those hit."""
    judged = [pair for pair in pairs if not pair.trust.flat]
    limits: dict[str, Callable[[HeatTrust], bool]] = {
        f"less than {LEAST_INSIDE:g} inside": lambda t: t.inside is not None and t.inside < LEAST_INSIDE,
        f"correlation below {LEAST_CORRELATION:g}": lambda t: (t.correlation or 0.0) < LEAST_CORRELATION,
        f"drift above {LARGEST_DRIFT:g}": lambda t: t.drift > LARGEST_DRIFT,
        "verdict not good": lambda t: t.verdict != "good",
    }
    lines = [f"trust report, {split}: {len(judged)} maps judged, {len(pairs) - len(judged)} flat"]
    for name, warned in limits.items():
        apart = [pair.hit for pair in judged if warned(pair.trust)]
        rest = [pair.hit for pair in judged if not warned(pair.trust)]
        lines.append(
            f"  {name:28} {sum(apart)} of {len(apart)} hit; of the others {sum(rest)} of {len(rest)}"
        )
    return lines
