"""Rules that stand in Python and in the browser's scripts: both are run on the same cases, and say the same.

The headline has a file of its own, ``test_headline_on_page_and_paper.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from export_material import analysis_of, bundle_of, film_file
from parts_alone import parts_alone
from playwright.sync_api import Browser, Page

from cxr_dash import imaging
from cxr_dash.domain import CODES, FilmLevels, HeatScale, LocalisedText
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import HeldOut
from cxr_dash.language import Translator, languages, say_place, translator
from cxr_dash.services.exports.listed import label_in_view, margin
from cxr_dash.services.exports.wording import interval, lower, pair, percent
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


@pytest.fixture(scope="module")
def scripts(chromium: Browser) -> Iterator[Page]:
    """The scripts with no page around them."""
    with parts_alone(chromium) as page:
        page.evaluate("() => { window.dash_clientside = { set_props() {} }; }")
        speak(page, "en")
        yield page


def speak(page: Page, language: str) -> None:
    settings = page_settings(Settings(), translator(language))
    page.evaluate("settings => { cxr.begin(settings); cxr.heat.readTables(settings.colour_maps); }", settings)


def held_out(split: str, with_it: Sequence[float], without: Sequence[float]) -> HeldOut:
    return HeldOut(
        split=split,
        description=LocalisedText(en="–", es="–"),
        probabilities={key: [*with_it, *without] for key, _, _ in LABELS},
        truths={key: [1] * len(with_it) + [0] * len(without) for key, _, _ in LABELS},
    )


def told(page: Page, bundle: Bundle) -> None:
    page.evaluate(
        "facts => { cxr.takeModel(facts, false); cxr.heldOut.forget(); }", model_facts(bundle, translator())
    )


PAIRS = [
    *((one, other) for one in SHARES for other in SHARES),
    (0.4812, 0.4789),
    (0.48, 0.48004),
    (0.48, 0.4800001),
    (0.0501, 0.0502),
    (0.9912, 0.9914),
    (0.00041, 0.00042),
]


@pytest.mark.parametrize("language", languages())
def test_a_probability_that_would_read_like_its_threshold_gets_a_digit_more(
    scripts: Page, language: str
) -> None:
    speak(scripts, language)
    t = translator(language)
    assert scripts.evaluate("pairs => pairs.map(one => cxr.words.pair(...one))", PAIRS) == [
        list(pair(one, other, t)) for one, other in PAIRS
    ]
    sign = "," if language == "es" else "."
    assert pair(0.4812, 0.4789, t) == (f"48{sign}1\u00a0%", f"47{sign}9\u00a0%")
    speak(scripts, "en")


@pytest.mark.parametrize("language", languages())
def test_a_place_is_named_alike_on_the_page_and_in_the_report_text(scripts: Page, language: str) -> None:
    speak(scripts, language)
    t = translator(language)
    along = [0.0, 0.33, 0.34, 0.439, 0.44, 0.5, 0.56, 0.561, 0.66, 0.67, 1.0]
    peaks: list[list[tuple[float, float]]] = [[], *([(x, y)] for x in along for y in along)]
    peaks += [[(0.2, down), (x, y)] for down in (0.1, 0.5, 0.9) for x in along for y in along]
    said = scripts.evaluate(
        """peaks => peaks.map(at => cxr.conclusion.placeOf(
            {film: "", quality: {verdict: "ok"}, heat: {x: {flat: !at.length, at}}}, "x") || "")""",
        peaks,
    )
    assert said == [say_place(one, t) for one in peaks]
    assert len(set(said)) == 14
    speak(scripts, "en")


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


@pytest.mark.parametrize("language", languages())
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
    for language in ("en", "de"):
        t = Translator(language)
        scripts.evaluate("settings => cxr.begin(settings)", page_settings(Settings(), t))
        said = scripts.evaluate("names => names.map(cxr.words.lower)", names)
        assert said == [lower(name, t) for name in names]
    speak(scripts, "en")
    assert said == names


def test_a_counted_sentence_has_as_many_forms_as_its_language(scripts: Page) -> None:
    forms = ["{n} zdjęcie", "{n} zdjęcia", "{n} zdjęć"]
    polish = {"language": "pl", "words": {"{n} film": forms}, "plural_forms": {"one": 0, "few": 1, "many": 2}}
    settings = page_settings(Settings(), translator("en")) | polish
    said = scripts.evaluate(
        """settings => {
            cxr.begin(settings);
            return [1, 3, 5, 13, 22, 112].map(n => cxr.words.plural("{n} film", "{n} films", n))
                .concat([1, 3].map(n => cxr.words.plural("{n} heat", "{n} heats", n)));
        }""",
        settings,
    )
    speak(scripts, "en")
    assert said[:3] == ["1 zdjęcie", "3 zdjęcia", "5 zdjęć"]
    assert said[3:6] == ["13 zdjęć", "22 zdjęcia", "112 zdjęć"]
    assert said[6:] == ["1 heat", "3 heats"]


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
        called = scripts.evaluate(
            "([sides, cut]) => sides.map(values => cxr.statistics.atOrAbove(values, cut))", [sides, cut]
        )
        counts = counts_at(held, "mass", cut)
        assert called == [counts.found, counts.alarms]
        assert (counts.missed, counts.cleared) == (40 - counts.found, 40 - counts.alarms)
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
            const label = cxr.labelInView();
            cxr.takeRowOut(item);
            return label;
        }""",
        [film_answer("k", bundle.id, analysis, translator()), cuts],
    )
    assert found == label_in_view(analysis, bundle, None, cuts)


