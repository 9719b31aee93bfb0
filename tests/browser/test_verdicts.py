"""Each finding is accepted or rejected; what was accepted makes a text; both readings leave with the list."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from steps import Opener, again, frames, in_view, settled
from test_accessibility import serious
from test_read_first import open_unread
from test_takeaway import take

pytestmark = pytest.mark.browser

# What the model would have said: two findings to check, every other far below.
SAY = """() => {
    for (const item of cxr.state.films) {
        const answer = structuredClone(cxr.heard(item));
        for (const key of Object.keys(answer.probabilities)) answer.probabilities[key] = 0.0001;
        answer.probabilities.effusion = answer.probabilities.mass = 0.97;
        cxr.hear(answer);
    }
    cxr.changed();
}"""
WORDS = {
    "en-GB": {
        "judged": "1 accepted · 1 added · 1 rejected",
        "open": "2 not judged",
        "nodule": "Nodule; added by the reader",
        "effusion": "- Pleural effusion",
        "mass": "Mass",
        "changed": "Changed after seeing the model: mass.",
        "late": "Your verdicts have changed since; what you typed was kept.",
        "copied": "Copied.",
        "about": "about ",
    },
    "es-ES": {
        "judged": "1 aceptado · 1 añadido · 1 rechazado",
        "open": "2 sin valorar",
        "nodule": "Nódulo; añadido por el lector",
        "effusion": "- Derrame pleural",
        "mass": "Masa",
        "changed": "Cambiada tras ver el modelo: masa.",
        "late": "Su valoración ha cambiado desde entonces; se conserva lo que escribió.",
        "copied": "Copiado.",
        "about": "unos ",
    },
}


def switch(page: Page, label: str, verdict: str) -> Any:
    row = page.locator(".finding-row", has=page.locator(f'[data-label="{label}"]'))
    return row.locator(f'[data-verdict="{verdict}"]')


def judge(page: Page, label: str, verdict: str) -> None:
    node = switch(page, label, verdict)
    if not node.is_visible():
        page.click("#more")
    node.click()
    expect(node).to_have_attribute("aria-pressed", "true")


def holds(part: str) -> re.Pattern[str]:
    """Of a text of many lines."""
    return re.compile(rf"[\s\S]*{re.escape(part)}[\s\S]*")


def told(page: Page) -> dict[str, str]:
    """What an export would tell of the film in view."""
    found = page.evaluate("() => cxr.verdicts.exported(cxr.rowInView())")
    return dict(found["verdicts"]) if found else {}


@pytest.mark.parametrize(
    ("locale", "size"), [("en-GB", (1280, 720)), ("es-ES", (390, 844))], ids=["english", "spanish on a phone"]
)
def test_findings_are_judged_kept_over_a_reload_and_make_a_text(
    opener: Opener, drawn: list[Path], tmp_path: Path, locale: str, size: tuple[int, int]
) -> None:
    words = WORDS[locale]
    page = opener(*size, locale)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_unread(page, drawn[:1])
    page.evaluate(SAY)
    expect(page.locator("#judged")).to_have_text(words["open"])
    for verdict in ("accepted", "rejected"):
        box = switch(page, "effusion", verdict).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    # by hand and by key: the finding in view is the effusion or the mass
    judge(page, "effusion", "accepted")
    judge(page, "nodule", "accepted")
    page.locator('#findings [data-label="mass"]').click()
    page.keyboard.press(",")
    expect(page.locator("#judged")).to_have_text(words["judged"])
    expect(switch(page, "mass", "rejected")).to_have_attribute("aria-pressed", "true")
    assert told(page) == {"effusion": "accepted", "nodule": "accepted", "mass": "rejected"}
    # a class that sums up the others is no finding to judge
    assert switch(page, "finding", "accepted").count() == 0

    again(page)
    settled(page, 1)
    page.evaluate(SAY)
    expect(page.locator("#judged")).to_have_text(words["judged"])
    # what was added stays in sight though the list is folded
    expect(switch(page, "nodule", "accepted")).to_be_visible()

    page.keyboard.press(";")
    area = page.locator("#report-words")
    # the server knows what the model really said of a drawing, which is not what was put in its mouth here
    expect(area).to_have_value(holds(words["effusion"]))
    text = area.input_value()
    assert words["nodule"] in text
    assert words["mass"] not in text
    assert "normal" not in text.lower()
    assert page.evaluate("() => cxr.state.facts.version") in text
    assert serious(page) == []

    page.evaluate("() => { window.printed = 0; window.print = () => (window.printed += 1); }")
    area.press("End")
    area.press_sequentially(" Mine.")
    page.click("#report-text-print")
    page.emulate_media(media="print")
    assert page.locator("#report-paper").inner_text().count("Mine.") == 1
    assert page.locator("#panel").is_hidden()
    assert page.evaluate("() => window.printed") == 1
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    page.click("#report-text-copy")
    expect(page.locator("#report-text-note")).to_have_text(words["copied"])
    assert "Mine." in page.evaluate("() => navigator.clipboard.readText()")

    # what was typed is not lost to a later verdict, and a text made anew follows it
    page.evaluate("() => cxr.verdicts.judge('mass', 'accepted')")
    expect(page.locator("#report-text-note")).to_have_text(words["late"])
    page.click("#report-text-anew")
    expect(area).to_have_value(holds(words["mass"]))
    page.keyboard.press("Escape")
    expect(page.locator("#report-text")).to_be_hidden()

    # both readings leave with the list, and a ZIP tells its size before it is made
    record = json.loads(take(page, "json", tmp_path).read_text(encoding="utf-8"))["films"][0]
    assert {record["reader"][key] for key in ("effusion", "mass")} <= {"accepted", "added"}
    page.click("#download-more")
    for kind in ("zip", "zip-full"):
        expect(page.locator(f"#download-{kind} .download-why")).to_have_text(
            re.compile(words["about"] + r"\d[\d.,]*\sMB")
        )


@pytest.mark.parametrize("locale", ["es-ES"])
def test_a_film_that_was_read_first_has_one_reading_not_two(
    opener: Opener, drawn: list[Path], locale: str
) -> None:
    page = opener(1280, 720, locale)
    page.keyboard.press("y")
    open_unread(page, drawn[:1])
    page.evaluate(SAY)
    page.locator('[name="own-finding"][value="effusion"]').check()
    page.locator(".own-form [type=submit]").click()
    # what was ticked is accepted, and a verdict is a later reading beside the first
    expect(switch(page, "effusion", "accepted")).to_have_attribute("aria-pressed", "true")
    assert told(page) == {"effusion": "accepted"}
    judge(page, "effusion", "rejected")
    judge(page, "mass", "accepted")
    expect(page.locator("#compared")).to_contain_text(WORDS[locale]["changed"])
    own = page.evaluate("() => cxr.readFirst.opinion(cxr.rowInView())")
    assert (own["labels"], own["after"]["labels"]) == (["effusion"], ["mass"])
    # back to the first reading, nothing has changed
    judge(page, "effusion", "accepted")
    switch(page, "mass", "accepted").click()
    expect(page.locator("#compared")).not_to_contain_text(WORDS[locale]["changed"])
    assert page.evaluate("() => cxr.readFirst.opinion(cxr.rowInView()).after") is None
    assert told(page) == {"effusion": "accepted"}


def test_keys_of_one_character_judge_nothing_when_they_are_off_nor_while_the_answer_waits(
    page: Page, drawn: list[Path]
) -> None:
    open_unread(page, drawn[:1])
    page.evaluate(SAY)
    in_view(page)
    page.keyboard.press("?")
    frames(page)
    listed = page.inner_text("#keys-help")
    assert "accept the finding" in listed
    assert "reject the finding" in listed
    page.uncheck("#letter-keys")
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    page.keyboard.press(";")
    frames(page)
    assert told(page) == {}
    assert page.locator("#report-text").is_hidden()
    page.evaluate(
        "() => { cxr.hideWhile(() => true); cxr.verdicts.judge('effusion', 'accepted'); cxr.changed(); }"
    )
    frames(page)
    assert told(page) == {}
    assert page.locator(".verdict-switch:enabled").count() == 0
