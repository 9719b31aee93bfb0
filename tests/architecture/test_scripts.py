"""The browser half keeps its own rules: a part speaks of parts below it, and of nothing that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from page_scripts import SCRIPTS, Script, scripts

from cxr_dash.settings import ROOT, Settings
from cxr_dash.web.application import create_app

_OWNERS = {name: script for script in scripts() for name in script.defines}
_EACH = pytest.mark.parametrize("script", scripts(), ids=lambda script: script.path.name)


def test_the_linter_of_scripts_has_nothing_to_say() -> None:
    linter = Path(sys.executable).parent / "oxlint"
    done = subprocess.run([linter, "assets/js"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_are_loaded_in_the_order_in_which_they_are_read_here(tmp_path: Path) -> None:
    server = create_app(Settings(cache_dir=tmp_path, warm_up=False)).server
    with server.test_client() as client:
        page = client.get("/").get_data(as_text=True)
    loaded = re.findall(r'src="/assets/(js/[^"?]+\.js)', page)
    assert loaded == [script.path.relative_to(SCRIPTS.parent).as_posix() for script in scripts()]


def test_every_name_under_cxr_has_one_owner() -> None:
    names = [name for script in scripts() for name in script.defines]
    assert len(names) > 60
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


@_EACH
def test_a_part_refers_only_to_parts_loaded_before_it(script: Script) -> None:
    """What it has to say to later ones it tells (`cxr.tell`), and they listen; or they give it a rule."""
    at = scripts().index(script)
    own = script.defines
    above = sorted(
        f"{name} ({_OWNERS[name].name})"
        for name, _ in script.uses
        if name in _OWNERS and name not in own and scripts().index(_OWNERS[name]) >= at
    )
    assert above == []


@_EACH
def test_a_part_uses_only_what_another_hands_out(script: Script) -> None:
    missing = {name for name, _ in script.uses if name not in _OWNERS}
    missing |= {
        f"{name}.{member}"
        for name, member in script.uses
        if member and name in _OWNERS and _OWNERS[name].part == name and member not in _OWNERS[name].members
    }
    assert missing == set()


@_EACH
def test_the_shared_global_is_used_only_by_name(script: Script) -> None:
    """As `cxr.name`, never as `cxr[name]` or handed on whole, or the rules above would not see it."""
    by_name = r"^(?:window\.cxr = |Object\.assign\(cxr, )|window\.dash_clientside\.cxr|\bcxr\.\w|\} = cxr;"
    others = re.sub(by_name, "", script.text, flags=re.MULTILINE)
    assert re.findall(r"(?<![\"'\w-])cxr(?![\w-])[^\n]*", others) == []


_FIELDS = {field: script for script in scripts() for field in script.owns}
_CHANGES = r"set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin"


def _writes(text: str) -> list[str]:
    """Where a field, or what lies in it, is given another value or changed in place."""
    place = r"(?<![\w.])(?:cxr\.)?state\.\w+(?:\.\w+|\[[^\]\n]*\])*"
    return [
        *re.findall(rf"{place}\s*(?:(?:[-+*/%&|^?]{{1,2}}|<<|>>>?)?=(?![=>])|\+\+|--)[^\n]*", text),
        *re.findall(rf"(?:\+\+|--|\bdelete ){place}[^\n]*", text),
        *re.findall(rf"{place}(?:\.(?:{_CHANGES})|\[[^\n]*?\])\([^\n]*", text),
        *re.findall(rf"Object\.(?:assign|defineProperty)\({place}\b(?!\()[^\n]*", text),
    ]


def test_every_field_of_the_state_has_one_writer() -> None:
    fields = [field for script in scripts() for field in script.owns]
    assert len(fields) > 10
    assert sorted(field for field in set(fields) if fields.count(field) > 1) == []


@_EACH
def test_nobody_writes_a_field_past_its_owner(script: Script) -> None:
    """`cxr.own` gives its owner the function that does; all others ask the owner."""
    unpacked = re.findall(r"\{([^{}]*)\} = (?:cxr\.)?state(?:\.\w+)*;", script.text)
    aliases = {re.split(r"[:=]", one)[-1].strip() for names in unpacked for one in names.split(",")} - {""}
    text = script.text
    if aliases:
        text = re.sub(rf"(?<![\w.])({'|'.join(aliases)})(?=[.\[])", r"state.\1", text)
    assert _writes(text) == []


@_EACH
def test_a_part_reads_fields_of_its_own_and_of_parts_before_it(script: Script) -> None:
    at = scripts().index(script)
    read = set(re.findall(r"(?<![\w.])(?:cxr\.)?state\.(\w+)", script.text))
    for names in re.findall(r"\{([^{}]*)\} = (?:cxr\.)?state;", script.text):
        read |= {one.split(":")[0].strip() for one in names.split(",")}
    assert {field for field in read if field not in _FIELDS or scripts().index(_FIELDS[field]) > at} == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("state.view.heat = true;", 1),
        ("cxr.state.films.push(item);", 1),
        ("state.answers.set(id, found);", 1),
        ("state.splits[state.facts.id] = 2;", 1),
        ('state.showRejected[on ? "delete" : "add"](id);', 1),
        ("delete state.splits[id];", 1),
        ("Object.assign(state.view, kept);", 1),
        ("state.serial += 1;", 1),
        ("if (state.selected === item.id) return;", 0),
        ("if (state.films.length >= many) return;", 0),
        ("const same = state.films.find((one) => one.id >= 2);", 0),
        ("const answer = state.answers.get(cxr.key(model, film));", 0),
    ],
)
def test_a_write_is_told_from_a_look(line: str, found: int) -> None:
    assert len(_writes(line)) == found


@pytest.mark.parametrize("folder", ["tests/browser", "benchmarks"])
def test_what_python_asks_the_page_for_is_there(folder: str) -> None:
    asked = {
        (name, member)
        for path in (ROOT / folder).glob("*.py")
        for name, member in re.findall(r"\bcxr\.(\w+)(?:\.(\w+))?", path.read_text(encoding="utf-8"))
        if name not in {"example", "pem"}  # a host and a file
    }
    assert len(asked) > 3
    missing = {name for name, _ in asked if name not in _OWNERS}
    missing |= {
        f"{name}.{member}"
        for name, member in asked
        if member and name in _OWNERS and _OWNERS[name].part == name and member not in _OWNERS[name].members
    }
    assert missing == set()