def _levels(black: float, white: float, *, padding: int | None, inclusive: bool) -> FilmLevels:
    """Of a film whose pixels play no part."""
    return FilmLevels(
        pixels=np.zeros((1, 1), np.uint16),
        slope=0.5,
        intercept=-1024.0,
        unit="HU",
        shown=np.zeros(CODES, np.uint8),
        black=black,
        white=white,
        lowest=-1024.0,
        highest=3000.0,
        padding=padding,
        inclusive=inclusive,
    )


@pytest.mark.parametrize("curve", ["linear", "sigmoid"])
@pytest.mark.parametrize(
    "levels",
    [
        _levels(-900.0, 2000.5, padding=65_535, inclusive=True),
        _levels(2000.0, -900.0, padding=None, inclusive=False),
    ],
    ids=["rising", "falling"],
)
def test_levels_go_through_a_window_alike_and_have_the_same_figures(
    scripts: Page, levels: FilmLevels, curve: str
) -> None:
    told = {
        name: getattr(levels, name)
        for name in ("slope", "intercept", "black", "white", "padding", "inclusive")
    }
    for width, level in [(254.0, 127.5), (0.8, 17.3), (60.0, -20.0), (900.0, 300.0)]:
        window = {"width": width, "level": level, **({} if curve == "linear" else {"curve": curve})}
        greys, own, back = scripts.evaluate(
            """([levels, window]) => {
                const own = cxr.tones.toOwn(levels, window);
                const greys = cxr.tones.greys({ ...levels, tables: [] }, window, false);
                return [[...greys], own, cxr.tones.fromOwn(levels, own)];
            }""",
            [told, window],
        )
        expected = imaging.level_table(levels, width, level, curve)
        # halves may fall to either side of one grey
        assert np.abs(np.array(greys) - expected.astype(int)).max() <= 1
        assert (np.array(greys) != expected).sum() <= 2
        figures = imaging.in_own_levels(levels, width, level)
        assert (own["width"], own["level"]) == pytest.approx(figures)
        assert (back["width"], back["level"]) == pytest.approx((width, level), abs=1e-9)
        assert imaging.in_shown_levels(levels, *figures) == pytest.approx((width, level))
