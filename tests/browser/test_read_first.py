"""Reading before the model: nothing of its answer shows, first readings are kept, agreement is counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page
from sklearn.metrics import cohen_kappa_score
from steps import again, choose_model, frames, in_view
from test_accessibility import serious
from watched import Watched

pytestmark = pytest.mark.browser


@pytest.fixture
def films(drawn: list[Path]) -> list[Path]:
    """It is all one here what a film shows."""
    return drawn


# What the model would have said instead, for films whose answer has come: {label: probability}.
SAY = """said => {
    cxr.state.films.forEach((item, index) => {
        const wanted = said[index % said.length];
        const answer = structuredClone(cxr.heard(item));
        for (const key of Object.keys(answer.probabilities)) {
            answer.probabilities[key] = wanted.includes(key) ? 0.97 : 0.0001;
            answer.heat[key].flat = !wanted.includes(key);
        }
        cxr.hear(answer);
    });
    cxr.changed();
}"""
EVERYTHING = """() => [
    document.body.outerHTML,
    ...[...document.querySelectorAll('canvas')].map(node => node.toDataURL()),
    ...[...document.querySelectorAll('input')].map(node => `${node.value} ${node.checked}`),
    document.title,
].join('\\n')"""


def open_unread(page: Page, paths: list[Path]) -> None:
    """Open films and wait until the server has answered, whether or not anything may be shown of it."""
    page.set_input_files("#film-input", [str(path) for path in paths])
    page.wait_for_function(
        "count => cxr.state.films.length === count && cxr.state.films.every(item => cxr.heard(item))",
        arg=len(paths),
    )
    # drawn phantoms stand in where the shared films are missing: ask for their figures
    page.evaluate(
        """() => {
            const { state, answerKey } = cxr;
            state.films.forEach(item => cxr.showAnyway(answerKey(state.facts.id, item.film)));
            cxr.changed();
        }"""
    )
    in_view(page)


def opinion(page: Page, index: int = 0) -> Any:
    return page.evaluate("index => cxr.readFirst.opinion(cxr.state.films[index])", index)


def read(page: Page, *, normal: bool) -> None:
    """Give a reading of the film in view and go on to the next."""
    page.keyboard.press("n")
    if not normal:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    frames(page)
    page.keyboard.press("ArrowDown")
    frames(page)


def test_it_is_off_until_asked_for(page: Page, films: list[Path]) -> None:
    assert page.get_attribute("#read-first", "aria-pressed") == "false"
    open_unread(page, films[:1])
    assert page.locator("#own-reading").is_hidden()
    assert page.locator("#figures").is_visible()
    assert page.locator("#agreement-open").is_hidden()


def test_the_page_is_the_same_whatever_the_model_said_until_the_film_was_read(
    watched: Watched, films: list[Path]
) -> None:
    page = watched.page
    page.keyboard.press("y")
    page.keyboard.press("h")  # heat wanted from the start
    open_unread(page, films[:2])
    page.evaluate("() => (cxr.listing.options.order = 'above')")
    labels = page.evaluate("() => cxr.modelLabels().map(label => label.key)")
    answers: list[list[list[str]]] = [[[]], [labels], [[labels[3]], [labels[1], labels[0]]], [[labels[-1]]]]
    for beside in (None, "heat", "finding", "film", "model"):
        page.evaluate("kind => { cxr.look.set({ compare: kind && { kind } }); cxr.changed(); }", beside)
        watched.quiet()
        page.wait_for_function(
            "() => cxr.stage.sheets().every(sheet => !sheet.pane || sheet.shown === sheet.pane.item.film)"
        )
        seen = set()
        for said in answers:
            page.evaluate(SAY, said)
            frames(page, 6)
            seen.add(re.sub(r"within \d+ min", "", page.evaluate(EVERYTHING)))
        assert len(seen) == 1, beside
    page.evaluate("() => cxr.look.set({ compare: null })")
    taken = page.evaluate("() => cxr.exportBody.of(cxr.state.films).films")
    assert [film.get("film") for film in taken] == [None, None]
    page.keyboard.press("s")
    page.keyboard.press("d")
    frames(page)
    assert page.locator("#own-reading").is_visible()
    assert page.text_content("#list-status") == "2 films"
    shown = page.inner_text("body")
    assert "97 %" not in shown.replace("\u00a0", " ")
    assert (
        page.locator("#headline, #findings, #legend, #heat-note, .downloads").locator("visible=true").count()
        == 0
    )
    assert page.locator('.tool[data-action="heat"]').is_hidden()
    asked = {request.url for request in watched.requests if "/films/" in request.url}
    assert {url for url in asked if re.search("heat|overlay|report|similar|answer", url)} == set()
    page.evaluate(SAY, [labels])
    read(page, normal=True)
    page.keyboard.press("ArrowUp")
    frames(page)
    assert "97 %" in page.inner_text("body").replace("\u00a0", " ")


def test_a_film_is_read_by_keyboard_alone_and_its_answer_is_there_at_once(
    watched: Watched, films: list[Path]
) -> None:
    page = watched.page
    page.keyboard.press("y")
    open_unread(page, films[:1])
    offered = page.evaluate("() => cxr.readFirst.offered().map(label => label.key)")
    page.evaluate(SAY, [[offered[1]]])
    asked = len([request for request in watched.requests if "_dash-update-component" in request.url])
    for key in ("n", "ArrowDown", "Tab", "Space", "Tab", "Space", "Enter"):
        page.keyboard.press(key)
    frames(page)
    assert page.locator("#own-reading").is_hidden()
    assert page.locator("#figures").is_visible()
    assert page.evaluate("() => document.activeElement.id") == "compared"
    assert "You: abnormal. Model: 1 finding to check." in page.inner_text("#compared")
    names = page.evaluate("() => cxr.readFirst.offered().map(label => label.name.toLowerCase())")
    assert f"Both: {names[1]}" in page.inner_text("#compared")
    assert f"Only you: {names[0]}" in page.inner_text("#compared")
    given = opinion(page)
    assert given["normal"] is False
    assert given["labels"] == offered[:2]
    assert given["unsure"] is False
    assert given["after"] is None
    now = [request for request in watched.requests if "_dash-update-component" in request.url]
    assert len([r for r in now[asked:] if "question" in (r.post_data or "")]) == 0


def test_a_reading_needs_normal_or_abnormal(page: Page, films: list[Path]) -> None:
    page.keyboard.press("y")
    open_unread(page, films[:1])
    page.click("#own-reading button[type=submit]")
    frames(page)
    assert page.inner_text(".own-problem") == "Say normal or abnormal first."
    assert opinion(page) is None
    page.check("[name=own-finding] >> nth=2")
    frames(page)
    assert page.is_checked("[name=own-verdict][value=abnormal]")
    page.keyboard.press("n")
    frames(page)
    assert not page.is_checked("[name=own-finding] >> nth=2")


def test_a_change_after_the_answer_stands_beside_the_first_reading(page: Page, films: list[Path]) -> None:
    page.keyboard.press("y")
    open_unread(page, films[:1])
    offered = page.evaluate("() => cxr.readFirst.offered().map(label => label.key)")
    page.evaluate(SAY, [[offered[4]]])
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    frames(page)
    first = opinion(page)
    assert first["normal"] is True
    page.evaluate(
        "() => cxr.readFirst.give(cxr.rowInView(), { normal: false, labels: new Set(), unsure: false })"
    )
    assert opinion(page) == first
    page.click("text='Change my reading'")
    frames(page)
    page.check(f"[name=own-finding][value={offered[4]}]")
    page.keyboard.press("Enter")
    frames(page)
    assert "Changed after seeing the model" in page.inner_text("#compared")
    both = opinion(page)
    assert both | {"after": None} == first
    assert both["after"]["normal"] is False
    assert both["after"]["labels"] == [offered[4]]
    assert page.evaluate("() => cxr.readFirst.summary().changed") == 1


def test_agreement_is_counted_kept_over_a_reload_and_leads_to_the_films_that_differ(
    page: Page, films: list[Path]
) -> None:
    page.keyboard.press("y")
    open_unread(page, films)
    count = 3
    model = [True, False, True]
    reader = [True, False, False]
    key = page.evaluate("() => cxr.readFirst.offered()[0].key")
    page.evaluate(SAY, [[key] if abnormal else [] for abnormal in model])
    for abnormal in reader:
        read(page, normal=not abnormal)
    found = page.evaluate("() => cxr.readFirst.summary()")
    assert found["read"] == count
    assert found["waiting"] == 0
    assert found["overall"]["agreed"] == count - 1
    assert found["overall"]["kappa"]["value"] == pytest.approx(cohen_kappa_score(reader, model))
    assert [(one["number"], one["reader"], one["model"]) for one in found["differing"]] == [
        (3, "normal", "abnormal")
    ]
    record = page.evaluate(
        """() => fetch(cxr.url('/exports.json'), {
            method: 'POST', headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(cxr.exportBody.of(cxr.state.films)),
        }).then(reply => reply.json())"""
    )
    assert [film["own_reading"]["normal"] for film in record["films"]] == [not one for one in reader]
    assert record["agreement"]["kappa"] == pytest.approx(cohen_kappa_score(reader, model))
    page.click("#agreement-open")
    frames(page)
    said = page.inner_text("#agreement")
    assert f"Alike on {count - 1} of {count} films" in said
    assert said.index("findings that one of you named") < said.index("Alike on"), "findings lead"
    assert "too few to judge either of you" in said
    # the figures lie over the list, and are closed with Escape
    page.evaluate("() => cxr.select(cxr.state.films[0].id)")
    frames(page)
    page.click("#agreement button:text('film 03')")
    frames(page)
    assert page.inner_text(".row.selected .row-title").startswith("film 03")
    page.keyboard.press("Escape")
    page.wait_for_selector("#agreement", state="hidden")

    # the server keeps films for a while only; what was read of them stays counted
    page.evaluate(
        """() => {
            const { id, film } = { id: cxr.state.facts.id, film: cxr.state.films[1].film };
            const error = { code: 'case_not_found', message: 'Gone.', remedy: '' };
            cxr.hear({ film, model: id, error });
            cxr.changed();
        }"""
    )
    frames(page)
    assert page.evaluate("() => cxr.readFirst.summary().overall.films") == count

    page.evaluate("() => cxr.session.save()")
    again(page)
    page.wait_for_function("() => cxr.state.films.length && cxr.state.films.every(item => cxr.heard(item))")
    frames(page)
    assert page.get_attribute("#read-first", "aria-pressed") == "true"
    assert [opinion(page, index)["normal"] for index in range(count)] == [not abnormal for abnormal in reader]
    assert page.locator("#own-reading").is_hidden()


def test_a_film_whose_answer_was_on_the_screen_is_read_but_not_counted(page: Page, films: list[Path]) -> None:
    open_unread(page, films[:1])
    page.click("#read-first")
    frames(page)
    assert page.locator("#own-reading").is_visible()
    assert "will not count" in page.inner_text("#own-reading")
    page.click("#read-first")
    frames(page)
    assert page.locator("#own-reading").is_hidden()
    assert page.locator("#figures").is_visible()
    page.click("#read-first")
    read(page, normal=True)
    found = page.evaluate("() => cxr.readFirst.summary()")
    assert (found["read"], found["seenBefore"], found["overall"]["films"]) == (1, 1, 0)


def test_a_picture_that_is_no_film_is_refused_before_any_reading(page: Page, tmp_path: Path) -> None:
    page.keyboard.press("y")
    frames(page)
    letter = np.full((600, 500), 255, np.uint8)
    for line in range(60, 560, 40):
        cv2.putText(letter, "no radiograph at all", (40, line), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    cv2.imwrite(str(tmp_path / "letter.png"), letter)
    page.set_input_files("#film-input", str(tmp_path / "letter.png"))
    page.wait_for_function("() => cxr.state.films.length && cxr.heard(cxr.state.films[0])")
    frames(page)
    assert page.inner_text("#headline") == "Cannot judge this film."
    assert page.locator("#own-reading").is_hidden()
    page.click("button:text('Show the figures anyway')")
    frames(page)
    assert page.locator("#own-reading").is_visible()
    assert page.locator("#figures").is_hidden()


def test_classes_that_exclude_each_other_are_one_choice(page: Page, films: list[Path]) -> None:
    page.keyboard.press("y")
    choose_model(page, "covid")
    open_unread(page, films[:1])
    choices = page.locator("[name=own-finding]")
    assert choices.evaluate_all("nodes => nodes.map(node => node.value)") == ["pneumonia", "covid"]
    choices.nth(0).check()
    choices.nth(1).check()
    page.keyboard.press("Enter")
    frames(page)
    assert opinion(page)["labels"] == ["covid"]


def test_the_form_the_comparison_and_the_agreement_have_nothing_serious_for_axe(
    page: Page, films: list[Path]
) -> None:
    page.keyboard.press("y")
    open_unread(page, films[:1])
    assert serious(page) == []
    read(page, normal=True)
    page.click("#agreement-open")
    frames(page)
    assert serious(page) == []
