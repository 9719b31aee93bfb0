"""A reader's way through the page: doubles, back and forward, trying again, a server that hangs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gunicorn_server import PATIENCE_SECONDS
from playwright.sync_api import Page, Route, expect
from steps import Opener, beside, choose_model, frames, in_view, open_films, settled, show_heat, unfold
from viewing import still
from watched import Watched

from cxr_dash.explain.trust_words import in_words
from cxr_dash.language import translator

pytestmark = pytest.mark.browser

_SELECTED = "() => cxr.state.selected"
_SMALL = """() => [...document.querySelectorAll('button, input, select, summary, a[href], [role=slider]')]
    .filter(node => node.checkVisibility({visibilityProperty: true, opacityProperty: true}))
    .filter(node => !node.closest('.roc-drawing'))  // which is taken hold of anywhere
    .map(node => {
        const boxes = [node.getBoundingClientRect()];
        const label = node.matches('[type=checkbox], [type=radio]') && node.closest('label');
        if (label) boxes.push(label.getBoundingClientRect());
        const around = getComputedStyle(node, '::after');
        if (around.content !== 'none' && around.position === 'absolute') {
            boxes.push({width: parseFloat(around.width) || 0, height: parseFloat(around.height) || 0});
        }
        const most = side => Math.max(...boxes.map(box => box[side]));
        return {node, width: most('width'), height: most('height')};
    })
    .filter(({width, height}) => width > 0 && (width < 23.9 || height < 23.9))
    .map(({node, width, height}) =>
        `${node.tagName}#${node.id}.${node.className} ${node.textContent.slice(0, 9)} ${width} ${height}`)"""


def _marked(page: Page) -> list[str]:
    """Rows that stand out in the list: the one in view, and the one that the keyboard is on."""
    frames(page)
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll('.row')].filter(row =>
                row.classList.contains('selected') || row.contains(document.activeElement)
            ).map(row => row.dataset.row)"""
        )
    )


def test_a_double_shows_its_original_and_one_row_is_marked(page: Page, drawn: list[Path]) -> None:
    open_films(page, drawn)
    page.set_input_files("#film-input", str(drawn[0]))
    settled(page, 4)
    expect(page.locator(".row.selected")).to_have_attribute("data-row", "row-1")
    page.click(".row-main >> nth=1")
    assert _marked(page) == ["row-2"]
    page.click(".row-main >> nth=3")
    expect(page.locator(".row.selected")).to_have_attribute("data-row", "row-1")
    for key, row in (
        ("ArrowDown", "row-2"),
        ("ArrowDown", "row-3"),
        ("ArrowDown", "row-3"),
        ("ArrowUp", "row-2"),
    ):
        page.keyboard.press(key)
        assert _marked(page) == [row]
    page.evaluate("() => cxr.upload.remove(cxr.state.films[0])")
    settled(page, 3)
    page.click("[data-row=row-4] .row-main")
    expect(page.locator("#headline")).to_have_text("There is no film in this row.")


def test_back_and_forward_lead_through_films_and_models_and_say_where_one_is_gone(
    page: Page, drawn: list[Path]
) -> None:
    open_films(page, drawn)
    first = page.evaluate("() => cxr.state.facts.id")
    expect(page).to_have_url(re.compile(rf"#model={first}&film=row-1\.\w+$"))
    page.click(".row-main >> nth=1")
    expect(page).to_have_url(re.compile(r"&film=row-2\.\w+$"))
    choose_model(page, "covid")
    expect(page).to_have_url(re.compile(r"#model=covid&film=row-2\.\w+$"))
    page.go_back()
    page.wait_for_function("id => cxr.state.facts.id === id && !cxr.state.lateModel", arg=first)
    assert page.input_value("#model") == first
    page.go_back()
    page.wait_for_function("() => cxr.state.selected === 'row-1'")
    page.go_forward()
    page.wait_for_function("() => cxr.state.selected === 'row-2'")
    assert not any(name.name in page.url for name in drawn)
    assert page.evaluate("() => cxr.state.films.some(({film}) => location.href.includes(film))") is False
    page.evaluate("() => cxr.upload.remove(cxr.state.films[0])")
    page.go_back()
    expect(page.locator("#banner")).to_have_text("The film of this address is no longer in the list.")
    page.click(".row-main >> nth=1")
    expect(page.locator("#banner")).to_be_hidden()


