"""``--engine ray``: the same rows, asked for on the machines of a Ray cluster; written here, in order.

Only this process writes: a worker that is lost takes no row with it, its films are sent out again.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from cxr_dash.cli.scoring.film import Scored, score_film
from cxr_dash.cli.sources import Source
from cxr_dash.errors import BackendMissingError, CxrError, RequestError
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.settings import Settings

# Films sent at a time: enough to hide the way there and back, few enough to be done again.
_BATCH = 8
_ATTEMPTS_MORE = 5
_BATCHES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What every worker is told; small, and the same for all films."""

    settings: Settings
    model_id: str
    gate: bool
    prevalences: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FarRow:
    """A row from another process: its cells, and no analysis."""

    path: str
    status: str
    row: list[str]
    further: list[str]

    def cells(self, _spec: BundleSpec) -> list[str]:
        """As :meth:`Scored.cells`."""
        return self.row

    def further_cells(self, _spec: BundleSpec) -> list[str]:
        """As :meth:`Scored.further_cells`."""
        return self.further


def on_ray(asked: Asked, sources: Iterable[Source]) -> Iterator[FarRow]:
    """Rows in the order of ``sources``; a bounded number of them is on its way.

    Parameters
    ----------
    asked : Asked
    sources : iterable of Source
        The workers must see the same files under the same paths.

    Raises
    ------
    BackendMissingError
        When Ray is not installed.
    RequestError
        When no cluster answers, one batch cost its worker again and again, or a worker says what stopped it.
    CxrError
        When the model cannot answer.
    """
    ray = _ray()
    if not ray.is_initialized():
        # RAY_ADDRESS names a cluster; without it one is begun on this machine
        ray.init(configure_logging=False, log_to_driver=False, include_dashboard=False)
    task = ray.remote(max_retries=_ATTEMPTS_MORE, num_cpus=1)(_score_batch)
    remaining, waiting = iter(sources), deque[Any]()
    try:
        while batch := list(islice(remaining, _BATCH)):
            waiting.append(task.remote(asked, batch))
            if len(waiting) > _BATCHES_AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1))):
                yield from _answer(ray, waiting.popleft())
        while waiting:
            yield from _answer(ray, waiting.popleft())
    finally:
        for one in waiting:
            ray.cancel(one, force=False)


def _answer(ray: Any, reference: Any) -> list[FarRow]:
    try:
        found: list[FarRow] | CxrError = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        # a worker that lives and says what stopped it; no batch is lost, trying again would end the same way
        raise RequestError(
            f"`--engine ray` must have workers that can do what this command does; one ended with "
            f"{_cause(error)}.",
            remedy="Look whether all machines have the same cxr-dash and see the same files and models; then "
            "start again: what is written is kept.",
        ) from error
    except ray.exceptions.RayError as error:
        raise RequestError(
            f"`--engine ray` must have workers that stay; {_ATTEMPTS_MORE + 1} were lost over the same films "
            f"({type(error).__name__}).",
            remedy="Look at the cluster's memory and log, then start again: what is written is kept.",
        ) from error
    if isinstance(found, CxrError):
        raise found
    return found


def _cause(error: Any) -> str:
    """What a task was ended by, in one line."""
    cause = error.cause
    said = str(cause).strip().splitlines()
    return f"{type(cause).__name__}: {said[0]}" if said else type(cause).__name__


def _score_batch(asked: Asked, sources: list[Source]) -> list[FarRow] | CxrError:
    try:
        service = _service(asked.settings)
        bundle = service.catalog.get(asked.model_id)
        rows = [
            score_film(service, one, bundle, gate=asked.gate, prevalences=asked.prevalences)
            for one in sources
        ]
    except CxrError as error:  # not lost on the way in an error of Ray's
        return error
    return [_far(row, bundle.spec) for row in rows]


def _far(row: Scored, spec: BundleSpec) -> FarRow:
    return FarRow(row.path, row.status, row.cells(spec), row.further_cells(spec))


@cache
def _service(settings: Settings) -> AnalysisService:
    """One a worker, for all its batches."""
    return build_service(settings)


def _ray() -> Any:
    # without it Ray makes an environment for every task out of the working folder's `uv` project
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError as error:
        raise BackendMissingError(
            "`ray` must be installed to score on a cluster; it is not.",
            remedy="`pip install 'cxr-dash[ray]'`, or leave `--engine` out.",
        ) from error
    return ray
