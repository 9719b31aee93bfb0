"""``cxr-dash score``: many films into one CSV file, a row each, written as it is known."""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO, TypeVar

from cxr_dash.cli.console import warn
from cxr_dash.cli.heat_files import HeatFolder
from cxr_dash.cli.sources import Source, find_sources
from cxr_dash.domain import Analysis, Verdict
from cxr_dash.errors import UNEXPECTED, CxrError, FilmError, RequestError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language import say_reasons
from cxr_dash.services import AnalysisService
from cxr_dash.services.exports import (
    COLUMNS,
    RATIO_COLUMNS,
    REASON_CODES,
    csv_line,
    film_score_cells,
    film_score_columns,
    guarded,
    probability_cells,
    ratio_cells,
)
from cxr_dash.services.prevalence import at_prevalence

logger = logging.getLogger(__name__)

_PROGRESS_EVERY = 200

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Scored:
    """One film's row.

    Attributes
    ----------
    path : str
        As given; of a film in a ZIP, the archive's path, a slash and the name in it.
    status : str
        ``"ok"``, ``"rejected"`` or ``"error"``.
    reason : str
        In words; empty for an ordinary film.
    analysis : Analysis or None
        ``None`` where the file could not be analysed.
    error_code : str
        Then the error's stable code.
    """

    path: str
    status: str
    reason: str
    analysis: Analysis | None
    error_code: str = ""

    def cells(self, spec: BundleSpec) -> list[str]:
        """The row; probabilities with six decimals, empty unless ``ok``; no cell is a formula."""
        figures = self.analysis if self.status == "ok" else None
        codes = [self.error_code] if self.analysis is None else self.analysis.quality.codes
        return [
            *(guarded(self.path), self.status, guarded(self.reason), spec.id),
            *probability_cells(figures, spec.label_keys),
            " ".join(codes),
            *film_score_cells(figures, spec),
            *ratio_cells(figures),
        ]


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


def score_film(
    service: AnalysisService,
    source: Source,
    bundle: Bundle,
    *,
    gate: bool,
    prevalences: Mapping[str, float] | None = None,
) -> Scored:
    """Analyse one film; whatever is wrong with it becomes its row.

    Raises
    ------
    CxrError
        When something other than the file is wrong: the next film would fail the same way.
    """
    path = source.path
    try:
        data = source.read(service.settings.max_upload_bytes)
        analysis = service.analyse_bytes(data, bundle.id, gate=gate)
        analysis = at_prevalence(analysis, bundle.spec, prevalences or {})
    except FilmError as error:
        return Scored(path, "error", str(error), None, error.code)
    except CxrError:
        raise
    except Exception as error:
        # A fault of ours in one film of thousands: the row says so, the others are still scored.
        logger.error("a film could not be analysed: %r", error)
        reason = f"Unexpected {type(error).__name__}: {error}. Please report it."
        return Scored(path, "error", reason, None, UNEXPECTED)
    reason = " ".join(say_reasons(analysis.quality.reasons))
    status = "rejected" if analysis.quality.verdict is Verdict.REJECT else "ok"
    return Scored(path, status, reason, analysis)


def score(service: AnalysisService, request: ScoreRequest) -> Counter[str]:
    """Score every file and write the CSV file; a crash loses nothing that was written before it.

    Returns
    -------
    Counter of str
        Files by status.

    Raises
    ------
    RequestError
        When a path is missing, no file is found, or the output cannot be written.
    CxrError
        When the model cannot answer.
    """
    bundle = service.catalog.get(request.model_id)
    own = [request.out] if request.heatmaps is None else [request.out, request.heatmaps]
    sources = find_sources(request.paths, leave_out=own)
    if not sources:
        raise RequestError(
            f"`PATH` must hold at least one file; received {', '.join(request.paths)}.",
            remedy="Hidden files are not read.",
        )
    rows = in_order(
        lambda source: score_film(
            service, source, bundle, gate=request.gate, prevalences=request.prevalences
        ),
        sources,
        request.jobs,
    )
    try:
        folder = None if request.heatmaps is None else HeatFolder(request.heatmaps)
        # The names of files need not be UTF-8, but one such byte would keep readers from the whole table.
        with request.out.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            return _write(stream, _saved(rows, folder), bundle, total=len(sources))
    except OSError as error:
        raise RequestError(
            f"`--out` and `--heatmaps` must be writable; {error.filename or request.out}: {error.strerror}.",
            remedy="Choose another place, or free some space.",
        ) from error


def _saved(rows: Iterable[Scored], folder: HeatFolder | None) -> Iterator[Scored]:
    for row in rows:
        if folder is not None and row.analysis is not None and row.status == "ok":
            stem = folder.save(Path(row.path), row.analysis)
            if stem != Path(row.path).stem:
                warn(f"{row.path}: its name is taken or too long; its heatmaps are {stem}.*.npy")
        yield row


def _write(stream: TextIO, rows: Iterable[Scored], bundle: Bundle, *, total: int) -> Counter[str]:
    spec = bundle.spec
    score = film_score_columns(spec)
    stream.write(csv_line([*COLUMNS, *spec.label_keys, REASON_CODES, *score, *RATIO_COLUMNS]))
    counts: Counter[str] = Counter()
    for row in rows:
        stream.write(csv_line(row.cells(spec)))
        stream.flush()
        counts[row.status] += 1
        progress(counts.total(), total)
    return counts


def progress(number: int, total: int) -> None:
    """Say on stderr how far a long command has come."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{number} / {total} films" + ("\n" if number == total else ""))
        sys.stderr.flush()
    elif number % _PROGRESS_EVERY == 0 and number != total:
        warn(f"{number} / {total} films")


def in_order(work: Callable[[Item], Answer], files: Iterable[Item], jobs: int) -> Iterator[Answer]:
    """Results in the order of ``files``, computed by ``jobs`` threads at most two films ahead of each.

    The look-ahead is bounded: memory does not grow with the number of films.
    """
    with ThreadPoolExecutor(jobs, thread_name_prefix="cxr-score") as pool:
        waiting: deque[Future[Answer]] = deque()
        try:
            for file in files:
                waiting.append(pool.submit(work, file))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def default_jobs() -> int:
    """Threads that pay off: one per processor, four at most."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
