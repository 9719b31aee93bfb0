"""What a model's embedding gives away of patient and view: learned on train films, told on test patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import Float32Array, Float64Array
from cxr_dash.inference.schema import Audit, AuditFigure, Interval
from training import metrics as m
from training.audits.material import Material, resampling_of
from training.audits.probe import linear_probe, one_hot
from training.audits.verdicts import not_measured
from training.evaluation.scoring import score_films
from training.evaluation.split_figures import MIN_SUBGROUP, age_band
from training.films.manifest import Film
from training.films.sampling import some_films
from training.metrics import figure

KEY, NAME = "embedding", "What the embedding gives away"
MOST_FILMS = 1000
CAUTION = 0.80
_SEED = 2026
_LIMIT = (
    f"caution where a linear probe tells one of them with an AUROC above {CAUTION:g}; never bad: that a "
    "model knows it is no fault unless it scores by it, which the audit of projection, sex and age asks"
)
_FACTS: dict[str, Callable[[Film], str]] = {
    "age group": lambda film: age_band(film.age),
    "sex": lambda film: film.sex,
    "projection": lambda film: film.view,
}


def embedding_audit(material: Material) -> Audit:
    """``embedding``: whether age group, sex and projection can be read from the pooled features."""
    if not material.judged or not material.train:
        return not_measured(KEY, NAME, "no films to learn from or to test on.", _LIMIT)
    split = material.judged[0]
    train = some_films(material.train, MOST_FILMS, _SEED)
    learned = score_films(
        material.runtime, [film.path for film in train], material.spec.preparation
    ).embeddings
    found: dict[str, Interval] = {}
    groups: dict[str, int] = {}
    for what, fact in _FACTS.items():
        told = _told(
            (learned, [fact(film) for film in train]),
            (split.scores.embeddings, [fact(film) for film in split.films]),
            split.films,
        )
        if told is not None:
            found[what], groups[what] = told
    if not found:
        return not_measured(KEY, NAME, "age, sex and projection are not known, or all the same.", _LIMIT)
    return Audit(
        key=KEY,
        name=NAME,
        verdict="caution" if max(one.value for one in found.values()) > CAUTION else "ok",
        headline="A linear probe of the embedding tells "
        + ", ".join(f"{what} with AUROC {figure(value)}" for what, value in found.items())
        + f" on {split.name} patients.",
        limit=_LIMIT,
        details=[
            f"Learned on {len(train)} train films, tested on {len(split.films)} films of other patients. Of "
            "more than two groups the mean AUROC of each against the others."
        ],
        figures=[
            AuditFigure(
                name=f"AUROC of {what} from the embedding, {groups[what]} groups",
                split=split.name,
                value=value,
            )
            for what, value in found.items()
        ],
    )


def _told(
    learned: tuple[Float32Array, list[str]], tested: tuple[Float32Array, list[str]], films: Sequence[Film]
) -> tuple[Interval, int] | None:
    """AUROC and the number of groups; None unless two groups have 20 films on either side."""
    names = sorted(set(learned[1]) & set(tested[1]) - {""})
    names = [name for name in names if min(learned[1].count(name), tested[1].count(name)) >= MIN_SUBGROUP]
    if len(names) < 2:
        return None
    one, two = (_known(part[1], names) for part in (learned, tested))
    told = linear_probe(learned[0][one], [learned[1][i] for i in np.flatnonzero(one)], tested[0][two])
    truths = one_hot([tested[1][i] for i in np.flatnonzero(two)])
    inside = [films[int(index)] for index in np.flatnonzero(two)]
    columns: Float64Array = told if len(names) > 2 else told[:, 1:]
    wanted = truths if len(names) > 2 else truths[:, 1:]
    return m.macro(m.auroc, columns, wanted, resampling_of(inside)), len(names)


def _known(found: list[str], names: list[str]) -> NDArray[np.bool_]:
    return np.isin(np.asarray(found, dtype=str), names)
