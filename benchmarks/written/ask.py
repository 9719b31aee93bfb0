"""Ask the product about every film and every way to write it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.written.damage import png
from benchmarks.written.kinds import Kind
from cxr_dash.domain import Analysis, Verdict
from cxr_dash.errors import FilmError
from cxr_dash.services import AnalysisService

_SEED = 20261129


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one film in one kind.

    Attributes
    ----------
    kind, film : str
    outcome : {"ok", "said", "rejected", "error"}
        ``said``: read, with a reason that the film itself does not have.
    flips : int
        Findings on another side of their default threshold than in the film itself; 0 unless read.
    difference : float
        Largest difference of a probability, 0-1.
    reasons : tuple of str
    """

    kind: str
    film: str
    outcome: str
    flips: int
    difference: float
    reasons: tuple[str, ...]


def ask(
    service: AnalysisService, model_id: str, films: Sequence[Path], kinds: Sequence[Kind]
) -> Iterable[Answer]:
    """Answers by film and kind; films that are refused as they are do not count.

    Parameters
    ----------
    service : AnalysisService
    model_id : str
    films : sequence of Path
    kinds : sequence of Kind
    """
    for number, path in enumerate(films):
        film = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        control = service.analyse_bytes(png(film), model_id)
        if control.quality.verdict is Verdict.REJECT:
            continue
        for index, kind in enumerate(kinds):
            data = kind.write(film, np.random.default_rng((_SEED, number, index)))
            try:
                other = service.analyse_bytes(data, model_id)
            except FilmError as error:
                yield Answer(kind.name, path.name, "error", 0, 0.0, (error.code,))
            else:
                yield _compared(kind.name, path.name, control, other)


def _compared(kind: str, film: str, control: Analysis, other: Analysis) -> Answer:
    reasons = _codes(other)
    if other.quality.verdict is Verdict.REJECT:
        return Answer(kind, film, "rejected", 0, 0.0, reasons)
    new = tuple(reason for reason in reasons if reason not in _codes(control))
    pairs = list(zip(control.findings, other.findings, strict=True))
    return Answer(
        kind,
        film,
        "said" if new else "ok",
        sum(one.above != two.above for one, two in pairs),
        max(abs(one.probability - two.probability) for one, two in pairs),
        new,
    )


def _codes(analysis: Analysis) -> tuple[str, ...]:
    return tuple(str(getattr(reason, "code", reason)) for reason in analysis.quality.reasons)
