"""The tone of a bundle's train films, measured with what prepares and measures films in the app."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import Float64Array, PreparationSpec, Radiograph
from cxr_dash.errors import FilmError, TrainingError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.lungs import plan_with_lungs
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_tone import Tone
from cxr_dash.inference.tone import is_unusual
from training.audits.material import FindLungs
from training.evaluation.tone import fit_tone
from training.export.measure import films_of_bundle
from training.films.manifest import Film
from training.films.sampling import some_films
from training.films.tones import EVERY_TONE, TONES, Change

logger = logging.getLogger(__name__)

TRAIN_FILMS = 250
VAL_FILMS = 500
CHANGED_VAL_FILMS = 60
SMALLEST_INPUT = 96  # px; less shows no detail to measure


@dataclass(frozen=True, slots=True)
class _Look:
    """Measures films for one preparation, as the app does."""

    spec: PreparationSpec
    find_lungs: FindLungs

    def at(self, radiograph: Radiograph) -> tuple[Float64Array | None, float]:
        """Measures inside the lungs, if there are any, and how unevenly levels are missing."""
        field = self.find_lungs(radiograph)
        plan = plan_with_lungs(radiograph, self.spec, field)
        gaps = imaging.uneven_gaps(radiograph, plan)
        if field is None:
            return None, gaps
        shown = imaging.apply_preparation(radiograph, plan)
        return imaging.measure_tone(shown, imaging.lungs_on_input(field, plan), plan), gaps

    def changed(self, radiograph: Radiograph, change: Change) -> tuple[Float64Array | None, float]:
        """The same of a film whose tone was changed, in 8 bits."""
        pixels = radiograph.pixels
        if pixels.dtype != np.uint8:
            pixels = imaging.display_pixels(radiograph, imaging.plan_preparation(radiograph, self.spec))
        return self.at(replace(radiograph, pixels=change(np.asarray(pixels, np.uint8)), bits=8))


def with_tone(bundle: Bundle, data_root: Path, find_lungs: FindLungs | None) -> BundleSpec:
    """The bundle's entries with ``tone``: fitted on train films, with limits chosen on val films.

    Parameters
    ----------
    bundle : Bundle
    data_root : Path
        Where its manifest lies.
    find_lungs : callable or None

    Raises
    ------
    TrainingError
        When its films or a segmenter are not there, or its input is too small to show a tone.
    """
    spec = bundle.spec.preparation
    if find_lungs is None:
        raise TrainingError(
            "A segmenter must be in the models folder: the tone is measured inside the lungs.",
            remedy="Name a folder that has the bundle `lungs`: --models.",
        )
    if min(spec.height, spec.width) < SMALLEST_INPUT:
        raise TrainingError(
            f"The input of {bundle.id} must be at least {SMALLEST_INPUT} px to show a tone; received "
            f"{spec.width} x {spec.height}."
        )
    films, look = films_of_bundle(bundle.spec, data_root), _Look(spec, find_lungs)
    train = _detailed(films.train_answered, spec, films.seed)
    val = some_films(films.of("val"), VAL_FILMS, films.seed)
    natural, changed = _learn(train, look)
    logger.info("measured %d train films, %d changes of each", len(train), sum(map(len, TONES.values())))
    seen = [look.at(_read(film)) for film in val]
    known = [(measures, gaps) for measures, gaps in seen if measures is not None]
    tone = fit_tone(
        natural,
        changed,
        np.stack([measures for measures, _ in known]),
        np.array([gaps for _, gaps in known]),
        fitted_on=f"{len(natural)} train films, as they are and changed; limits on {len(known)} val films",
    )
    unusual = float(np.mean([is_unusual(measures, gaps, tone) for measures, gaps in seen]))
    told = _told(some_films(val, CHANGED_VAL_FILMS, films.seed), look, tone)
    counted = ", ".join(f"{name} {share:.0%}" for name, share in told.items())
    words = (
        f"Of {len(val)} val films as they are {unusual:.1%} are called unusual; of "
        f"{min(len(val), CHANGED_VAL_FILMS)} changed and not compressed since: {counted}."
    )
    return bundle.spec.model_copy(update={"tone": tone.model_copy(update={"measured": words})})


def _learn(films: Sequence[Film], look: _Look) -> tuple[Float64Array, dict[str, Float64Array]]:
    """Measures of films as they are, and of the same films changed, by family."""
    natural: list[Float64Array] = []
    changed: dict[str, list[Float64Array]] = {family: [] for family in TONES}
    for film in films:
        radiograph = _read(film)
        _keep(natural, look.at(radiograph)[0])
        for family, changes in TONES.items():
            for change in changes.values():
                _keep(changed[family], look.changed(radiograph, change)[0])
    if min(map(len, (natural, *changed.values()))) <= imaging.TONE_MEASURES:
        raise TrainingError(
            f"Lungs must be found on more than {imaging.TONE_MEASURES} train films; received {len(natural)}."
        )
    return np.stack(natural), {family: np.stack(measures) for family, measures in changed.items()}


def _detailed(films: Sequence[Film], spec: PreparationSpec, seed: int) -> list[Film]:
    """Some of those that are as large as the model's input, or of all where none is.

    A film that was stored smaller has lost the detail that tone shows in, which is no tone of its own.
    """
    headers = [(film, imaging.read_header(film.path.read_bytes())) for film in films]
    large = [film for film, is_ in headers if is_.height >= spec.height and is_.width >= spec.width]
    return some_films(large or films, TRAIN_FILMS, seed)


def _told(films: Sequence[Film], look: _Look, tone: Tone) -> Mapping[str, float]:
    """How many films are called unusual after each change, as a share."""
    radiographs = [_read(film) for film in films]
    return {
        name: float(np.mean([is_unusual(*look.changed(film, change), tone) for film in radiographs]))
        for name, change in EVERY_TONE.items()
    }


def _keep(found: list[Float64Array], measures: Float64Array | None) -> None:
    if measures is not None:
        found.append(measures)


def _read(film: Film) -> Radiograph:
    try:
        return imaging.decode(film.path.read_bytes())
    except FilmError as error:
        raise TrainingError(f"{film.path} must be a film that can be read; {error.message}") from error
