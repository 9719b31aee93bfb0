"""Names of films, labels, runs and collections are text on every page that training writes, never markup."""

from __future__ import annotations

import csv
import shutil
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from measured_model import subject_of
from pydantic import BaseModel

from cxr_dash.domain import is_language
from cxr_dash.inference.schema import Interval
from training.bench.figures import Bench, Case, Row
from training.evaluation.compare import Comparison
from training.evaluation.evaluate import evaluate
from training.evaluation.run_table import RunRow
from training.explain.films import Choice
from training.report import pictures
from training.report.bench import write_bench
from training.report.build import _page
from training.report.collection import collection_page
from training.report.compare import comparison_page
from training.report.facts import Facts
from training.studies import StudyRow

EVIL_FILE = "\"'><script>alert(1)"
EVIL = EVIL_FILE + "</script>"
INTERVAL = Interval(value=0.7, low=0.6, high=0.8)


def evil(value: Any) -> Any:
    """The same with :data:`EVIL` behind every text, keys of mappings too."""
    if isinstance(value, str):
        # the tag of a text's language is none
        return value if is_language(value) else value + EVIL
    if isinstance(value, dict):
        return {evil(key): evil(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(evil(one) for one in value)
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={name: evil(getattr(value, name)) for name in type(value).model_fields}
        )
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: evil(getattr(value, one.name)) for one in fields(value)})
    return value


class Scripts(HTMLParser):
    """What a browser would run, and every attribute that would."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on") or "<" in name or "'" in name]
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data
        else:
            self.text += data


def check(page: str, *shown: str) -> None:
    """No text became markup, and each of ``shown`` is read as it was written."""
    found = Scripts(page)
    assert [script for script in found.scripts if script.startswith("alert")] == []
    assert found.handlers == []
    assert "<script>alert" not in page
    assert [text for text in shown if text not in found.text] == []


def learned(films_root: Path) -> Any:
    found = evaluate(subject_of(), films_root / "films" / "manifest.csv", "test")[0]
    groups = {"source=drawn": {"films": Interval(value=21), "auroc": INTERVAL}}
    return found.model_copy(update={"subgroups": groups})


def test_a_report_escapes_every_text_of_model_and_evaluation(films_root):
    facts = Facts("t", "p", ("w",), ("n",), {"a": "b"}, {"fit.c": "d"}, (("s", "q", "l"),), {"u": "v"})
    evaluation = evil(learned(films_root))
    page = _page(evil(facts), [], evaluation, [])
    names = ("t", "p", "w", "n", "a", "b", "fit.c", "d", "s", "q", "l", "u", "effusion", "source: drawn")
    # the parts of a name at "=" are told apart before they are shown
    check(page, *(name + EVIL for name in names), evaluation.classification_report)


def test_films_in_a_report_stand_under_their_labels_as_text(monkeypatch):
    label, kind = "mass" + EVIL, "true positive" + EVIL
    monkeypatch.setattr(pictures, "gradcam_strip", lambda *_: np.zeros((8, 8), np.uint8))
    heat = SimpleNamespace(peak=1.0, flat=False, strength="strong" + EVIL)
    found = {"film": SimpleNamespace(film=None, heatmaps={label: heat})}
    body = pictures._heatmaps([Choice(label, kind, "film", 0.9)], found).body
    check(body, label, "strong" + EVIL)
    assert 'alt="mass&#34;&#39;&gt;&lt;script&gt;' in body


def test_the_page_of_a_collection_escapes_what_its_manifest_says(films_root, tmp_path):
    folder = tmp_path / EVIL_FILE
    folder.mkdir()
    with (folder / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "labels", "patient_id", "split", "source", "view"])
        for number in range(4):
            name = f"{number}{EVIL_FILE}.png"
            shutil.copyfile(films_root / "films" / f"{number}.png", folder / name)
            label = ("No Finding", "Effusion|Mass")[number % 2]
            writer.writerow([name, label, number, ("train", "val")[number // 2], "s" + EVIL, "v" + EVIL])
    check(collection_page(folder / "manifest.csv"), folder.name, "s" + EVIL, "v" + EVIL)


def test_the_pages_of_runs_and_of_backends_escape_their_names(tmp_path):
    row = RunRow("run", "small_cnn", 1, 2, 3.0, 0.5, 0.6, 0.7, "test", 9, 0.4, INTERVAL, INTERVAL)
    study = StudyRow("study", "table", {"accuracy": 0.9})
    check(comparison_page(evil(Comparison("test", [row], [], [("run", study)]))), "run" + EVIL, "test" + EVIL)
    failed = Row(Case("small_cnn", 32, 8), "jax", "train", problem="no memory")
    write_bench(evil(Bench({"cpu": "slow"}, (failed,))), tmp_path / "bench.html")
    check((tmp_path / "bench.html").read_text(), "cpu" + EVIL, "slow" + EVIL, "no memory" + EVIL)
