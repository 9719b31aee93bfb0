"""What must not matter: tone, frame, tilt, aspect, resolution and JPEG, through the product's whole path.

Unlike :mod:`training.evaluation.perturbed`, which changes the picture that the model is given, the file is
written anew: finding the film, measuring its levels and straightening it are part of what is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.errors import FilmError
from cxr_dash.imaging import apply_preparation, decode, display_pixels
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.schema import Audit, AuditFigure, AuditVerdict, Interval
from training.audits.material import Material
from training.audits.verdicts import not_measured
from training.audits.written import WAYS, ByteArray, Written, as_it_is
from training.films.lungs import plan_film
from training.films.manifest import Film
from training.metrics import bootstrap_weights, interval, share_interval

logger = logging.getLogger(__name__)

KEY, NAME = "robustness", "What must not matter"
FLIPS, CHANGES = "films on which a finding flips", "mean change of a probability"
OK_FLIPS, BAD_FLIPS = 0.15, 0.30
FEWEST_FILMS = 20
_SEED = 2026
_SAMPLES = 1000
_LIMIT = (
    f"ok while a finding flips at the default operating point on at most {OK_FLIPS:.0%} of the films in each "
    f"way of writing them, bad above {BAD_FLIPS:.0%} in any; films made smaller are shown and not judged"
)


@dataclass(frozen=True, slots=True, eq=False)
class Rewritten:
    """What became of some films in one way of writing them.

    Attributes
    ----------
    way : Written
    flips : ndarray of float64, shape (n,)
        1 where any label lies on another side of its threshold than in the film itself.
    changes : ndarray of float64, shape (n,)
        Mean over labels of how far the probability moved.
    refused : int
        Films that were not read at all; not among the others.
    """

    way: Written
    flips: Float64Array
    changes: Float64Array
    refused: int

    @property
    def flipped(self) -> Interval:
        """Share of films with a flip, with Wilson's interval."""
        return share_interval(int(self.flips.sum()), len(self.flips))

    @property
    def changed(self) -> Interval:
        """Mean change of a probability, films resampled."""
        resampling = bootstrap_weights([str(i) for i in range(len(self.changes))], _SAMPLES, _SEED)
        means = resampling @ self.changes / resampling.sum(axis=1)
        return interval(self.changes.mean(keepdims=True), means)


def robustness_audit(material: Material) -> Audit:
    """``robustness``: on how many test films any finding flips when the same film is written otherwise."""
    if not material.judged or not material.robust_films:
        return not_measured(KEY, NAME, "no test films.", _LIMIT)
    split = material.judged[0]
    films = one_a_patient(split.films, material.robust_films)
    too_few = f"fewer than {FEWEST_FILMS} patients among the test films."
    if len(films) < FEWEST_FILMS:  # asked before the work: each film is read in every way
        return not_measured(KEY, NAME, too_few, _LIMIT)
    found = [one for one in rewritten(material, films, WAYS) if len(one.flips)]
    judged = [one for one in found if one.way.judged]
    if not judged:
        return not_measured(KEY, NAME, too_few, _LIMIT)
    worst = max(judged, key=lambda one: one.flips.mean())
    within = sum(one.flips.mean() <= OK_FLIPS for one in judged)
    refused = {one.way.name: one.refused for one in found if one.refused}
    return Audit(
        key=KEY,
        name=NAME,
        verdict=_verdict(float(worst.flips.mean())),
        headline=f"Written in {len(judged)} other ways that must not matter, a finding flips on at most "
        f"{OK_FLIPS:.0%} of {len(films)} {split.name} films in {within} of them; the worst is "
        f"“{worst.way.name}” with {worst.flips.mean():.0%} of the films.",
        limit=_LIMIT,
        details=[
            "Each film is changed, written to a file and read back, found, levelled and straightened by the "
            "app's own code; one film a patient, drawn at random. A flip is any label on another side of its "
            "default threshold than in the film itself.",
            *(
                [f"Not read at all, and not counted: {', '.join(f'{n} of {k}' for k, n in refused.items())}."]
                if refused
                else []
            ),
        ],
        figures=[figure for one in found for figure in _figures(one, split.name)],
    )


def one_a_patient(films: Sequence[Film], most: int) -> list[Film]:
    """Up to so many films at random, no two of one patient; the same ones every time."""
    order = np.random.default_rng(_SEED).permutation(len(films))
    chosen: dict[str, Film] = {}
    for index in order:
        chosen.setdefault(films[int(index)].group, films[int(index)])
        if len(chosen) == most:
            break
    return list(chosen.values())


def rewritten(material: Material, films: Sequence[Film], ways: Sequence[Written]) -> list[Rewritten]:
    """Ask a model about every film in every way of writing it.

    Raises
    ------
    TrainingError
        Naming a film that cannot be read as it is.
    """
    flips: dict[str, list[float]] = {way.name: [] for way in ways}
    changes: dict[str, list[float]] = {way.name: [] for way in ways}
    thresholds = np.array([material.spec.operating_point().thresholds[k] for k in material.spec.label_keys])
    for film in films:
        pixels = _levels(film, material)
        itself = _probabilities(as_it_is(pixels), material)
        for way in ways:
            try:
                other = _probabilities(way.write(pixels), material)
            except FilmError as refusal:
                logger.info("%s, %s: not read: %s", film.where, way.name, refusal.message)
                continue
            flips[way.name].append(float(((other >= thresholds) != (itself >= thresholds)).any()))
            changes[way.name].append(float(np.abs(other - itself).mean()))
    logger.info("%d films written in %d ways", len(films), len(ways))
    return [
        Rewritten(
            way, np.array(flips[way.name]), np.array(changes[way.name]), len(films) - len(flips[way.name])
        )
        for way in ways
    ]


def _levels(film: Film, material: Material) -> ByteArray:
    """The film's stored levels in 8 bits; a deeper one through its window, as it is shown."""
    radiograph = decode(film.path.read_bytes())
    if radiograph.pixels.dtype == np.uint8:
        return np.asarray(radiograph.pixels, np.uint8)
    return display_pixels(radiograph, plan_film(radiograph, material.spec.preparation))


def _probabilities(data: bytes, material: Material) -> Float64Array:
    """From a file's bytes to calibrated probabilities, shape (C,), as the app does it."""
    radiograph = decode(data)
    plan = plan_film(radiograph, material.spec.preparation)
    raw = material.runtime.run(apply_preparation(radiograph, plan))
    return np.asarray(calibrated_probabilities(raw.logits, material.spec), dtype=np.float64)


def _verdict(share: float) -> AuditVerdict:
    if share > BAD_FLIPS:
        return "bad"
    return "caution" if share > OK_FLIPS else "ok"


def _figures(found: Rewritten, split: str) -> list[AuditFigure]:
    return [
        AuditFigure(name=f"{FLIPS}: {found.way.name}", split=split, value=found.flipped),
        AuditFigure(name=f"{CHANGES}: {found.way.name}", split=split, value=found.changed),
    ]
