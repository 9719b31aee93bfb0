"""Features judged by hospitals left out: made-up features whose worth there is known."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.audits.left_out import leave_sources_out

SICK_SOURCES, WELL_SOURCES = ("clinic a", "clinic b"), ("school a", "school b")


@pytest.fixture
def films() -> tuple[np.ndarray, np.ndarray]:
    """Sixty films of each of four sources; sick ones come from clinics, well ones from schools."""
    sources = np.repeat([*SICK_SOURCES, *WELL_SOURCES], 60)
    classes = np.where(np.isin(sources, SICK_SOURCES), "sick", "well")
    return classes, sources


def _embeddings(signal: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(4).normal(size=(len(signal), 20))
    noise[:, 0] += 4.0 * signal
    return noise.astype(np.float32)


def test_features_of_disease_work_where_the_head_has_never_been(films) -> None:
    classes, sources = films
    (found,) = leave_sources_out(_embeddings(classes == "sick"), classes, sources, [("clinic b", "school b")])
    assert found.films == 120
    assert found.auroc["sick"] > 0.95
    assert found.mean == pytest.approx((found.auroc["sick"] + found.auroc["well"]) / 2)


def test_features_of_the_hospital_alone_are_worth_nothing_elsewhere(films) -> None:
    classes, sources = films
    hospital = np.isin(sources, ["clinic a", "school b"])
    (found,) = leave_sources_out(_embeddings(hospital), classes, sources, [("clinic b", "school b")])
    assert found.auroc["sick"] < 0.3


def test_every_class_must_keep_films_to_learn_from(films) -> None:
    classes, sources = films
    with pytest.raises(TrainingError, match=r"without clinic a, clinic b there are none of sick"):
        leave_sources_out(_embeddings(classes == "sick"), classes, sources, [SICK_SOURCES])


def test_an_unknown_source_is_refused_with_those_there_are(films) -> None:
    classes, sources = films
    with pytest.raises(TrainingError, match=r"clinic a, .*school b; received elsewhere"):
        leave_sources_out(_embeddings(classes == "sick"), classes, sources, [("elsewhere",)])


def test_one_class_alone_cannot_be_measured(films) -> None:
    classes, sources = films
    with pytest.raises(TrainingError, match="two classes; received one"):
        leave_sources_out(_embeddings(classes == "sick"), classes, sources, [("clinic b",)])
