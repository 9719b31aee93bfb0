"""A reader's way through a film: open it, read it, move the cut, look at the heat, take it away."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from steps import (
    again,
    choose_label,
    choose_model,
    frames,
    heat_pixels,
    in_view,
    localised_label,
    open_films,
    settled,
    show_heat,
)
from watched import Watched

from cxr_dash import imaging
from cxr_dash.domain import HeatScale

pytestmark = pytest.mark.browser

# Said of the drawn phantoms that stand in where the shared films are missing, if the gate refuses them.
_ANYWAY = "Cannot judge this film; its figures are shown anyway."
_HEADLINES = ("1 finding to check", "2 f", "3 f", "4 f", "5 f", "Nothing above", "Only ", _ANYWAY)


def test_a_film_gives_a_headline_in_words_and_a_probability_for_every_label(
    page: Page, films: list[Path]
) -> None:
    assert page.inner_text("#headline") == "No film yet."
    open_films(page, films[:1])
    in_view(page)
    assert page.inner_text("#headline").startswith(_HEADLINES)
    labels = page.evaluate("() => cxr.modelLabels().map(label => label.key)")
    values = page.locator(".finding-value").all_text_contents()
    assert len(values) == len(labels) > 1
    assert all(value.endswith("\u00a0%") for value in values)
    assert "ms" in page.inner_text(".bottom")


def test_the_cut_starts_at_the_bundles_operating_point(page: Page) -> None:
    pressed = page.locator('.chip[aria-pressed="true"]')
    default = page.evaluate("() => cxr.point(cxr.state.facts.default_operating_point)")
    assert pressed.get_attribute("data-point") == default["key"]
    label = page.evaluate("() => cxr.labelInView()")
    assert page.evaluate("label => cxr.threshold(label)", label) == default["thresholds"][label]


def test_moving_the_cut_changes_every_figure_without_a_request(watched: Watched, films: list[Path]) -> None:
    page = watched.page
    open_films(page, films[:1])
    in_view(page)
    watched.quiet()
    figures = page.locator(".four-value")
    asked = len(watched.requests)
    readings = []
    for position in (30, 500, 950):
        page.locator("#cut-range").fill(str(position))
        frames(page)
        readings.append((page.inner_text("#cut-value"), *figures.all_text_contents()))
    sensitivities = [float(reading[1].split()[0].strip("<>")) for reading in readings]
    specificities = [float(reading[2].split()[0].strip("<>")) for reading in readings]
    assert len({reading[0] for reading in readings}) == 3
    assert sensitivities[0] > sensitivities[-1]
    assert specificities[0] < specificities[-1]
    assert len(watched.requests) == asked


def test_a_chip_sets_the_cuts_of_all_findings_and_their_marks_without_a_request(
    watched: Watched, films: list[Path]
) -> None:
    page = watched.page
    open_films(page, films[:1])
    in_view(page)
    watched.quiet()
    asked = len(watched.requests)
    cuts = "() => Object.fromEntries(cxr.modelLabels().map(label => [label.key, cxr.threshold(label.key)]))"
    before = page.evaluate(cuts)
    label = page.evaluate("() => cxr.labelInView()")
    # those of one finding stand behind the joint ones
    page.evaluate("() => document.querySelectorAll('.chips-more').forEach(more => { more.open = true; })")
    other = page.locator('.chip[aria-pressed="false"]:enabled').last
    wanted = page.evaluate("key => cxr.point(key).thresholds", other.get_attribute("data-point"))
    other.click()
    frames(page)
    assert page.evaluate(cuts) == before | {key: one for key, one in wanted.items() if 0 < one < 1}
    mark = page.evaluate(
        "label => document.querySelector(`#findings [data-label=${label}]`).style.getPropertyValue('--cut')",
        label,
    )
    assert float(mark) == pytest.approx(2 / np.pi * np.arcsin(np.sqrt(wanted[label])))
    assert len(watched.requests) == asked


def test_lowering_every_cut_puts_every_finding_above_it(page: Page, films: list[Path]) -> None:
    open_films(page, films[:1])
    page.evaluate(
        "() => cxr.setThresholds(Object.fromEntries(cxr.modelLabels().map(label => [label.key, 0.0001])))"
    )
    frames(page)
    total = page.evaluate("() => cxr.modelLabels().length")
    # "any finding" sums up the others, and is not counted beside them
    assert page.locator("#findings .finding.above:visible").count() == total - 1
    assert page.inner_text("#headline").startswith((f"{total - 1} findings to check", _ANYWAY))


def test_prevalence_changes_predictive_values_but_not_sensitivity(page: Page) -> None:
    cell = "[data-figure={}] .four-value".format
    page.fill("#prevalence-input", "1")
    frames(page)
    rare = [page.inner_text(cell(name)) for name in ("sensitivity", "ppv")]
    page.fill("#prevalence-input", "40")
    frames(page)
    common = [page.inner_text(cell(name)) for name in ("sensitivity", "ppv")]
    assert rare[0] == common[0]
    assert float(rare[1].split()[0].strip("<>")) < float(common[1].split()[0].strip("<>"))
    assert page.inner_text("[data-figure=ppv] .four-name") == "PPV at 40\u00a0%"


def test_heat_is_off_until_asked_and_then_coloured_as_the_download_is(page: Page, films: list[Path]) -> None:
    # a film with strong heat: weak heat is drawn faintly
    open_films(page, films[2:3])
    in_view(page)
    assert page.locator("#heat-canvas").is_hidden()
    label = localised_label(page)
    choose_label(page, label)
    show_heat(page)
    canvas = heat_pixels(page)
    assert canvas[..., 3].max() > 100
    path = page.evaluate(
        "label => cxr.url(`/films/${cxr.rowInView().film}/${cxr.state.facts.id}/${label}/heat-layer.png`)",
        label,
    )
    layer = cv2.imdecode(
        np.frombuffer(page.request.get(path_of(page, path)).body(), np.uint8), cv2.IMREAD_UNCHANGED
    )
    view = page.evaluate("() => cxr.state.view")
    heat = page.evaluate("label => cxr.answerOf(cxr.rowInView()).heat[label]", label)
    shares = (layer / 255).astype(np.float32)
    if heat["scale"]:
        shares = HeatScale(**heat["scale"]).shares(shares * heat["peak"])
    expected = imaging.heat_rgba(shares, view["colourMap"], view["opacity"])
    solid = expected[..., 3] > 64  # a canvas keeps colours premultiplied: faint ones lose digits
    assert np.abs(canvas.astype(int) - expected)[solid].max() <= 3
    np.testing.assert_allclose(canvas[..., 3], expected[..., 3], atol=1)


def path_of(page: Page, path: str) -> str:
    return str(page.evaluate("path => new URL(path, location.href).href", path))


def test_opacity_and_colour_map_change_the_heat_without_a_request(
    watched: Watched, films: list[Path]
) -> None:
    page = watched.page
    open_films(page, films[:1])
    in_view(page)
    choose_label(page, localised_label(page))
    show_heat(page)
    watched.quiet()
    first = heat_pixels(page)
    asked = len(watched.requests)
    page.click(".legend-head button")
    page.locator("#opacity").fill("20")
    frames(page)
    fainter = heat_pixels(page)
    page.click(".swatch >> nth=2")
    frames(page)
    recoloured = heat_pixels(page)
    assert fainter[..., 3].max() < first[..., 3].max()
    np.testing.assert_array_equal(recoloured[..., 3], fainter[..., 3])
    assert (recoloured[..., :3] != fainter[..., :3]).any()
    for key in "iffwcca":
        page.keyboard.press(key)
    frames(page)
    assert len(watched.requests) == asked


def test_choosing_another_finding_changes_heat_title_and_threshold_panel(
    page: Page, films: list[Path]
) -> None:
    open_films(page, films[:1])
    in_view(page)
    first, second = page.evaluate("() => cxr.modelLabels().slice(0, 2).map(label => label.key)")
    for label in (first, second):
        choose_label(page, label)
        frames(page)
        name = page.evaluate("label => cxr.nameOf(label)", label)
        assert page.inner_text("#cut-title").lower() == f"{name} · threshold".lower()
        assert page.locator(f'#findings [data-label="{label}"]').get_attribute("aria-selected") == "true"


def test_the_phantom_can_be_read_without_any_film_at_hand(page: Page) -> None:
    page.click("#phantom")
    settled(page, 1)
    in_view(page)
    assert page.inner_text(".row-title") == "film 01"
    assert page.locator("#empty").is_hidden()


def test_the_phantom_with_an_effusion_is_flagged_for_it_at_the_default_threshold(page: Page) -> None:
    choose_model(page, "findings")
    page.click("#effusion-phantom")
    settled(page, 1)
    in_view(page)
    expect(page.locator("#headline")).to_have_text("1 finding to check")
    expect(page.locator("#to-check")).to_have_text("To check: pleural effusion.")
    assert page.locator("#quality").is_hidden(), "the gate has nothing to say of it"
    assert page.locator(".row-main").get_attribute("title").endswith("a drawn chest with an effusion")
    again(page)
    settled(page, 1)
    assert page.locator(".row-main").get_attribute("title").endswith("a drawn chest with an effusion")


def test_another_model_reads_the_same_films(page: Page, films: list[Path]) -> None:
    models = page.eval_on_selector_all(
        "#model option:enabled", "options => options.map(option => option.value)"
    )
    assert len(models) > 1, "the shipped models folder must hold more than one bundle"
    open_films(page, films[:2])
    other = next(model for model in models if model != page.input_value("#model"))
    choose_model(page, other)
    page.wait_for_function("() => cxr.state.films.every(item => cxr.answerOf(item))")
    settled(page, 2)
    assert other in page.inner_text(".bottom")


def test_figures_come_from_other_hospitals_unless_these_have_too_few_films_of_the_label(
    page: Page, films: list[Path]
) -> None:
    choose_model(page, "covid")
    open_films(page, films[:1])
    held = page.evaluate(
        """() => cxr.state.facts.held_out.map(held => Object.fromEntries(
            Object.keys(held.positives).map(key => [key, held.positives[key].length])))"""
    )
    names = page.evaluate("() => cxr.state.facts.held_out.map(held => held.split)")
    few = [label for label, count in held[names.index("external")].items() if count < 10]
    assert few == ["pneumonia"]
    for label in ("covid", "normal", "pneumonia"):
        choose_label(page, label)
        frames(page)
        chosen = page.locator("#measured-on select").input_value()
        assert names[int(chosen)] == ("test" if label in few else "external")


def test_the_card_opens_with_warnings_and_curves_and_plotly_waits_until_then(watched: Watched) -> None:
    page = watched.page
    assert not any("plotly" in request.url.rsplit("/", 1)[-1] for request in watched.requests)
    page.click("#card-open")
    page.click('.card-nav a[href="#card-curves"]')
    page.wait_for_selector(".modal .js-plotly-plot .main-svg")
    assert page.locator(".card-warnings li").count() > 0
    assert "AUROC" in page.inner_text(".card-graphs >> nth=0")
    page.keyboard.press("Escape")
    page.wait_for_selector(".modal", state="detached")
