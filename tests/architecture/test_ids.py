"""Every id on the page stands in ``ui/ids.py``, and nowhere else as a literal of Python."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from page_scripts import Script, scripts

from cxr_dash.settings import ROOT
from cxr_dash.ui import ids
from cxr_dash.ui.views.card import SECTIONS

_NAMING = {"id", "htmlFor", "aria-controls", "aria-labelledby", "aria-describedby"}
_FOREIGN = {"_dash-config", "_dash-app-content", "react-entry-point"}  # Dash's own
_ROW = "row-$"  # the key of a film in the list; no node has it
_NAME = r"[a-zA-Z_][\w-]*"
# an id in a script: asked for, given to a node, spoken of by another; or behind a # in a selector
_IN_A_SCRIPT = re.compile(
    r"(?:(?:byId|ifThere|store|set_props)\(|\b(?:id|for): |target\.id === "
    rf"|\"aria-(?:controls|labelledby)\": )[\"`]({_NAME}\$?)|(?<![\w&])#({_NAME}\$?)"
)


def _values() -> set[str]:
    known = {value for name, value in vars(ids).items() if name.isupper() and isinstance(value, str)}
    known |= {ids.download(kind) for kind in ids.DOWNLOAD_KINDS} | set(ids.WINDOW_FILTERS)
    return known | {
        name(key) for key in ids.CARD_SECTIONS for name in (ids.card_section, ids.card_section_title)
    }


KNOWN = _values()
# all but that of the report of a training run, which is another page
_BROWSER_TESTS = sorted(
    set((ROOT / "tests" / "browser").glob("*.py")) - set((ROOT / "tests" / "browser").glob("*report_page.py"))
)


def _is_known(name: str) -> bool:
    """Whether it is an id, or, of a text that a script puts together, how one begins."""
    if name.endswith(("$", "-")) and name != _ROW:
        return any(one.startswith(name.rstrip("$")) for one in KNOWN)
    return name in KNOWN | _FOREIGN | {_ROW}


def _literals(path: Path) -> list[str]:
    """Ids that are written down where a component is made."""

    def is_text(node: ast.expr) -> bool:
        return isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        )

    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in _NAMING and is_text(node.value):
            found.append(ast.unparse(node.value))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"Input", "Output", "State"}
        ):
            found += [ast.unparse(one) for one in node.args[:1] if is_text(one)]
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            named = [
                one for key, one in pairs if isinstance(key, ast.Constant) and key.value in _NAMING - {"id"}
            ]
            found += [ast.unparse(one) for one in named if is_text(one)]
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((ROOT / "cxr_dash").rglob("*.py")) if "ui" in path.parts or "web" in path.parts],
    ids=lambda path: path.name,
)
def test_no_component_has_an_id_of_its_own_making(path: Path) -> None:
    assert _literals(path) == []


def test_a_literal_id_is_found(tmp_path: Path) -> None:
    (tmp_path / "view.py").write_text(
        'html.P(id="one", **{"aria-controls": f"two-{key}"}); Output("three", "data"); html.P(id=ids.FOUR)'
    )
    assert sorted(_literals(tmp_path / "view.py")) == ["'one'", "'three'", "f'two-{key}'"]


def test_no_two_names_stand_for_one_id() -> None:
    values = [value for name, value in vars(ids).items() if name.isupper() and isinstance(value, str)]
    assert sorted(value for value in set(values) if values.count(value) > 1) == []


def test_the_sections_of_the_model_page_are_those_that_have_ids() -> None:
    assert tuple(SECTIONS) == ids.CARD_SECTIONS


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.path.name)
def test_scripts_speak_of_no_other_id(script: Script) -> None:
    spoken = {one or other for one, other in _IN_A_SCRIPT.findall(script.text)}
    assert {name for name in spoken if not _is_known(name)} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "assets" / "css").glob("*.css")), ids=lambda path: path.name)
def test_style_sheets_speak_of_no_other_id(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = re.findall(r"([^{};]+)\{", text)
    assert {name for one in selectors for name in re.findall(rf"#({_NAME})", one)} - KNOWN - _FOREIGN == set()


@pytest.mark.parametrize("path", _BROWSER_TESTS, ids=lambda path: path.name)
def test_browser_tests_speak_of_no_other_id(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    spoken = set(re.findall(rf"(?:[\"'`( ,]|>> )#({_NAME})", text))
    assert {name for name in spoken if not _is_known(name)} == set()


def test_every_id_of_the_scripts_is_written_in_one() -> None:
    words = "".join(script.text for script in scripts())
    written = {one for one in ids.BY_SCRIPTS if re.search(rf"[\"`#]{one}[\"`]", words)}
    # put together from a name: `window-${name}`, `window-of-${name}`
    assert ids.BY_SCRIPTS - written == {ids.WINDOW_WIDTH, ids.WINDOW_LEVEL, *ids.WINDOW_FILTERS}
