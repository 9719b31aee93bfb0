"""``cxr-dash score``: many films into one table, a row each, written as it is known and gone on with."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from cxr_dash.cli.console import warn
from cxr_dash.cli.heat_files import HeatFolder
from cxr_dash.cli.scoring.cluster import Asked, FarRow, on_ray
from cxr_dash.cli.scoring.film import Scored, score_film
from cxr_dash.cli.scoring.progress import Progress
from cxr_dash.cli.scoring.record import question
from cxr_dash.cli.scoring.shard import WHOLE, Shard
from cxr_dash.cli.scoring.table import Place, ResultTable
from cxr_dash.cli.scoring.threads import in_order
from cxr_dash.cli.sources import Source, find_sources
from cxr_dash.errors import CxrError, RequestError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.services import AnalysisService


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What was asked for: see ``cxr-dash score --help``."""

    paths: tuple[str, ...]
    model_id: str
    out: Path
    heatmaps: Path | None
    gate: bool
    jobs: int
    prevalences: Mapping[str, float] = field(default_factory=dict)
    shard: Shard = WHOLE
    overwrite: bool = False
    ray: bool = False
    again: bool = False


def score(service: AnalysisService, request: ScoreRequest) -> Counter[str]:
    """Score every film that has no row yet; a crash loses nothing that was written before it.

    Returns
    -------
    Counter of str
        Rows of the table by status, those of earlier commands among them.

    Raises
    ------
    RequestError
        When a path is missing, no file is found, or the output cannot be written or is of something else.
    CxrError
        When the model cannot answer.
    """
    bundle = service.catalog.get(request.model_id)
    if request.ray and request.heatmaps:
        raise RequestError(
            "`--heatmaps` must be left out with `--engine ray`: maps lie where a film is read.",
            remedy="Use shards (`--shard`) for heatmaps on several machines.",
        )
    sources = _some(request)
    try:
        with _opened(service, request, bundle) as (table, heat):
            _go_on(table, heat)
            with _counted(request) as count:
                progress = Progress(count.total)
                met = _unscored(sources, table, progress)
                _write(_rows(service, request, met), table, heat, progress)
            table.finish()
            return table.counts
    except OSError as error:
        raise RequestError(
            f"`--out` and `--heatmaps` must be writable; {error.filename or request.out}: {error.strerror}.",
            remedy="Choose another place, or free some space.",
        ) from error
    except sqlite3.Error as error:
        raise RequestError(
            f"The temporary folder {tempfile.gettempdir()} must have room for lists of paths: {error}.",
            remedy="Free some space, or set SQLITE_TMPDIR to another folder.",
        ) from error


def _rows(
    service: AnalysisService, request: ScoreRequest, sources: Iterator[Source]
) -> Iterator[Scored] | Iterator[FarRow]:
    if request.ray:
        asked = Asked(service.settings, request.model_id, request.gate, request.prevalences)
        return on_ray(asked, sources)
    bundle = service.catalog.get(request.model_id)
    ask = partial(score_film, service, gate=request.gate, prevalences=request.prevalences)
    return in_order(lambda source: ask(source, bundle), sources, request.jobs)


def _some(request: ScoreRequest) -> Iterator[Source]:
    """The films, of this shard, and never none of all shards.

    Raises
    ------
    RequestError
    """
    sources = _found(request)
    first = next(sources, None)
    if first is None:
        raise RequestError(
            f"`PATH` must hold at least one file; received {', '.join(request.paths)}.",
            remedy="Hidden files are not read.",
        )
    return (one for one in chain([first], sources) if request.shard.holds(one.relative))


def _found(request: ScoreRequest) -> Iterator[Source]:
    own = Place(request.out).own()
    return find_sources(request.paths, leave_out=own + ([request.heatmaps] if request.heatmaps else []))


@contextmanager
def _opened(
    service: AnalysisService, request: ScoreRequest, bundle: Bundle
) -> Iterator[tuple[ResultTable, HeatFolder | None]]:
    asked = question(
        service.catalog,
        bundle,
        prevalences=request.prevalences,
        gate=request.gate,
        shard=str(request.shard),
        paths=request.paths,
        heatmaps=request.heatmaps,
    )
    heat = None if request.heatmaps is None else HeatFolder(request.heatmaps, bundle.spec.label_keys)
    table = ResultTable(
        Place(request.out), asked, bundle.spec, overwrite=request.overwrite, again=request.again
    )
    with closing(table), closing(heat) if heat else nullcontext():
        yield table, heat


def _go_on(table: ResultTable, heat: HeatFolder | None) -> None:
    """Learn which rows there are; heatmaps that were saved keep their names."""
    for path, status in table.recover():
        if heat is not None and status == "ok":
            heat.stem(path)
    if rows := table.counts.total():
        warn(f"{rows:,} rows are there already and are kept.")


def _unscored(sources: Iterable[Source], table: ResultTable, progress: Progress) -> Iterator[Source]:
    for source in sources:
        if table.has(source.path):
            progress.passed()
        else:
            yield source


def _write(
    rows: Iterable[Scored | FarRow], table: ResultTable, heat: HeatFolder | None, progress: Progress
) -> None:
    for row in rows:
        if heat is not None and isinstance(row, Scored) and row.analysis is not None and row.status == "ok":
            stem = heat.save(row.path, row.analysis)
            if stem != Path(row.path).stem:
                warn(f"{row.path}: its name is taken or too long; its heatmaps are {stem}.*.npy")
        table.add(row)
        progress.step()
    progress.close()


class _Count:
    """How many films there are, counted beside the work: the list of them is never held."""

    def __init__(self, request: ScoreRequest) -> None:
        self._request = request
        self._total: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cxr-count", daemon=True)
        self._thread.start()

    def total(self) -> int | None:
        """None until all are counted."""
        return self._total

    def stop(self) -> None:
        """Count no further."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        try:
            for source in _found(self._request):
                if self._stop.is_set():
                    return
                number += self._request.shard.holds(source.relative)
        except (CxrError, OSError):
            return  # without a total; the work itself says what is wrong
        self._total = number


@contextmanager
def _counted(request: ScoreRequest) -> Iterator[_Count]:
    count = _Count(request)
    try:
        yield count
    finally:
        count.stop()
