"""Which films train, which decide, which measure: by patient, stratified, seeded; or by time."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, check_disjoint

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How films are divided.

    Attributes
    ----------
    val, test : float
        Shares of all films; the rest trains. With ``test`` 0 there is none: figures are then those of other
        films, or of val, and optimistic.
    seed : int
    temporal : bool
        The newest films are ``test``, those before them ``val``.
    """

    val: float = 0.1
    test: float = 0.2
    seed: int = 0
    temporal: bool = False

    def __post_init__(self) -> None:
        if not (self.val > 0 and self.test >= 0 and self.val + self.test < 1):
            raise TrainingError(
                "`val` must be above 0, `test` 0 or more, and both below 1 together; received "
                f"val={self.val}, test={self.test}."
            )


def complete_splits(films: Sequence[Film], plan: SplitPlan) -> list[Film]:
    """Keep official splits, and make what is missing of them.

    Films without any split are divided in three. Where ``train`` and ``test`` are official and there is no
    ``val``, it is taken out of ``train``, patient by patient, in the proportion that the plan gives the two.
    ``external`` films stay so.

    Returns
    -------
    list of Film
        ``external`` ones last; no patient in two splits. A temporal split leaves films out, see
        :func:`split_by_time`.

    Raises
    ------
    TrainingError
        When only some films have a split, or official splits share a patient.
    """
    others = [film for film in films if film.split == "external"]
    films = [film for film in films if film.split != "external"]
    found = {film.split for film in films}
    if found == {""}:
        whole = {"train": 1 - plan.val - plan.test, "val": plan.val, "test": plan.test}
        whole = {name: share for name, share in whole.items() if share > 0}
        made = split_by_time(films, whole) if plan.temporal else split_by_patient(films, whole, plan.seed)
    elif "" in found or "train" not in found:
        raise TrainingError(
            f"Either no film or every film must have a split, `train` among them; received {sorted(found)}.",
            remedy="Complete the official lists, or leave them out.",
        )
    elif plan.temporal:
        raise TrainingError(
            f"A temporal split must start from films without a split; these have {sorted(found)}.",
            remedy="Write the manifest first and divide it with `python -m training split --temporal`.",
        )
    elif "val" in found:
        made = list(films)
    else:
        check_disjoint(films, "The official split")
        shares = {"train": 1 - plan.val - plan.test, "val": plan.val}
        inside = iter(split_by_patient([f for f in films if f.split == "train"], shares, plan.seed))
        made = [next(inside) if film.split == "train" else film for film in films]
    made = [*made, *others]
    check_disjoint(made, "The split")
    return made


def split_by_patient(films: Sequence[Film], shares: Mapping[str, float], seed: int) -> list[Film]:
    """Divide films so that every split has its share of every label, and no patient is torn apart.

    Patients are dealt one by one, those with the rarest labels first, each to the split that still misses
    most films of its rarest label (Sechidis et al. 2011, on patients instead of films).

    Parameters
    ----------
    films : sequence of Film
    shares : mapping
        Split to share; they need not add up to 1.
    seed : int

    Returns
    -------
    list of Film
        In the order of ``films``.
    """
    groups = _groups(films)
    strata = [sorted(film.labels) or [""] for film in films]
    totals = Counter(name for names in strata for name in names)
    rarity = {name: rank for rank, (name, _) in enumerate(sorted(totals.items(), key=lambda item: item[1]))}
    scale = sum(shares.values())
    missing = {
        split: {name: count * share / scale for name, count in (totals | Counter({None: len(films)})).items()}
        for split, share in shares.items()
    }
    order = np.random.default_rng(seed).permutation(len(groups))
    rarest = [min((n for row in rows for n in strata[row]), key=rarity.__getitem__) for rows in groups]
    # sorting is stable: equal groups stay in their random order
    dealt = sorted(order, key=lambda index: (rarity[rarest[index]], -len(groups[index])))
    splits = [""] * len(films)
    for index in dealt:
        name = rarest[index]
        chosen = max(shares, key=lambda split: (missing[split][name], missing[split][None]))
        for row in groups[index]:
            splits[row] = chosen
            missing[chosen][None] -= 1
            for label in strata[row]:
                missing[chosen][label] -= 1
    return [replace(film, split=split) for film, split in zip(films, splits, strict=True)]


def split_by_time(films: Sequence[Film], shares: Mapping[str, float]) -> list[Film]:
    """Divide films by when they were taken: the splits follow one another in time, as in ``shares``.

    A patient belongs to the split of the last of their films; films of theirs from the time of an earlier
    split are left out, so that neither a patient nor a moment is in two splits.

    Raises
    ------
    TrainingError
        When a film has no date or follow-up number, or all are of one moment.
    """
    moments = np.array([_moment(film) for film in films])
    groups = _groups(films)
    latest = np.zeros(len(films))
    for rows in groups:
        latest[rows] = moments[rows].max()
    names, share = list(shares), np.array(list(shares.values()))
    cuts = np.quantile(latest, np.cumsum(share / share.sum())[:-1], method="lower")
    of_patient = np.searchsorted(cuts, latest, side="left")
    of_film = np.searchsorted(cuts, moments, side="left")
    if len(set(of_patient.tolist())) < len(names):
        raise TrainingError(
            f"A temporal split must have films for each of {', '.join(names)}; too many are of one moment "
            f"(cuts after {cuts.tolist()}).",
            remedy="Choose other shares, or split by patient.",
        )
    kept = [row for row in range(len(films)) if of_patient[row] == of_film[row]]
    logger.info("left out %d earlier films of patients seen again later", len(films) - len(kept))
    return [replace(films[row], split=names[of_patient[row]]) for row in kept]


def _groups(films: Sequence[Film]) -> list[list[int]]:
    """Rows that must stay together: the same split group, or the same patient of the same source."""
    parent: dict[tuple[str, ...], tuple[str, ...]] = {}

    def root(key: tuple[str, ...]) -> tuple[str, ...]:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    for film in films:
        if film.patient:
            parent[root(("patient", film.source, film.patient))] = root(("group", film.group))
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, film in enumerate(films):
        rows[root(("group", film.group))].append(row)
    return list(rows.values())


def _moment(film: Film) -> float:
    try:
        return float(film.taken)
    except ValueError:
        pass
    try:
        return float(date.fromisoformat(film.taken).toordinal())
    except ValueError as error:
        raise TrainingError(
            f"{film.where or film.path.name}: `study_date` must be a date such as 2020-03-31 (or `followup` "
            f"a number) for a temporal split; received {film.taken!r}."
        ) from error
