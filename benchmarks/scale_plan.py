"""Machines, hours and money for archives, worked out from the processor time of one film."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_HOUR = 3_600


@dataclass(frozen=True)
class FilmCost:
    """What one kind of film takes.

    Attributes
    ----------
    name : str
        What a reader sees.
    size_bytes : int
        Of the file.
    seconds : float
        Processor time of one film in all.
    decode_seconds, model_seconds : float
        Of it: until there are pixels; in the graph of the model, where one process does one film at a time.
    """

    name: str
    size_bytes: int
    seconds: float
    decode_seconds: float
    model_seconds: float

    @property
    def per_core(self) -> float:
        """Films a second and core."""
        return 1.0 / self.seconds

    @property
    def cores_of_a_process(self) -> float:
        """Cores that the threads of one process can keep busy: the model's interpreter has one lock."""
        return self.seconds / self.model_seconds


@dataclass(frozen=True)
class Site:
    """Assumptions about where the work is done; replace them by your own.

    Attributes
    ----------
    cores : int
        Of one machine.
    price_per_core_hour : float
        In US dollars.
    efficiency : float
        What a core gives when all are busy, of what it gives alone: shared caches, reading, the system.
    network_bytes : float
        A machine reads so much a second.
    storage_bytes : float
        The store of films gives so much a second to all machines together.
    """

    cores: int = 32
    price_per_core_hour: float = 0.04
    efficiency: float = 0.7
    network_bytes: float = 10e9 / 8
    storage_bytes: float = 5e9


@dataclass(frozen=True)
class Plan:
    """What an archive takes.

    Attributes
    ----------
    core_hours : float
    machines : int
        For the time that was asked, or as many as the store feeds.
    hours : float
        With these machines, until the slowest shard is done.
    dollars : float
        All machines until then.
    read_bytes : float
        A second, all machines together.
    bound : str
        ``"processor"``, ``"network"`` or ``"storage"``.
    """

    core_hours: float
    machines: int
    hours: float
    dollars: float
    read_bytes: float
    bound: str


def plan(films: int, film: FilmCost, hours: float, site: Site | None = None) -> Plan:
    """Machines for so many films in so many hours; more than the store feeds do not help.

    Raises
    ------
    ValueError
        When films or hours are not positive.
    """
    if films < 1 or hours <= 0:
        raise ValueError(f"`films` and `hours` must be positive; received {films} and {hours}")
    site = site or Site()
    by_processor = site.cores * site.efficiency * film.per_core
    by_network = site.network_bytes / film.size_bytes
    rate, bound = min((by_processor, "processor"), (by_network, "network"))
    fed = max(1, math.floor(site.storage_bytes / (rate * film.size_bytes)))
    machines = math.ceil(films / (rate * hours * _HOUR))
    if machines > fed:
        machines, bound = fed, "storage"
    total = min(machines * rate, site.storage_bytes / film.size_bytes)
    taken = films / total / _HOUR
    return Plan(
        core_hours=films * film.seconds / site.efficiency / _HOUR,
        machines=machines,
        hours=taken,
        dollars=machines * site.cores * taken * site.price_per_core_hour,
        read_bytes=total * film.size_bytes,
        bound=bound,
    )


def most_machines(film: FilmCost, site: Site | None = None) -> int:
    """Machines after which the store of films is what one waits for."""
    site = site or Site()
    rate = min(site.cores * site.efficiency * film.per_core, site.network_bytes / film.size_bytes)
    return max(1, math.floor(site.storage_bytes / (rate * film.size_bytes)))


def slowest_shard(
    films: int, shards: int, seconds: Sequence[float], *, runs: int = 200, seed: int = 0
) -> float:
    """How much longer than the mean the slowest shard takes, simulated: films fall into shards by hash.

    Parameters
    ----------
    films, shards : int
    seconds : sequence of float
        Measured times of single films; each film of the archive takes one of them.
    runs : int
        Archives that are drawn.
    seed : int

    Returns
    -------
    float
        Median over the archives of (slowest shard / mean shard); 1.0 is no loss. The time of a shard is drawn
        as the sum of very many films is spread, by a normal distribution.
    """
    rng = np.random.default_rng(seed)
    mean, spread = float(np.mean(seconds)), float(np.std(seconds))
    found = []
    for _ in range(runs):
        counts = rng.multinomial(films, np.full(shards, 1.0 / shards))
        times = rng.normal(counts * mean, np.sqrt(counts) * spread)
        found.append(float(times.max() / (films * mean / shards)))
    return float(np.median(found))
