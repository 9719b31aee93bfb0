"""All findings at once: a line, a name and a probability each, tied to rows; no place where none is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from steps import frames, in_view, open_films
from watched import Watched

pytestmark = pytest.mark.browser

# What has to be outlined: flagged, a finding and no summary, with a map that is not flat.
_FLAGGED = """() => cxr.rank(cxr.answerOf(cxr.rowInView()))
    .filter(one => one.above && !one.reassuring && !one.summary)
    .filter(one => !cxr.answerOf(cxr.rowInView()).heat[one.key].flat)
    .map(one => [one.key, one.name, cxr.words.percent(one.probability)])"""


def _flag_three(page: Page) -> list[list[str]]:
    """Three findings above their thresholds, whatever the film shows."""
    page.evaluate(
        """() => {
            const { heat, probabilities } = cxr.answerOf(cxr.rowInView());
            const shown = ({ key, summary }) => !summary && heat[key] && !heat[key].flat;
            const able = cxr.modelLabels().filter(shown);
            const keys = able.map(({ key }) => key);
            const three = keys.sort((a, b) => probabilities[b] - probabilities[a]).slice(0, 3);
            const cuts = keys.map(key => [key, three.includes(key) ? 0.00001 : 0.9999]);
            cxr.setThresholds(Object.fromEntries(cuts));
        }"""
    )
    frames(page)
    found: list[list[str]] = page.evaluate(_FLAGGED)
    assert len(found) == 3
    return found


@pytest.mark.parametrize("language", ["watched", "spanish"])
def test_every_flagged_finding_has_a_line_with_its_name_and_probability(
    request: pytest.FixtureRequest, films: list[Path], language: str
) -> None:
    watched: Watched = request.getfixturevalue(language)
    page = watched.page
    open_films(page, films[:1])
    in_view(page)
    flagged = _flag_three(page)
    page.keyboard.press("z")
    expect(page.locator(".outline")).to_have_count(3)
    names = page.locator(".outline-name")
    assert sorted(names.all_text_contents()) == sorted(f"{name} {share}" for _, name, share in flagged)
    boxes = [one.bounding_box() for one in names.all()]
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    for index, box in enumerate(boxes):
        assert box is not None
        assert box["x"] >= stage["x"]
        assert box["x"] + box["width"] <= stage["x"] + stage["width"]
        for other in boxes[:index]:
            assert other is not None
            apart = abs(box["y"] - other["y"]) >= 23.5
            assert apart or box["x"] >= other["x"] + other["width"] or other["x"] >= box["x"] + box["width"]
    asked = len(watched.requests)
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.locator(".outline")).to_have_count(3)
    assert len(watched.requests) == asked  # maps are fetched once


def test_no_finding_whose_maps_know_no_place_is_outlined_unless_asked_and_then_it_is_said(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    in_view(page)
    flagged = _flag_three(page)
    placeless = page.evaluate(
        "keys => keys.filter(key => cxr.answerOf(cxr.rowInView()).heat[key].no_place)",
        [one[0] for one in flagged],
    )
    expect(page.locator(".outline")).to_have_count(3 - len(placeless))
    page.keyboard.press("z")
    expect(page.locator(".outline")).to_have_count(3)
    if placeless:
        expect(page.locator("#heat-note")).to_contain_text("No place is known for")


def test_no_map_that_is_not_to_be_relied_on_is_outlined_unless_asked_and_then_it_is_said(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    in_view(page)
    flagged = _flag_three(page)
    told = """([keys, verdict]) => {
        const { heat, trust_verdict } = cxr.answerOf(cxr.rowInView());
        keys.forEach(key => { heat[key].no_place = ''; trust_verdict[key] = verdict; });
        cxr.changed();
    }"""
    keys = [one[0] for one in flagged]
    page.evaluate(told, [keys, "good"])
    expect(page.locator(".outline")).to_have_count(3)
    for verdict in ("poor", "caution"):
        page.evaluate(told, [keys[:2], verdict])
        expect(page.locator(".outline")).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator(".outline")).to_have_count(3)
    expect(page.locator("#heat-note")).to_contain_text("Not to be relied on in this film:")


def test_rows_and_lines_light_each_other_up(page: Page, films: list[Path]) -> None:
    open_films(page, films[:1])
    in_view(page)
    [first, second, _] = [one[0] for one in _flag_three(page)]
    page.keyboard.press("z")
    expect(page.locator(".outline")).to_have_count(3)
    page.hover(f'#findings [data-label="{second}"]')
    expect(page.locator(f'.outline[data-outline="{second}"]')).to_have_class(
        "outline " + _strength(page, second) + " lit"
    )
    page.hover(f'.outline-name[data-outline="{first}"]')
    frames(page)
    assert "pointed" in (page.get_attribute(f'#findings [data-label="{first}"]', "class") or "")
    page.click(f'.outline-name[data-outline="{first}"]')
    frames(page)
    assert page.evaluate("cxr.labelInView()") == first


def _strength(page: Page, label: str) -> str:
    return str(page.evaluate("key => cxr.answerOf(cxr.rowInView()).heat[key].strength || 'unscaled'", label))


def test_beside_the_heat_stands_how_often_such_a_peak_is_right_and_how_often_a_template_is(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    in_view(page)
    label = page.evaluate(
        "Object.keys(cxr.state.facts.places).find(key => !cxr.answerOf(cxr.rowInView()).heat[key].flat)"
    )
    place = page.evaluate("key => cxr.state.facts.places[key]", label)
    page.evaluate("key => cxr.chooseLabel(key)", label)
    page.keyboard.press("h")
    expect(page.locator("#heat-note")).to_contain_text(
        f"on {place['map']} of {place['films']} test films; that of a fixed template on {place['template']}."
    )
