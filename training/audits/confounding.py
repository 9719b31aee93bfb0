"""What else goes with the labels: the source, the projection, sex and age, and whether the model knows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cxr_dash.inference.schema import Audit, AuditFigure, Interval
from training import metrics as m
from training.audits.material import (
    Material,
    ScoredSplit,
    balanced_recall,
    kept_share,
    macro_auroc,
    resampling_of,
    usable,
)
from training.audits.probe import frequent, one_hot, probe, share_by_name
from training.audits.verdicts import (
    BAD_SHARE,
    CAUTION_SHARE,
    LOSS_LIMIT,
    audit_figure,
    judge_gained,
    judge_kept,
    not_measured,
    worst,
)
from training.evaluation.strata import enough_within, within_strata
from training.films.manifest import Film
from training.metrics import figure

_SOURCE_LIMIT = (
    f"bad when the source is told from the embedding (more than {BAD_SHARE:.0%} of the way from chance to "
    f"certainty) and the source alone predicts the label (more than {BAD_SHARE:.0%} of what the model's "
    f"AUROC has above chance); ok when one of them is below {CAUTION_SHARE:.0%}; caution otherwise"
)


def within_source_audit(material: Material) -> Audit:
    """``within_source``: AUROC over pairs of films of one source, next to the pooled one."""
    key, name = "within_source", "Within one source"
    if not material.judged:
        return not_measured(key, name, "no test films.", LOSS_LIMIT)
    split = material.judged[0]
    found = _adjusted(split, split.films, [film.source for film in split.films])
    if found is None:
        return not_measured(
            key, name, "no source has enough films of both kinds: source and label are one.", LOSS_LIMIT
        )
    pooled, within, share, columns = found
    labels = [material.spec.label_keys[k] for k in columns]
    by_source = _by_stratum(split, [film.source for film in split.films], "source")
    lowest = min(by_source, key=lambda entry: entry.value.value, default=None)
    return Audit(
        key=key,
        name=name,
        verdict=judge_kept(share.value) if share else "caution",
        headline=f"Comparing only films of the same source, the AUROC is {figure(within)} instead of "
        f"{figure(pooled)} on {split.name}"
        + (f": {share.value:.0%} of it is left." if share else ".")
        + (f" Lowest: {lowest.name}, {figure(lowest.value)}." if lowest else ""),
        limit=LOSS_LIMIT,
        details=[
            "Sources weigh by their pairs: a large one can hide a small one, so each stands below by itself.",
            *(
                [f"Mean over {', '.join(labels)}; the other labels have too few such pairs."]
                if len(labels) < len(material.spec.labels)
                else []
            ),
        ],
        figures=[
            *audit_figure("AUROC, pooled", split.name, pooled),
            *audit_figure("AUROC within source", split.name, within),
            *audit_figure("share left above chance", split.name, share),
            *by_source,
        ],
    )


def source_audit(material: Material) -> Audit:
    """``source_embedding``: whether the model knows the source, and whether that would help it."""
    key, name = "source_embedding", "Does the model know the source?"
    films = [film for split in material.splits.values() for film in split.films]
    kept = frequent([film.source for film in films])
    films = [film for film, keep in zip(films, kept, strict=True) if keep]
    names = [film.source for film in films]
    count = len(set(names))
    if count < 2:
        return not_measured(key, name, "all films come from one source.", _SOURCE_LIMIT)
    embeddings = np.concatenate([split.scores.embeddings for split in material.splits.values()])[kept]
    targets = np.concatenate([split.targets for split in material.splits.values()])[kept]
    own = np.concatenate([split.probabilities for split in material.splits.values()])[kept]
    groups = [film.group for film in films]
    told = balanced_recall(probe(embeddings, names, groups), one_hot(names), films)
    columns = usable(targets)
    alone = share_by_name(names, targets, groups)
    predicted = macro_auroc(alone[:, columns], targets[:, columns], films) if columns else None
    share = (
        kept_share((m.auroc, alone[:, columns]), targets[:, columns], own[:, columns], films)
        if columns
        else None
    )
    known = (told.value - 1 / count) / (1 - 1 / count)
    where = ", ".join(material.splits)
    figures = [
        *audit_figure(f"source told from the embedding, balanced (chance {1 / count:.2f})", where, told),
        *audit_figure("AUROC of the source alone, mean over labels", where, predicted),
        *audit_figure("share of the model's AUROC above chance", where, share),
    ]
    if material.softmax:
        figures += audit_figure(
            "commonest class of the source, balanced recall", where, balanced_recall(alone, targets, films)
        )
    weaker = min(known, share.value if share else 1.0)
    return Audit(
        key=key,
        name=name,
        verdict=judge_gained(weaker),
        headline=f"A logistic regression on the model's embedding names the source of {figure(told)} of "
        f"films (balanced over {count} sources, chance {1 / count:.2f}), and the source alone predicts the "
        f"labels with AUROC {figure(predicted)}. A model that knows the hospital can score without disease.",
        limit=_SOURCE_LIMIT,
        details=["Films the model did not learn from; patients never on both sides of the probe."],
        figures=figures,
    )


def strata_audit(material: Material) -> Audit:
    """``confounding``: AUROC within projection, sex and age, and what the embedding tells of them."""
    key, name = "confounding", "Projection, sex and age"
    if not material.judged:
        return not_measured(key, name, "no test films.", LOSS_LIMIT)
    split = material.judged[0]
    figures: list[AuditFigure] = []
    verdicts, words = [], []
    for what, strata in _facts(split.films).items():
        known = frequent(strata)
        names = [value for value, keep in zip(strata, known, strict=True) if keep]
        if len(set(names)) < 2:
            continue
        figures += _by_stratum(split, strata, what)
        inside = _part(split, known)
        found = _adjusted(inside, inside.films, names)
        if found is not None:
            pooled, within, share, _ = found
            figures += audit_figure(f"AUROC within {what}", split.name, within)
            figures += audit_figure(f"AUROC of the same films, {what} ignored", split.name, pooled)
            if share:
                verdicts.append(judge_kept(share.value))
                words.append(f"{figure(within)} within {what} against {figure(pooled)}")
        told = balanced_recall(
            probe(inside.scores.embeddings, names, [film.group for film in inside.films]),
            one_hot(names),
            inside.films,
        )
        chance = 1 / len(set(names))
        figures += audit_figure(
            f"{what} told from the embedding, balanced (chance {chance:.2f})", split.name, told
        )
    if not verdicts:
        return not_measured(
            key, name, "the films' projection, sex and age are not known, or all the same.", LOSS_LIMIT
        )
    return Audit(
        key=key,
        name=name,
        verdict=worst(verdicts),
        headline=f"AUROC on {split.name} when only films alike are compared: {'; '.join(words)}.",
        limit=f"{LOSS_LIMIT}; the worst of them decides",
        details=["Age in thirds. That a model knows projection or sex is no fault unless it scores by it."],
        figures=figures,
    )


def _facts(films: Sequence[Film]) -> dict[str, list[str]]:
    """Projection, sex, third of age and population (children or not) of every film; empty where unknown."""
    ages = np.array([film.age for film in films if film.age is not None], dtype=np.float64)
    cuts = np.quantile(ages, [1 / 3, 2 / 3]) if len(ages) else np.zeros(2)

    def third(age: float | None) -> str:
        if age is None:
            return ""
        if age <= cuts[0]:
            return f"age up to {cuts[0]:g}"
        return f"age {cuts[0]:g} to {cuts[1]:g}" if age <= cuts[1] else f"age over {cuts[1]:g}"

    return {
        "projection": [film.view for film in films],
        "sex": [film.sex for film in films],
        "age": [third(film.age) for film in films],
        "population": [film.population for film in films],
    }


def _part(split: ScoredSplit, mask: NDArray[np.bool_]) -> ScoredSplit:
    """The films of a split that a mask keeps."""
    scores = split.scores
    return ScoredSplit(
        name=split.name,
        films=[film for film, keep in zip(split.films, mask, strict=True) if keep],
        targets=split.targets[mask],
        probabilities=split.probabilities[mask],
        scores=type(scores)(scores.logits[mask], scores.embeddings[mask], scores.peaks[mask]),
    )


def _by_stratum(split: ScoredSplit, strata: Sequence[str], what: str) -> list[AuditFigure]:
    """AUROC of the films of each stratum alone."""
    found: list[AuditFigure] = []
    for value in sorted({name for name, keep in zip(strata, frequent(strata), strict=True) if keep}):
        part = _part(split, np.array([name == value for name in strata]))
        columns = usable(part.targets)
        if columns:
            auroc = macro_auroc(part.probabilities[:, columns], part.targets[:, columns], part.films)
            title = value if what == "age" else f"{what} {value}"
            found += audit_figure(f"AUROC, {title} only ({len(columns)} labels)", split.name, auroc)
    return found


def _adjusted(
    split: ScoredSplit, films: Sequence[Film], strata: Sequence[str]
) -> tuple[Interval, Interval, Interval | None, list[int]] | None:
    """Pooled AUROC, AUROC within strata, the share left, and over which labels; None without any."""
    columns = [k for k in usable(split.targets) if enough_within(split.targets[:, k], strata)]
    if not columns:
        return None
    own, targets = split.probabilities[:, columns], split.targets[:, columns]
    metric = within_strata(strata)
    within = m.macro(metric, own, targets, resampling_of(films))
    return macro_auroc(own, targets, films), within, kept_share((metric, own), targets, own, films), columns