def test_try_again_stands_only_where_it_can_help(watched: Watched, drawn: list[Path], tmp_path: Path) -> None:
    watched.expected = ("status of 4", "status of 503")
    page = watched.page
    damaged, text = tmp_path / "damaged.png", tmp_path / "text.png"
    damaged.write_bytes(drawn[0].read_bytes()[:4000])
    text.write_text("no film")
    page.set_input_files("#film-input", [str(damaged), str(text)])
    settled(page, 2)
    again = page.locator(".row button:text('Try again')")
    assert [one.is_visible() for one in again.all()] == [False, False]
    page.route(
        "**/films?*",
        lambda route: route.fulfill(
            status=503, json={"error": {"code": "busy", "message": "The server is busy.", "remedy": ""}}
        ),
    )
    page.set_input_files("#film-input", str(drawn[1]))
    settled(page, 3)
    assert [one.is_visible() for one in again.all()] == [False, False, True]
    page.unroute("**/films?*")
    again.last.click()
    page.wait_for_selector('.row:not([data-state="error"]):not([data-state="busy"])')


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-GB", "The server has not answered for 5 s, still waiting…"),
        ("es-ES", "El servidor lleva 5 s sin responder; se sigue esperando…"),
    ],
)
def test_a_server_that_hangs_is_said_beside_the_film_and_no_request_waits_for_ever(
    opener: Opener, drawn: list[Path], locale: str, said: str
) -> None:
    page = opener(1280, 720, locale)
    open_films(page, drawn[:1])
    in_view(page)
    held: list[Route] = []
    page.route("**/picture.jpg", lambda route: held.append(route))  # noqa: PLW0108
    page.evaluate(
        "() => { cxr.pictures.film(cxr.rowInView().film); cxr.pictures.forget(cxr.rowInView().film); }"
    )
    page.evaluate("() => void cxr.pictures.film(cxr.rowInView().film)")
    expect(page.locator("#banner")).to_have_text(said, timeout=1000 * PATIENCE_SECONDS)
    still(page)
    notice, film = page.locator("#list-notices").bounding_box(), page.locator(".film").first.bounding_box()
    assert notice is not None
    assert film is not None
    assert notice["y"] + notice["height"] <= film["y"]
    for route in held:
        route.continue_()
    expect(page.locator("#banner")).to_be_hidden()
    page.unroute("**/picture.jpg")
    page.route("**/healthz", lambda route: held.append(route))  # noqa: PLW0108
    for ask in ("cxr.requests.ask('/healthz', {limit: 50})", "fetch(cxr.url('/healthz'), {limit: 50})"):
        assert page.evaluate(f"() => {ask}.catch(error => error.name)") == "TimeoutError"


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_whatever_can_be_pressed_is_24_pixels_wide_and_high(
    opener: Opener, drawn: list[Path], width: int, height: int
) -> None:
    page = opener(width, height)

    def small(*acts: str) -> None:
        for act in ("", *acts):
            page.evaluate(f"() => {{ {act} }}")
            frames(page)
            assert page.evaluate(_SMALL) == [], act

    small()
    open_films(page, drawn[:2])
    in_view(page)
    page.set_input_files("#film-input", str(drawn[0]))
    settled(page, 3)
    unfold(page)
    show_heat(page)
    click = "document.querySelector('{}').click();"
    tools = [
        "#legend .link",
        "[data-action=window]",
        "[data-action=measure]",
        "#roc-toggle",
        "#more",
        "#similar-toggle",
    ]
    small(
        *(
            click.format(one)
            for one in [*tools, ".chips-more summary", ".not-looked-for summary", "#keys-button"]
        )
    )
    page.keyboard.press("Escape")
    small(
        "document.querySelector('#download-menu').hidden = false;",
        *(click.format("[data-action=compare]") for _ in "1"),
    )
    small(click.format("[data-compare=film]"))
    page.evaluate("() => document.querySelector('#card-open').click()")
    page.wait_for_selector(".modal.show .card-warnings")
    small()
    page.evaluate("() => { location.hash = '#card-cut'; }")
    page.wait_for_selector(".modal.show #card-cut-slider")
    small()


def test_what_is_held_in_the_threshold_panel_does_not_jump(page: Page, films: list[Path]) -> None:
    open_films(page, films[:1])
    in_view(page)
    page.evaluate("() => cxr.chooseLabel(cxr.rank(cxr.answerOf(cxr.rowInView()))[0].key)")
    page.locator("#cut-range").focus()
    frames(page)
    tops = set()
    headlines = set()
    for position in range(5, 1000, 199):
        page.locator("#cut-range").fill(str(position))
        frames(page)
        headlines.add(page.inner_text("#headline"))
        box = page.locator("#cut-range").bounding_box()
        assert box is not None
        tops.add(round(box["y"]))
    assert len(headlines) > 1  # what stands above it did change its height
    assert len(tops) == 1


@pytest.mark.parametrize("locale", ["en-GB", "es-ES"])
def test_the_note_on_heat_is_never_cut_off_on_a_laptop(
    opener: Opener, films: list[Path], locale: str
) -> None:
    page = opener(1280, 720, locale)
    open_films(page, films[:1])
    in_view(page)
    t = translator(locale[:2])
    kinds = [(None, False, False, None), (0.22, True, False, None), (0.55, False, False, None)]
    kinds += [(0.55, False, True, 0.25), (None, False, True, 0.25)]
    said = [
        t.say(in_words("heart", inside, outside=outside, map_moves=moves, drift=drift))
        for inside, outside, moves, drift in kinds
    ]
    show_heat(page)
    cut_off = page.evaluate(
        """async said => {
            const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            const answer = cxr.answerOf(cxr.rowInView());
            const note = document.getElementById('heat-note');
            const found = [];
            for (const {key} of cxr.modelLabels()) {
                answer.heat[key].flat = false;
                for (const text of said) {
                    answer.trust[key] = text;
                    answer.trust_verdict[key] = 'good';
                    cxr.chooseLabel(key);
                    await frame();
                    if (!note.textContent.includes(text)) found.push(`not said: ${text}`);
                    if (note.scrollHeight > note.clientHeight + 1) found.push(note.textContent);
                }
            }
            return found;
        }""",
        said,
    )
    assert cut_off == []


def test_leaving_a_comparison_fits_the_film_and_the_magnifier_shows_no_heat(
    page: Page, drawn: list[Path]
) -> None:
    open_films(page, drawn[:2])
    in_view(page)
    show_heat(page)
    page.keyboard.press("m")
    page.hover("#stage")
    page.wait_for_selector(".lens", state="visible")
    assert page.locator(".lens canvas.heat").is_hidden()
    page.keyboard.press("m")
    beside(page, "row-2")
    page.wait_for_selector(".comparing")
    page.evaluate("() => cxr.actions.act('in')")
    frames(page)
    assert page.evaluate("() => cxr.view.placeOf(cxr.stage.sheets()[0]).scale") != "fit"
    page.keyboard.press("b")
    frames(page)
    assert page.evaluate("() => cxr.view.placeOf(cxr.stage.sheets()[0]).scale") == "fit"
