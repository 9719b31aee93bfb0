"""The record beside a table: what was asked of which model; only the same question goes on with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxr_dash.inference.bundle import SPEC_FILE, Bundle, file_sha256
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services.exports import SOFTWARE

_FORM = 1


@dataclass(frozen=True, slots=True)
class Question:
    """All that a row's figures depend on but the film.

    Attributes
    ----------
    model, model_version : str
    model_sha256 : str
        Of the file that answers.
    bundle_sha256 : str
        Of ``bundle.json``: calibration and thresholds.
    tools : dict of str to str
        The same of the gate and of the segmenter, where they are installed.
    operating_point : str
        The default one.
    thresholds : dict of str to float
        Its thresholds by label key, as the model states them; ``prevalence`` moves both them and the
        probabilities.
    prevalence : dict of str to float
        What was asked for, by label key.
    gate : bool
    shard : str
    paths : list of str
        As given.
    heatmaps : str or None
    """

    model: str
    model_version: str
    model_sha256: str
    bundle_sha256: str
    tools: dict[str, str]
    operating_point: str
    thresholds: dict[str, float]
    prevalence: dict[str, float]
    gate: bool
    shard: str
    paths: list[str]
    heatmaps: str | None

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def question(
    catalog: Catalog,
    bundle: Bundle,
    *,
    prevalences: Mapping[str, float],
    gate: bool,
    shard: str,
    paths: tuple[str, ...],
    heatmaps: Path | None,
) -> Question:
    """What is asked now."""
    point = bundle.spec.operating_point()
    tools = [tool for tool in (catalog.tool("gate"), catalog.tool("lungs")) if tool is not None]
    return Question(
        model=bundle.id,
        model_version=bundle.spec.version,
        model_sha256=bundle.serving_sha256,
        bundle_sha256=file_sha256(bundle.path / SPEC_FILE),
        tools={tool.id: file_sha256(tool.path / SPEC_FILE) for tool in tools},
        operating_point=point.key,
        thresholds=dict(point.thresholds),
        prevalence=dict(prevalences),
        gate=gate,
        shard=shard,
        # as JSON has them: a byte of a name that is no UTF-8 is written out
        paths=[path.encode("utf-8", "backslashreplace").decode() for path in paths],
        heatmaps=None if heatmaps is None else str(heatmaps),
    )


@dataclass(slots=True)
class Record:
    """What is written beside a table.

    Attributes
    ----------
    asked : dict
        A :class:`Question`.
    starts : list of dict
        When a command began or went on with it (UTC), which version, and how many rows there were.
    ended_at : str or None
        When every film had its row.
    rows : dict of str to int
        By status, then.
    """

    asked: dict[str, Any]
    starts: list[dict[str, Any]] = field(default_factory=list)
    ended_at: str | None = None
    rows: dict[str, int] | None = None

    def started(self, rows: int) -> None:
        """A command begins, or goes on."""
        self.starts.append({"at": now(), "software": SOFTWARE, "rows": rows})
        self.ended_at, self.rows = None, None

    def ended(self, rows: Counter[str]) -> None:
        """Every film has its row."""
        self.ended_at, self.rows = now(), dict(sorted(rows.items()))

    def other(self, asked: Question) -> list[str]:
        """What was asked differently: names of a question's attributes."""
        return [name for name, value in asked.data().items() if self.asked.get(name) != value]

    def text(self) -> str:
        """As JSON."""
        return json.dumps({"form": _FORM, **asdict(self)}, indent=2) + "\n"

    def write(self, path: Path) -> None:
        """Write it whole, or leave what is there."""
        # hidden, so that it is no film either
        draft = path.with_name(f".{path.name}.tmp")
        draft.write_text(self.text(), encoding="utf-8")
        draft.replace(path)


def read_record(path: Path) -> Record | None:
    """What stands beside a table; None where nothing does, or nothing of ours."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("form") != _FORM or not isinstance(data["asked"], dict):
            return None
        return Record(**data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def now() -> str:
    """UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
