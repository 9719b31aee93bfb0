"""Features judged by hospitals left out: made-up features whose worth there is known."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_dash.errors import TrainingError
from training.audits.left_out import classed_films, leave_sources_out

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


def test_films_of_a_recipe_are_those_of_all_its_manifests(films_root, tiny_recipe, monkeypatch, tmp_path):
    """Train and val alone; with the recipe's label, and without it."""
    one = tiny_recipe.model_copy(
        update={"data": tiny_recipe.data.model_copy(update={"labels": ["effusion"], "any_label": None})}
    )
    monkeypatch.setattr(
        "training.audits.left_out.load_recipe", lambda name: {"one": one, "two": tiny_recipe}[name]
    )
    films, classes = classed_films(None, "one", films_root)
    assert {film.split for film in films} == {"train", "val"}
    assert set(classes) == {"effusion", "no effusion"}
    assert [name == "effusion" for name in classes] == ["effusion" in film.labels for film in films]
    plain, names = classed_films(films_root / "films" / "manifest.csv", None, tmp_path)
    assert len(plain) == len(films)
    assert set(names) == {"effusion", "no_finding"}
    with pytest.raises(TrainingError, match="one label; two has effusion, mass"):
        classed_films(None, "two", films_root)
    with pytest.raises(TrainingError, match="either a manifest or a recipe"):
        classed_films(None, None, films_root)
