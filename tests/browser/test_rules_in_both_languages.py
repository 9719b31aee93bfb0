"""Rules that stand in Python and in the browser's scripts: both are run on the same cases, and say the same.

The headline has a file of its own, ``test_headline_on_page_and_paper.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from export_material import analysis_of, bundle_of, film_file
from page_scripts import needed_for
from playwright.sync_api import Browser, Page

from cxr_dash import imaging
from cxr_dash.domain import HeatScale
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import HeldOut
from cxr_dash.language import LANGUAGES, translator
from cxr_dash.services.exports.listed import label_in_view, margin
from cxr_dash.services.exports.wording import interval, lower, percent
from cxr_dash.services.report.measured import FEWEST_FILMS, measure
from cxr_dash.settings import Settings
from cxr_dash.ui.facts import film_answer, model_facts, page_settings
from cxr_dash.ui.figures.curves import counts_at, roc_curve

pytestmark = pytest.mark.browser

# a half, as the page writes it and as floating point has it
TIES = [0.005, 0.0115, 0.0125, 0.0285, 0.125, 0.285, 0.375, 0.505, 0.625, 0.9915]
SHARES = [
    0.0,
    1e-6,
    0.0004,
    0.001,
    0.00999,
    0.02,
    0.0949,
    0.1,
    0.123,
    0.4999,
    0.5,
    0.77,
    0.9899,
    0.9951,
    0.9994,
    1 - 1e-6,
    1.0,
    *TIES,
]
LABELS = [
    ("finding", "Any finding", "Algún hallazgo"),
    ("mass", "Mass", "Masa"),
    ("effusion", "Effusion", "Derrame"),
]
PARTS = ("heat", "heldOut", "modelCut", "statistics", "words", "ranked", "stage")


@pytest.fixture(scope="module")
def scripts(chromium: Browser) -> Iterator[Page]:
    """The scripts with no page around them."""
    page = chromium.new_page()
    page.evaluate("() => { window.dash_clientside = { set_props() {} }; }")
    for path in needed_for(*PARTS):
        page.add_script_tag(path=path)
    speak(page, "en")
    yield page
    page.close()


def speak(page: Page, language: str) -> None:
    settings = page_settings(Settings(), translator(language))
    page.evaluate("settings => { cxr.begin(settings); cxr.heat.readTables(settings.colour_maps); }", settings)


def held_out(split: str, with_it: Sequence[float], without: Sequence[float]) -> HeldOut:
    return HeldOut(
        split=split,
        description_en="",
        description_es="",
        probabilities={key: [*with_it, *without] for key, _, _ in LABELS},
        truths={key: [1] * len(with_it) + [0] * len(without) for key, _, _ in LABELS},
    )


def told(page: Page, bundle: Bundle) -> None:
    page.evaluate(
        "facts => { cxr.takeModel(facts, false); cxr.heldOut.forget(); }", model_facts(bundle, translator())
    )


@pytest.mark.parametrize("opacity", [0.0, 0.35, 0.6, 1.0])
def test_heat_is_as_opaque_and_as_coloured_as_in_a_download(scripts: Page, opacity: float) -> None:
    levels = np.arange(256, dtype=np.uint8)
    drawn = scripts.evaluate(
        """([levels, opacity]) => {
            let image = null;
            const canvas = {getContext: () => ({putImageData: (one) => (image = one)})};
            const layer = {width: levels.length, height: 1, grey: levels};
            cxr.heat.colour(layer, canvas, {peak: 1, scale: null}, 'viridis', opacity);
            return [...image.data];
        }""",
        [levels.tolist(), opacity],
    )
    expected = imaging.heat_rgba((levels / 255.0).astype(np.float32)[np.newaxis], "viridis", opacity)
    np.testing.assert_array_equal(np.reshape(drawn, (1, 256, 4)), expected)


def test_heat_is_as_strong_on_its_findings_scale(scripts: Page) -> None:
    scale = {"moderate": 0.8, "strong": 2.5, "full": 6.0}
    values = np.linspace(0.0, 9.0, 91)
    found = scripts.evaluate(
        "([values, scale]) => values.map(value => cxr.heat.onScale(1, {peak: value, scale}))",
        [values.tolist(), scale],
    )
    np.testing.assert_allclose(found, HeatScale(**scale).shares(values.astype(np.float32)), atol=1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_shares_and_intervals_are_written_alike(scripts: Page, language: str) -> None:
    speak(scripts, language)
    t = translator(language)
    assert scripts.evaluate("shares => shares.map(cxr.words.percent)", SHARES) == [
        percent(one, t) for one in SHARES
    ]
    bounds = [
        (0.004, 0.009),
        (0.0, 0.0049),
        (0.04, 0.062),
        (0.79, 0.941),
        (0.0, 1.0),
        (0.095, 0.1004),
        (0.125, 0.285),
        (0.0115, 0.0175),
    ]
    said = scripts.evaluate("bounds => bounds.map(cxr.words.interval)", bounds)
    speak(scripts, "en")
    assert said == [interval(low, high, t) for low, high in bounds]


def test_a_name_inside_a_sentence_is_written_small_alike(scripts: Page) -> None:
    names = ["Pneumonia", "COVID-19", "Pleural effusion", "AP", "Óseo", "No finding", "X"]
    assert scripts.evaluate("names => names.map(cxr.words.lower)", names) == [lower(name) for name in names]


def test_a_proportion_has_the_same_interval(scripts: Page) -> None:
    for total in (1, 7, 368):
        counts = sorted({0, 1, total // 2, total})
        found = scripts.evaluate(
            "([counts, n]) => counts.map(k => cxr.statistics.wilson(k, n))", [counts, total]
        )
        np.testing.assert_allclose(found, np.column_stack(wilson_interval(counts, total)), atol=1e-12)


def test_a_probability_lies_at_the_same_place_of_the_scale(scripts: Page) -> None:
    found = scripts.evaluate("shares => shares.map(cxr.statistics.scale)", SHARES)
    np.testing.assert_allclose(found, [margin(one, 0.0) for one in SHARES], atol=1e-12)


def test_films_at_a_cut_and_the_roc_curve_are_the_same(scripts: Page) -> None:
    generator = np.random.default_rng(5)
    with_it, without = (np.round(generator.uniform(low, 1, 40), 2).tolist() for low in (0.2, 0.0))
    held = held_out("test", with_it, without)
    sides = [sorted(with_it), sorted(without)]
    for cut in (0.0, 0.25, with_it[0], 0.5, 0.99, 1.0):
        found = scripts.evaluate(
            """([[one, other], cut]) =>
                cxr.modelCut.countsAt({positives: {mass: one}, negatives: {mass: other}}, 'mass', cut)""",
            [sides, cut],
        )
        counts = counts_at(held, "mass", cut)
        assert found == {name: getattr(counts, name) for name in ("found", "missed", "alarms", "cleared")}
    curve = roc_curve(held, "mass")
    assert curve is not None
    corners = scripts.evaluate(
        "sides => cxr.statistics.roc(...sides).map(one => [one.alarms, one.sensitivity])", sides
    )
    np.testing.assert_allclose(
        corners, np.column_stack([curve.false_positive_rate, curve.sensitivity]), atol=1e-12
    )
    assert scripts.evaluate("sides => cxr.statistics.auroc(...sides)", sides) == pytest.approx(curve.area)


@pytest.mark.parametrize("elsewhere", [0, FEWEST_FILMS - 1, FEWEST_FILMS])
@pytest.mark.parametrize("chosen", [None, "test", "external"])
def test_cuts_are_counted_on_the_same_films(scripts: Page, elsewhere: int, chosen: str | None) -> None:
    splits = [held_out("test", [0.6] * 12, [0.2] * 12)]
    if elsewhere:
        splits.append(held_out("external", [0.7] * elsewhere, [0.1] * 30))
    bundle = bundle_of(LABELS, held_out=[one.model_dump() for one in splits])
    told(scripts, bundle)
    index = next((at for at, one in enumerate(splits) if one.split == chosen), None)
    found = scripts.evaluate(
        "index => { if (index !== null) cxr.heldOut.choose(index); return cxr.heldOut.split('mass').split; }",
        index,
    )
    on_paper = measure(bundle.spec, "mass", 0.5, None if index is None else chosen)
    assert on_paper is not None
    assert found == on_paper.held_out.split


@pytest.mark.parametrize(
    ("probabilities", "cuts"),
    [
        ([0.9, 0.2, 0.3], {}),
        ([0.9, 0.6, 0.55], {}),
        ([0.9, 0.51, 0.98], {"effusion": 0.97}),
        ([0.1, 0.2, 0.3], {}),
        ([0.1, 0.2, 0.3], {"mass": 0.21, "effusion": 0.9}),
    ],
)
def test_the_same_finding_is_in_view(
    scripts: Page, probabilities: list[float], cuts: dict[str, float]
) -> None:
    bundle = bundle_of(LABELS)
    told(scripts, bundle)
    analysis: Any = analysis_of(film_file(), bundle, probabilities)
    found = scripts.evaluate(
        """([answer, cuts]) => {
            cxr.hear(answer);
            cxr.recallThresholds(answer.model, cuts);
            cxr.settleCuts();
            const item = {id: 'row-1', film: answer.film, status: 'kept'};
            cxr.addRow(item);
            cxr.putInView(item.id);
            const label = cxr.label();
            cxr.takeRowOut(item);
            return label;
        }""",
        [film_answer("k", bundle.id, analysis, translator()), cuts],
    )
    assert found == label_in_view(analysis, bundle, None, cuts)
