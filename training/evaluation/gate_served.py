"""What passes the input gate and what does not, counted through ``cxr-dash score``, which serves too."""

from __future__ import annotations

import csv
import json
import logging
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import SPEC_FILE
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_age import AGE_FILE
from training.films.gate.collection import TEST_ONLY
from training.films.gate.pictures import FRONTAL
from training.films.gate.write import write_collection
from training.films.manifest import Film
from training.writing import write_json

logger = logging.getLogger(__name__)

_PROGRAM = "from cxr_dash.cli import app; app()"
AS_THEY_ARE = ("film", "chest_frontal_64_POSITIVE", "chest_frontal_POSITIVE")


@dataclass(frozen=True, slots=True)
class GateCount:
    """One group of pictures that were used neither in training nor in choosing.

    Attributes
    ----------
    group : str
        Source or kind, or the name of a sum.
    part : str
        ``frontal``, ``changed`` (frontal films, still readable), ``met`` or ``unmet`` (kinds of non-films
        that the gate was, or was never, trained on), ``total``.
    pictures, rejected, warned : int
        The rest passed without a word.
    right : Interval
        Frontal films: share not rejected; all else: share rejected. Wilson's interval.
    """

    group: str
    part: str
    pictures: int
    rejected: int
    warned: int
    right: Interval

    @property
    def frontal(self) -> bool:
        """Whether these are frontal films, which should pass."""
        return self.part in ("frontal", "changed") or self.group.startswith("frontal films")


def measure_served_gate(
    models: Path, data: Path, model_ids: Sequence[str], films: Path | None = None, *, seed: int = 0
) -> dict[str, list[GateCount]]:
    """Ask the app about every test and external picture of the collection.

    Parameters
    ----------
    models : Path
        Folder of bundles.
    data : Path
        Folder of the collections, as in docs/collections.md.
    model_ids : sequence of str
        Each model has a distance of its own besides the gate, so each is measured.
    films : Path, optional
        Where ``gate-films`` wrote the collection; a temporary folder when left out.
    seed : int
        Of the collection.

    Returns
    -------
    dict of str to list of GateCount
        By model id.

    Raises
    ------
    TrainingError
        When the app ends with an error, or leaves a picture out.
    """
    with TemporaryDirectory() as temporary:
        folder = films or Path(temporary) / "gate"
        listed = write_collection(data, folder, seed=seed)
        held = [film for film in listed if film.split in ("test", "external")]
        served = without_age_group(models, Path(temporary) / "models")
        return {
            model_id: count_gate(held, _score(served, model_id, held, Path(temporary)))
            for model_id in model_ids
        }


def without_age_group(models: Path, folder: Path) -> Path:
    """The same bundles with a gate that is not asked for the age group: children's films are among these.

    Whom a model was made for is another question than what a picture shows, with figures of its own
    (:class:`~cxr_dash.inference.schema_age.AgeFigures`).

    Returns
    -------
    Path
        The folder, of links but for the gate.
    """
    folder.mkdir()
    for bundle in (one for one in models.resolve().iterdir() if (one / SPEC_FILE).is_file()):
        spec = json.loads((bundle / SPEC_FILE).read_text(encoding="utf-8"))
        if not spec.get("age_group"):
            (folder / bundle.name).symlink_to(bundle)
            continue
        copy = Path(shutil.copytree(bundle, folder / bundle.name))
        (copy / AGE_FILE).unlink()
        del spec["age_group"], spec["files"][AGE_FILE]
        write_json(spec, copy / SPEC_FILE)
    return folder


