"""A child or an adult: what the film looks like, where no file says how old the patient is."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from cxr_dash.domain import FilmFacts, Float32Array
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.calibration import activate
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.head import Head
from cxr_dash.inference.schema_age import AGE_FILE
from cxr_dash.inference.trunks import reads_alike, trunk_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AgeGuess:
    """What a film looks like.

    Attributes
    ----------
    child : float
        Probability of a child, 0-1.
    seems_child, seems_adult : bool
        Beyond the limits of the gate that answered; between them it is neither.
    """

    child: float
    seems_child: bool
    seems_adult: bool


def guess_age(
    facts: FilmFacts,
    asked: Bundle,
    embedding: Float32Array,
    *,
    catalog: Catalog,
    run: Callable[[Bundle], Float32Array],
) -> AgeGuess | None:
    """Ask the gate's head for age groups about a film whose file does not say how old the patient is.

    Parameters
    ----------
    facts : FilmFacts
        What the file says.
    asked : Bundle
        The model that the reader chose.
    embedding : ndarray of float32, shape (D,)
        What that model made of the film: used where its features are those of the head's trunk.
    catalog : Catalog
    run : callable
        Gives the embedding of the film that another bundle makes.

    Returns
    -------
    AgeGuess or None
        None where the file says the age, where no gate with such a head is installed, where its trunk is
        not, and where the model answers for every age.
    """
    gate, population = catalog.tool("gate"), asked.spec.population
    group = gate.spec.age_group if gate is not None else None
    if gate is None or group is None or population is None or facts.age_years is not None:
        return None
    features = embedding
    if not reads_alike(asked, group):
        trunk = trunk_of(catalog, group)
        if trunk is None:
            logger.warning("no age group: the gate's trunk %s is not installed as it was", group.trunk.id)
            return None
        features = run(trunk)
    logits = _head(gate.path / AGE_FILE, gate.spec.files[AGE_FILE]).logits(features)
    child = float(activate(logits.astype(np.float64), "sigmoid")[0])
    if not math.isfinite(child):
        raise FloatingPointError("the age group's probability must be a number")
    return AgeGuess(child, child >= group.child_above, child < group.adult_below)


@lru_cache(maxsize=1)
def _head(path: Path, sha256: str) -> Head:
    """Read once: every film asks it."""
    return Head.read(path, sha256)


def needs_another_trunk(catalog: Catalog, asked: Bundle) -> bool:
    """Whether the gate's head reads other features than a model's own."""
    gate = catalog.tool("gate")
    group = gate.spec.age_group if gate is not None else None
    return group is not None and not reads_alike(asked, group)
