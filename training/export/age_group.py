"""The age group's head: trained on a trunk's features, measured, and put into the bundle of the gate."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import Bundle, file_sha256, load_bundle, read_spec
from cxr_dash.inference.head import Head
from cxr_dash.inference.schema_age import AGE_FILE, AgeGroup
from cxr_dash.inference.schema_trunk import Trunk
from training.evaluation.age_group import (
    ADULTS_FOUND,
    ADULTS_REFUSED,
    CHILDREN_REFUSED,
    AgeTable,
    age_figures,
    child_probabilities,
    choose_limits,
    fit_age_head,
)
from training.evaluation.embeddings import film_embeddings
from training.export.card import write_bundle_texts
from training.export.gate_card import gate_to_write
from training.films.ages import ADULTS_FROM_YEARS, CHILDREN_BELOW_YEARS, AgeFilm, read_age_films
from training.films.drawn_adults import drawn_adults

logger = logging.getLogger(__name__)


def train_age_group(models: Path, data_root: Path, cache: Path, trunk_id: str) -> tuple[Head, AgeGroup]:
    """Train the head on the features of a trunk, choose its limits on val, and measure it.

    Parameters
    ----------
    models : Path
        Folder of bundles, where the trunk lies.
    data_root : Path
        Folder of the collections, as in docs/collections.md.
    cache : Path
        Folder for features: a second training with the same trunk takes seconds.
    trunk_id : str

    Raises
    ------
    TrainingError
        When a manifest or a film cannot be used, or the trunk has no compiled graph.
    """
    trunk = load_bundle(models / trunk_id)
    if trunk.serving_path is None:
        raise TrainingError(f"`trunk` must have a compiled graph; {trunk.id} has none.")
    films = [*read_age_films(data_root), *drawn_adults(cache / "drawn-chests")]
    table = _table(trunk, films, cache)
    parts = np.array([one.part for one in films])
    learned, chosen, judged = (table.films(parts == part) for part in ("train", "val", "test"))
    head, told = fit_age_head(learned)
    limits = choose_limits(chosen, child_probabilities(head, chosen.embeddings))
    basis = (
        f"val: {int(chosen.children.sum())} films of children, {int((~chosen.children).sum())} of adults; at "
        f"most {ADULTS_REFUSED:.0%} of the adults of any collection refused by adults' models, at most "
        f"{CHILDREN_REFUSED:.0%} of children by children's, which are to refuse {ADULTS_FOUND:.0%} of "
        "adults. Trained on "
        f"{int(learned.children.sum())} films of children and {int((~learned.children).sum())} of adults, "
        f"collections alike; {told}"
    )
    return head, AgeGroup(
        trunk=Trunk(id=trunk.id, sha256=file_sha256(trunk.serving_path)),
        children_below_years=CHILDREN_BELOW_YEARS,
        adults_from_years=ADULTS_FROM_YEARS,
        adult_below=limits.adult_below,
        child_above=limits.child_above,
        chosen_on=basis,
        figures=age_figures(judged, child_probabilities(head, judged.embeddings), limits),
    )


def write_age_group(models: Path, head: Head, group: AgeGroup) -> Path:
    """Put the head beside the gate's graph, and what is known of it into ``bundle.json`` and the card.

    Returns
    -------
    Path
        The gate's folder.

    Raises
    ------
    TrainingError
        When the folder has no gate.
    """
    gate = gate_to_write(models)
    head.write(gate.path / AGE_FILE)
    spec = read_spec(gate.path)
    files = spec.files | {AGE_FILE: file_sha256(gate.path / AGE_FILE)}
    write_bundle_texts(spec.model_copy(update={"age_group": group, "files": files}), gate.path)
    return gate.path


def _table(trunk: Bundle, films: Sequence[AgeFilm], cache: Path) -> AgeTable:
    return AgeTable(
        film_embeddings(trunk, [one.film.path for one in films], cache),
        np.array([one.child for one in films], dtype=bool),
        [one.collection.name for one in films],
        [f"{one.collection.name} {one.film.group}" for one in films],
    )
