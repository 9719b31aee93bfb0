"""The browser half keeps its own rules: a part speaks of parts below it, and of nothing that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from page_scripts import BEGIN, ENTRY, FREE, SCRIPTS, Script, other_scripts, scripts

from cxr_dash.settings import ROOT, Settings
from cxr_dash.web.application import create_app

_BY_PATH = {script.path: script for script in scripts()}
_OWNERS = {name: script for script in scripts() for name in script.defines}
_EACH = pytest.mark.parametrize("script", scripts(), ids=lambda script: script.path.name)


def test_the_linter_of_scripts_has_nothing_to_say() -> None:
    """Nor of modules: none imports what is not handed out or what it does not use, and none in a circle."""
    linter = Path(sys.executable).parent / "oxlint"
    done = subprocess.run([linter, "assets/js"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_entry_imports_every_part_in_the_order_in_which_they_are_read_here() -> None:
    names = [script.path.relative_to(SCRIPTS).as_posix() for script in scripts()]
    assert len(names) > 60
    assert other_scripts()[ENTRY.name].split("\n")[1:-1] == [f'import "./{name}";' for name in names]


def test_the_page_names_every_module_at_once_and_has_one_script_of_ours_that_is_none(tmp_path: Path) -> None:
    assert set(other_scripts()) == {ENTRY.name, BEGIN.name}
    server = create_app(Settings(cache_dir=tmp_path, warm_up=False)).server
    with server.test_client() as client:
        page = client.get("/").get_data(as_text=True)
    assert re.findall(r'src="/assets/(js/[^"?]+\.js)', page) == ["js/begin.js"]
    (below,) = set(re.findall(r'<link rel="modulepreload" href="(/parts/\w+)/', page))
    named = re.findall(rf'<link rel="modulepreload" href="{below}/([^"]+)">', page)
    assert named == [path.relative_to(SCRIPTS).as_posix() for path in (*_BY_PATH, ENTRY)]


def test_every_name_that_tests_know_has_one_owner() -> None:
    names = [name for script in scripts() for name in script.defines]
    assert len(names) > 60
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_every_request_of_the_page_goes_through_the_part_that_limits_it() -> None:
    """But an upload, whose progress `fetch` cannot tell: that one reports to it."""
    asking = {one.path.name: one for one in scripts() if re.search(r"\bfetch\(|XMLHttpRequest\(", one.text)}
    assert set(asking) == {"16-requests.js", "31-upload.js"}
    assert (asking["16-requests.js"].path, "begin") in asking["31-upload.js"].uses
    assert not re.search(r"\bfetch\b|XMLHttpRequest", "".join(other_scripts().values()))


@_EACH
def test_a_part_is_a_module_and_takes_others_by_plain_imports(script: Script) -> None:
    """One line for each, by its own name or by what it hands out, so that the rules here see them all."""
    assert script.imports or script.members or script.name == "66-model-tables.js"
    assert '"use strict"' not in script.text
    lines = re.findall(r"^\s*(?:import|export)\b.*|\bimport\(.*", script.text, re.MULTILINE)
    lists = re.findall(r"^(?:import|export) \{[^}]*\}", script.text, re.MULTILINE)
    assert len(lines) == len(script.imports) + sum(one.startswith("export") for one in lists)
    assert [one.source for one in script.imports if one.source not in _BY_PATH] == []
    for one in script.imports:
        assert one.space in (None, _BY_PATH[one.source].part)
        assert one.names or one.space


@_EACH
def test_a_part_imports_only_parts_before_it(script: Script) -> None:
    """What it has to say to later ones it tells (`tell`), and they listen; or they give it a rule."""
    at = scripts().index(script)
    above = [one.source.name for one in script.imports if scripts().index(_BY_PATH[one.source]) >= at]
    assert above == []


@_EACH
def test_a_part_uses_only_what_another_hands_out(script: Script) -> None:
    assert {(path.name, name) for path, name in script.uses if name not in _BY_PATH[path].members} == set()


@_EACH
def test_a_part_uses_others_by_the_names_of_what_they_hand_out(script: Script) -> None:
    """As `part.name`, never as `part[name]` or handed on whole, or the rules above would not see it."""
    assert script.handed_on() == []


@_EACH
def test_a_part_hands_out_nothing_that_nobody_uses(script: Script) -> None:
    used = {name for other in scripts() for path, name in other.uses if path == script.path}
    asked = {name if member is None else member for name, member in _asked() if _OWNERS.get(name) == script}
    asked |= {name for name, _ in _asked() if _OWNERS.get(name) == script}
    assert sorted(script.members - used - asked) == []


# What stands before the browser's own, and what Dash looks for.
_GLOBALS = {
    "begin.js": {"beginPage"},
    "16-requests.js": {"fetch"},
    "16-signed-out.js": {"fetch"},
    "90-dash.js": {"dash_clientside", "dash_clientside.cxr"},
}


def test_no_part_puts_anything_where_all_see_it_but_what_dash_looks_for() -> None:
    found = {
        name: set(re.findall(r"\b(?:window|globalThis|self)\.([\w.]+)\s*=(?![=>])", text))
        for name, text in [*((one.name, one.text) for one in scripts()), *other_scripts().items()]
    }
    assert {name: names for name, names in found.items() if names} == _GLOBALS
    text = "".join(one.text for one in scripts()).replace("window.dash_clientside.cxr = ", "")
    assert re.findall(r"(?<![\"'\w-])cxr(?![\w-])[^\n]*", text) == []


_FIELDS = {field: script for script in scripts() for field in script.owns}
_CHANGES = r"set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin"


def _writes(text: str) -> list[str]:
    """Where a field, or what lies in it, is given another value or changed in place."""
    place = FREE + r"state\.\w+(?:\.\w+|\[[^\]\n]*\])*"
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
    """`addField` gives its owner the function that does; all others ask the owner."""
    unpacked = re.findall(r"\{([^{}]*)\} = state(?:\.\w+)*;", script.text)
    aliases = {re.split(r"[:=]", one)[-1].strip() for names in unpacked for one in names.split(",")} - {""}
    text = script.text
    if aliases:
        text = re.sub(rf"{FREE}({'|'.join(aliases)})(?=[.\[])", r"state.\1", text)
    assert _writes(text) == []


@_EACH
def test_a_part_reads_fields_of_its_own_and_of_parts_before_it(script: Script) -> None:
    at = scripts().index(script)
    read = set(re.findall(FREE + r"state\.(\w+)", script.text))
    for names in re.findall(r"\{([^{}]*)\} = state;", script.text):
        read |= {one.split(":")[0].strip() for one in names.split(",")}
    assert {field for field in read if field not in _FIELDS or scripts().index(_FIELDS[field]) > at} == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("state.view.heat = true;", 1),
        ("tell(...state.films.reverse());", 1),
        ("state.answers.set(id, found);", 1),
        ("state.splits[state.facts.id] = 2;", 1),
        ('state.showRejected[on ? "delete" : "add"](id);', 1),
        ("delete state.splits[id];", 1),
        ("Object.assign(state.view, kept);", 1),
        ("state.serial += 1;", 1),
        ("if (state.selected === item.id) return;", 0),
        ("if (state.films.length >= many) return;", 0),
        ("const same = state.films.find((one) => one.id >= 2);", 0),
        ("const answer = state.answers.get(answerKey(model, film));", 0),
    ],
)
def test_a_write_is_told_from_a_look(line: str, found: int) -> None:
    assert len(_writes(line)) == found


@cache
def _asked(*folders: str) -> set[tuple[str, str | None]]:
    """What Python asks the page for, as `cxr.name`, `cxr.part.name` or `{ name } = cxr`."""
    found: set[tuple[str, str | None]] = set()
    for path in (path for folder in folders or _ASKING for path in (ROOT / folder).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        found |= {(name, member or None) for name, member in re.findall(r"\bcxr\.(\w+)(?:\.(\w+))?", text)}
        for names in re.findall(r"\{([^{}]*)\} = cxr;", text):
            found |= {(name.strip(), None) for name in names.split(",")}
    return {(name, member) for name, member in found if name not in {"example", "pem"}}  # a host and a file


_ASKING = ("tests/browser", "benchmarks")


@pytest.mark.parametrize("folder", _ASKING)
def test_what_python_asks_the_page_for_is_there(folder: str) -> None:
    asked = _asked(folder)
    assert len(asked) > 3
    missing = {name for name, _ in asked if name not in _OWNERS}
    missing |= {
        f"{name}.{member}"
        for name, member in asked
        if member and name in _OWNERS and _OWNERS[name].part == name and member not in _OWNERS[name].members
    }
    assert missing == set()
