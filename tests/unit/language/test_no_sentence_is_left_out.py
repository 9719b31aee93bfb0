"""No part of the page says a sentence past the translator: found by how sentences look, with its line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxr_dash.settings import ROOT

_SCRIPTS = sorted((ROOT / "assets" / "js").rglob("*.js"))
assert _SCRIPTS
_VIEWS = sorted((ROOT / "cxr_dash" / "ui").rglob("*.py"))

_LITERAL = r'(?P<text>"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)'
# Where a script puts a text before a reader's eyes or ears.
_SHOWN = re.compile(
    r"(?:\bsetText\((?:(?!\bplural\()[^;\n])*?,|\b(?:text|title|placeholder|alt)\s*:|[\"']aria-(?:label|description|valuetext)[\"']\s*[:,]"
    r"|\.(?:title|textContent|placeholder|ariaLabel|alt)\s*=|\.append\()\s*" + _LITERAL
)
# A sentence or a heading anywhere: two words and more, the first with a capital.
_PROSE = re.compile(
    r'(?P<before>[\w.]*\(|[^"\s(]?)\s*(?P<text>"[A-Z“][\w’\'“”-]*,?(?: [\w’\'“”(){},;:·-]+)+[.…?!]?")'
)
_FILLED_PROSE = re.compile(r"(?P<text>`[A-Z][a-z]+,? (?:[^`\\]|\\.)*`)")
_MARKED = re.compile(r"(?:\b(?:t|N_|plural)\(|,)$")
_NAMES = {"cxr-dash", "PNG", "PDF", "CSV", "JSON", "ZIP", "ROC", "Esc"}  # said alike in every language


def _without_comments(text: str) -> str:
    """Comments blanked out; lines stay where they are."""
    text = re.sub(r"/\*.*?\*/", lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.DOTALL)
    return re.sub(r"(?m)(^|[\s;{}(,])//.*$", r"\1", text)


def _words(literal: str) -> str:
    """What a literal says by itself: without its fields, and without the names that need no translation."""
    said = re.sub(r"\$\{[^}]*\}", " ", literal[1:-1])
    words: list[str] = re.findall(r"[^\W\d_][\w-]*", said)
    return " ".join(word for word in words if len(word) > 2 and word not in _NAMES)


def unmarked_in_script(text: str) -> list[tuple[int, str]]:
    """Line and literal of what looks like a sentence that no translator sees."""
    text = _without_comments(text)
    found = {
        (text.count("\n", 0, hit.start("text")) + 1, hit["text"])
        for hit in _SHOWN.finditer(text)
        if _words(hit["text"])
    }
    for hit in _PROSE.finditer(text):
        if not _MARKED.search(hit["before"]) and "Error(" not in hit["before"]:
            found.add((text.count("\n", 0, hit.start("text")) + 1, hit["text"]))
    for hit in _FILLED_PROSE.finditer(text):
        if len(_words(hit["text"]).split()) > 1:
            found.add((text.count("\n", 0, hit.start("text")) + 1, hit["text"]))
    return sorted(found)


def unmarked_in_view(text: str) -> list[tuple[int, str]]:
    """The same for a Python view: literals given to a Dash component as its children or its names."""
    return sorted(
        {
            (literal.lineno, str(literal.value))
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and _is_component(node)
            for literal in _given(node)
            if _words(f'"{literal.value}"')
        }
    )


def _is_component(node: ast.Call) -> bool:
    made = node.func
    return (
        isinstance(made, ast.Attribute)
        and isinstance(made.value, ast.Name)
        and made.value.id in {"html", "dcc", "dbc"}
    )


def _given(node: ast.Call) -> Iterator[ast.Constant]:
    shown = {"children", "title", "alt", "placeholder", "label"}
    parts: list[ast.expr] = [*node.args, *(word.value for word in node.keywords if word.arg in shown)]
    for word in node.keywords:
        if word.arg is None and isinstance(word.value, ast.Dict):
            pairs = zip(word.value.keys, word.value.values, strict=True)
            parts += [
                value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "aria-label"
            ]
    while parts:
        part = parts.pop()
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part
        elif isinstance(part, ast.List | ast.Tuple):
            parts += part.elts
        elif isinstance(part, ast.IfExp):
            parts += [part.body, part.orelse]
        elif isinstance(part, ast.JoinedStr):
            parts += [value for value in part.values if isinstance(value, ast.Constant)]


@pytest.mark.parametrize("path", _SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_its_sentences_through_the_translator(path: Path) -> None:
    assert unmarked_in_script(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", _VIEWS, ids=lambda path: path.name)
def test_a_view_says_its_sentences_through_the_translator(path: Path) -> None:
    assert unmarked_in_view(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'setText(byId("headline"), "Worth a look");',
        'element("span", { text: "Close" })',
        "node.title = `${name} above its cut`;",
        'element("button", { "aria-label": "Remove the film" })',
        'button.setAttribute("aria-label", "Remove");',
        'const note = busy ? "The film is being read." : "";',
        "tell(`Not saved. ${message}`);",
    ],
)
def test_a_sentence_past_the_translator_is_found_in_a_script(line: str) -> None:
    assert [number for number, _ in unmarked_in_script(f"/* Not this one. */\n{line}\n")] == [2]


@pytest.mark.parametrize(
    "line",
    [
        'setText(byId("headline"), t("Worth a look"));',
        'const SORTED = [["a", N_("By finding")]];',
        'plural("{n} film is left", "{n} films are left", count)',
        'setText(byId("status"), plural("{n} film", "{n} films", count));',
        'element("span", { class: "row note", text: "×" }) // A comment of some words.',
        "setText(node, `${percent(share)} · ${interval}`);",
    ],
)
def test_marked_sentences_and_signs_are_left_alone_in_a_script(line: str) -> None:
    assert unmarked_in_script(line) == []


def test_a_sentence_past_the_translator_is_found_in_a_view() -> None:
    view = 'html.Div([t("Said well"), "Said badly", html.P(f"{n} films")], **{"aria-label": "Also bad"})'
    assert [text for _, text in unmarked_in_view(view)] == [" films", "Also bad", "Said badly"]
    assert unmarked_in_view('html.Span("cxr-dash", className="brand name", id="some-id")') == []