def count_gate(films: Sequence[Film], statuses: dict[str, tuple[str, str]]) -> list[GateCount]:
    """Count verdicts by source and kind.

    Parameters
    ----------
    films : sequence of Film
    statuses : dict
        By path: ``ok``, ``rejected`` or ``error``, and the reason. An error is a refusal too.
    """
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for film in films:
        status, reason = statuses[str(film.path)]
        verdict = ("warned" if reason else "ok") if status == "ok" else "rejected"
        part, group = _part(film), _group(film)
        for key in ((part, group), *(("total", total) for total in _totals(film, part))):
            groups[key].append(verdict)
    return [
        _count(group, part, verdicts)
        for (part, group), verdicts in sorted(groups.items(), key=lambda item: item[0])
    ]


def gate_lines(counts: Sequence[GateCount]) -> list[str]:
    """The counts as lines of text, sums first."""
    titles = {
        "total": "In all",
        "frontal": "Frontal films as they are: share not rejected",
        "changed": "Frontal films, changed but readable: share not rejected",
        "met": "What is no readable frontal film, kinds trained on: share rejected",
        "unmet": "Kinds never trained on nor chosen on: share rejected",
    }
    lines: list[str] = []
    for part, title in titles.items():
        rows = [count for count in counts if count.part == part]
        if rows:
            lines += ["", title]
            lines += [
                f"  {row.group:44} {row.right.value:7.2%} ({row.right.low:.1%}-{row.right.high:.1%})  "
                f"{row.pictures} pictures, {row.rejected} rejected, {row.warned} warned"
                for row in rows
            ]
    return lines[1:]


def gate_table(counts: dict[str, list[GateCount]]) -> dict[str, list[dict[str, object]]]:
    """The counts as plain values, for JSON."""
    return {
        model: [{**asdict(row), "right": row.right.model_dump()} for row in rows]
        for model, rows in counts.items()
    }


def _score(models: Path, model_id: str, films: Sequence[Film], temporary: Path) -> dict[str, tuple[str, str]]:
    out = temporary / f"{model_id}.csv"
    paths = [str(film.path) for film in films]
    command = [sys.executable, "-c", _PROGRAM, "score", *paths, "--model", model_id, "--out", str(out)]
    environment = {**os.environ, "CXR_MODELS_DIR": str(models.resolve())}
    logger.info("asking %s about %d pictures", model_id, len(paths))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode or not out.is_file():
        raise TrainingError(
            f"`cxr-dash score` must score the pictures with {model_id}; it ended with {done.returncode}: "
            f"{done.stderr.strip()[-300:]}"
        )
    with out.open(encoding="utf-8", newline="") as stream:
        # `score` puts an apostrophe before a path that a spreadsheet would calculate
        found = {
            row["path"].removeprefix("'"): (row["status"], row["reason"]) for row in csv.DictReader(stream)
        }
    if missing := set(paths) - set(found):
        raise TrainingError(f"`cxr-dash score` must answer for every picture; {len(missing)} are missing.")
    return found


def _part(film: Film) -> str:
    if FRONTAL in film.labels:
        return "frontal" if film.view in AS_THEY_ARE else "changed"
    return "unmet" if film.view in TEST_ONLY else "met"


def _group(film: Film) -> str:
    if film.view == "film":
        return f"{film.source} ({film.split})"
    return f"{film.view} ({film.source})" if FRONTAL not in film.labels else film.view


def _totals(film: Film, part: str) -> list[str]:
    if part == "frontal":
        return [f"frontal films, {film.split}", "frontal films"]
    if part == "changed":
        return ["frontal films, changed"]
    made = {"drawn pictures": "drawn", "changed films": "unreadable films"}.get(film.source, "real pictures")
    return [f"non-films, {made}", f"non-films, {part}", "non-films"]


def _count(group: str, part: str, verdicts: Sequence[str]) -> GateCount:
    rejected, total = verdicts.count("rejected"), len(verdicts)
    count = GateCount(group, part, total, rejected, verdicts.count("warned"), Interval(value=0.0))
    right = total - rejected if count.frontal else rejected
    low, high = wilson_interval([right], total)
    return replace(count, right=Interval(value=right / total, low=float(low[0]), high=float(high[0])))
