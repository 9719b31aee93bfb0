"""The page about the model: what speaks against it comes first, and nothing is left out."""

from __future__ import annotations

import base64
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from bundle_builder import KEYS, spec_dict
from dash import html
from trees import nodes, text, with_class

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_localisation import LocalisationExample
from cxr_dash.language import Translator
from cxr_dash.ui.views import (
    card,
    card_counts,
    card_examples,
    card_label,
    card_tables,
    card_window,
    card_words,
)
from cxr_dash.ui.views.card_parts import FIRST

T, ES = Translator(), Translator("es")


def parsed(frame: Any) -> ElementTree.Element:
    """The table in its frame."""
    return ElementTree.fromstring(frame.children.children)  # noqa: S314  # our own


def cells(tree: Any) -> str:
    """What the tables of a tree say."""
    tables = map(parsed, with_class(tree, "card-table-frame"))
    return " | ".join("".join(cell.itertext()) for one in tables for row in one.iter("tr") for cell in row)


def page(bundle: Bundle, section: str, label: str = KEYS[0], t: Translator = T) -> card.CardPage:
    return card.card_page(bundle, section, label, {}, t)


def seen(bundle: Bundle, section: str, label: str = KEYS[0], t: Translator = T) -> list[Any]:
    """What stands below the title, in its order."""
    one = page(bundle, section, label, t)
    return [html.Div(one.failed, className="card-bad"), *one.counts, *one.view]


def example(**changes: Any) -> dict[str, Any]:
    """A hit in the middle of a film twice as wide as high."""
    box = {"left": 0.5, "top": 0.25, "right": 0.75, "bottom": 0.75}
    return {
        "place": "best",
        "rank": 1,
        "ranked": 9,
        "finding": KEYS[1],
        "label": KEYS[1],
        "probability": 0.625,
        "energy": 0.8,
        "hit": True,
        "flat": False,
        "aspect": 2.0,
        "boxes": [box],
        "lungs": [[(0.1, 0.1), (0.4, 0.1), (0.4, 0.9)]],
        "heat": ["00", "0f"],
        "heat_frame": {"left": 0.0, "top": -0.5, "right": 1.0, "bottom": 1.5},
        "peak": (0.6, 0.5),
    } | changes


def localised(*examples: dict[str, Any]) -> list[dict[str, Any]]:
    finding = {"finding": "lung_opacity", "label": KEYS[1], "films": 9, "patients": 9, "flat": 0}
    finding |= {key: _interval(0.5) for key in ("pointing", "pointing_tolerant", "energy", "iou")}
    one = {"split": "test", "films": 9, "patients": 9, "flat": 0, "cut": 0.5, "findings": [finding]}
    return [
        one | {"method": "served", "mean": {"pointing": _interval(0.42)}, "examples": list(examples)},
        one | {"method": "train_boxes", "mean": {"pointing": _interval(0.39)}},
    ]


def _interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def _audit(key: str, verdict: str) -> dict[str, Any]:
    figure = {"name": "AUROC", "split": "test", "value": _interval(0.77)}
    return {
        "key": key,
        "name": f"Audit {key}",
        "verdict": verdict,
        "headline": f"It reads {key}.",
        "limit": "bad above half",
        "figures": [figure],
    }


def _split(name: str) -> dict[str, Any]:
    point = {
        "threshold": 0.4,
        "sensitivity": _interval(0.8),
        "specificity": _interval(0.7),
        "ppv": None,
        "npv": None,
        "prevalence": 0.05,
        "ppv_at_prevalence": _interval(0.3),
        "npv_at_prevalence": None,
    }
    names = ("auroc", "auprc", "sensitivity", "specificity", "ece", "brier")
    row = {"positives": 3, "negatives": 5, "points": {"balanced": point}}
    row |= {figure: _interval(0.6) for figure in names}
    return {
        "split": name,
        "films": 8,
        "patients": 8,
        "description": {"en": f"Eight films of {name}."},
        "macro": {"auroc": _interval(0.6 if name == "external" else 0.9)},
        "labels": {KEYS[0]: row},
        "subgroups": {"sex=F": {"films": {"value": 20}, "auroc": _interval(0.5), "labels": {"value": 1}}},
    }


@pytest.fixture
def measured(bundle: Bundle) -> Bundle:
    table = spec_dict(
        audits=[_audit("border", "bad"), _audit("source", "bad"), _audit("age", "ok")],
        metrics=[_split("val"), _split("test"), _split("external")],
        warnings=["One hospital only."],
    )
    spec = BundleSpec.model_validate(table | {"files": bundle.spec.files})
    return Bundle(path=bundle.path, spec=spec)


def test_bad_audits_are_named_above_every_section(measured: Bundle) -> None:
    for section in card.sections(measured.spec):
        said = " ".join(text(page(measured, section).failed).split())
        assert said == "Bad in 2 of 3 audits: Audit border; Audit source"
    view = seen(measured, "audits")
    classes = [getattr(node, "className", None) for node in nodes(view)]
    assert classes.index("card-bad") < classes.index("card-warnings") < classes.index("card-section")
    assert [text(mark) for mark in with_class(view, "verdict-mark")] == ["Bad", "Bad", "OK"]
    assert len(with_class(view, "bad")) == 4  # two audits, two marks


def test_the_header_counts_failed_audits_and_says_nothing_when_there_are_none(
    measured: Bundle, spec: BundleSpec
) -> None:
    assert card.audit_badge(measured.spec, T) == "2 bad audits"
    assert card.audit_badge(spec, T) == ""
    assert page(Bundle(measured.path, spec), "use").failed == []


def test_every_audit_opens_to_its_limit_and_figures(measured: Bundle) -> None:
    view = page(measured, "audits").view
    assert "Limit: bad above half." in text(view)
    assert "0.77 (0.67–0.87)" in cells(view)


def test_a_table_names_its_columns_and_rows_and_takes_no_word_for_a_tag() -> None:
    odd = "<b onclick='x'>{1} & \"2\""
    part = card_tables.table(["A", odd], [["one", odd], ["two\n\nlines", "–"]], odd)
    table = parsed(part)
    assert [(cell.get("scope"), cell.text) for cell in table.iter("th")] == [
        ("col", "A"),
        ("col", odd),
        ("row", "one"),
        ("row", "two  lines"),
    ]
    assert [cell.text for cell in table.iter("td")] == [odd, "–"]
    assert {node.tag for node in table.iter()} == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert "{" not in part.children.children
    assert getattr(part, "aria-label") == odd


def test_other_hospitals_stand_next_to_test_with_intervals(measured: Bundle) -> None:
    rows = cells(card_tables.summary_table(measured.spec, T))
    assert rows.index("Other hospitals, 8 films") < rows.index("Test: new patients")
    assert rows.index("0.60 (0.50–0.70)") < rows.index("0.90 (0.80–1.00)")


def test_points_are_counted_for_the_chosen_label_and_a_missing_figure_is_a_dash(measured: Bundle) -> None:
    split = card_tables.splits_in_order(measured.spec, judged_only=True)[0]
    assert split.split == "external"
    found = card_tables.point_table(measured.spec, split, KEYS[0], T)
    assert found is not None
    words = cells(found)
    for expected in (
        "Balanced",
        "40.0\u00a0%",
        "80\u00a0% (70–90)",
        "PPV at 5\u00a0%",
        "30.0\u00a0% (20.0–40.0)",
        "–",
    ):
        assert expected in words
    assert card_tables.point_table(measured.spec, split, KEYS[1], T) is None


def test_figures_are_written_as_the_reader_writes_them(measured: Bundle) -> None:
    split = card_tables.splits_in_order(measured.spec)[0]
    assert "0,60 (0,50–0,70)" in cells(card_tables.label_table(measured.spec, split, ES))


def test_subgroups_show_splits_that_nothing_was_chosen_on(measured: Bundle) -> None:
    part = card_label.subgroup_part(measured.spec, T)
    assert cells(part).count("Sex: women") == 2
    assert "Val" not in text(part)
    assert len(with_class(part, "card-graph")) == 2


def test_every_section_of_the_list_is_there_and_marked_when_it_is_in_view(measured: Bundle) -> None:
    keys = card.sections(measured.spec)
    assert keys[0] == FIRST
    assert "places" not in keys  # these maps were never measured
    for key in keys:
        one = page(measured, key)
        links = {node.href: node for node in nodes(one.nav) if getattr(node, "href", None)}
        assert list(links) == [f"#card-{other}" for other in keys]
        assert [href for href, link in links.items() if hasattr(link, "aria-current")] == [f"#card-{key}"]
        sections = with_class([one.view, _label_frame()], "card-section")
        assert f"card-{key}" in {node.id for node in sections}
        assert one.of_a_label == (key in {"cut", "curves"}) == bool(one.counts)


def _label_frame() -> Any:
    return card_window.card_window(T)


def test_a_section_that_the_model_has_not_is_the_first_one(measured: Bundle) -> None:
    for wanted in ("places", "no-such-section", ""):
        assert text(page(measured, wanted).view) == text(page(measured, "audits").view)


def test_films_are_counted_at_the_readers_threshold_with_their_rates(measured: Bundle) -> None:
    # films without it at 0.1 and 0.4, with it at 0.6 and 0.9; the default threshold is 0.4
    (part,) = card_counts.counts_part(measured.spec, KEYS[0], 0.7, T)
    counts = {getattr(node, "data-count"): text(node) for node in nodes(part) if hasattr(node, "data-count")}
    assert counts == {
        "found": "1 found",
        "missed": "1 missed",
        "alarms": "0 false alarms",
        "cleared": "2 rightly cleared",
    }
    rates = {getattr(node, "data-rate"): text(node) for node in nodes(part) if hasattr(node, "data-rate")}
    assert rates["sensitivity"] == "Sensitivity 50\u00a0% 9–91"
    assert rates["ppv"] == "PPV 100\u00a0% 21–100"
    assert "not called 3 films" in text(part)
    (strict,) = card_counts.counts_part(measured.spec, KEYS[0], 0.95, T)
    assert "PPV – not estimable" in text(strict)


def test_of_a_class_like_normal_the_counts_say_what_was_called() -> None:
    table = json.loads(json.dumps(spec_dict()).replace(KEYS[0], "normal").replace(KEYS[0].title(), "Normal"))
    (part,) = card_counts.counts_part(BundleSpec.model_validate(table), "normal", 0.4, T)
    said = text(part)
    for words in ("2 rightly called normal", "0 normal but not called so", "1 called normal and is not"):
        assert words in said
    assert "Normal 2 films" in said
    assert "not normal 2 films" in said
    assert "false alarm" not in said


def test_every_graph_has_its_sentence_as_caption_and_as_the_name_of_a_picture(measured: Bundle) -> None:
    part = card_label.label_part(measured.spec, KEYS[0], {}, T)
    figures = with_class(part, "card-figure")
    assert [getattr(figure, "data-graph") for figure in figures] == ["roc", "precision", "reliability"]
    for figure in figures:
        picture, caption = figure.children
        name, sentence = (child.children for child in caption.children)
        assert picture.role == "img"
        assert getattr(picture, "aria-label") == f"{name}. {sentence}"
        assert sentence.startswith("Effusion: ")


def test_the_readers_own_cut_is_marked_instead_of_the_default_one(measured: Bundle) -> None:
    def cut_on_roc(cuts: dict[str, float]) -> tuple[float, float]:
        (graph, *_) = with_class(card_label.label_part(measured.spec, KEYS[0], cuts, T), "card-graph")
        (mark,) = [trace for trace in graph.figure.data if trace.meta == "cut"]
        return mark.x[0], mark.y[0]

    # films without it at 0.1 and 0.4, with it at 0.6 and 0.9; the default cut is 0.4
    assert cut_on_roc({}) == (0.5, 1.0)
    assert cut_on_roc({KEYS[0]: 0.7}) == (0.0, 0.5)


def test_a_moved_threshold_has_a_place_on_each_of_its_graphs(measured: Bundle) -> None:
    part = card_label.label_part(measured.spec, KEYS[0], {}, T)
    graphs = {node.id: node.figure for node in with_class(part, "card-graph") if hasattr(node, "id")}
    moved = card_label.moved_marks(measured.spec, KEYS[0], 0.7)
    assert set(moved) == set(graphs) == {"card-roc-test", "card-precision-test"}
    assert all(figure.data[-1].meta == "cut" for figure in graphs.values())
    assert moved == {"card-roc-test": (0.0, 0.5), "card-precision-test": (0.5, 1.0)}


def test_a_split_without_films_of_both_kinds_says_why_there_is_no_curve(measured: Bundle) -> None:
    held = measured.spec.held_out[0].model_copy(update={"truths": {key: [0, 0, 0, 0] for key in KEYS}})
    spec = measured.spec.model_copy(update={"held_out": [held]})
    part = card_label.label_part(spec, KEYS[0], {}, T)
    assert card_label.moved_marks(spec, KEYS[0], 0.5) == {}
    assert "No curve can be drawn" in text(part)
    assert with_class(part, "card-graph") == []


def test_the_text_of_the_card_stays_english_and_says_so_to_others(measured: Bundle) -> None:
    (measured.path / "CARD.md").write_text("# Facts", encoding="utf-8")
    for t, notes in ((T, 0), (ES, 1)):
        (section,) = page(measured, "text", t=t).view
        (english,) = [node for node in nodes(section) if getattr(node, "lang", "") == "en"]
        assert [node.children for node in nodes(english) if node.to_plotly_json()["type"] == "Markdown"]
        assert len(with_class(section, "card-note")) == notes


def test_examples_stand_beside_the_hit_rate_and_what_never_looks_at_the_film(measured: Bundle) -> None:
    miss = example(place="worst", rank=9, hit=False, energy=0.0, finding="lung_opacity")
    spec = measured.spec.model_validate(
        spec_dict(localisation=localised(example(), miss)) | {"files": measured.spec.files}
    )
    part = card_examples.places_part(spec, T)
    words = text(part)
    assert "42\u00a0% (32–52) of 9 films" in words
    assert "never looks at a film, has 39\u00a0% (29–49)" in words
    assert "The 9 boxed findings of the split (test) are sorted" in words
    first, second = with_class(part, "card-example")
    assert "Best, 1 of 9" in text(first)
    assert "the highest point lies in the box" in text(first)
    assert "80\u00a0% of the heat in the box; probability 63\u00a0%" in text(first)
    assert "Lung opacity" in text(second)
    (picture,) = [node for node in nodes(second) if node.to_plotly_json()["type"] == "Img"]
    assert picture.alt.startswith("Sketch of Lung opacity: the highest point misses the box.")
    assert "Mean box of the training films, test" in cells(part)


def test_a_sketch_draws_box_cells_and_peak_where_they_were_measured() -> None:
    one = LocalisationExample.model_validate(example())
    url = card_examples.sketch_url(one)
    assert url.startswith("data:image/svg+xml;base64,")
    root = ElementTree.fromstring(base64.b64decode(url.split(",")[1]))  # noqa: S314  # our own drawing
    name = "{http://www.w3.org/2000/svg}"
    ground, cell, box = root.findall(f"{name}rect")
    assert (ground.get("width"), ground.get("height")) == ("400.0", "200.0")
    # the right lower of two by two cells, which reach over the film by half its height
    assert [cell.get(key) for key in ("x", "y", "width", "height")] == ["200.0", "100.0", "200.0", "200.0"]
    assert [box.get(key) for key in ("x", "y", "width", "height")] == ["200.0", "50.0", "100.0", "100.0"]
    assert len(root.findall(f"{name}polygon")) == 1
    rings = root.findall(f"{name}circle")
    assert {(ring.get("cx"), ring.get("cy")) for ring in rings} == {("240.0", "100.0")}
    missed = LocalisationExample.model_validate(example(hit=False))
    assert "<circle" not in card_examples.sketch(missed)
    flat = LocalisationExample.model_validate(example(hit=False, flat=True, peak=None, heat=["00", "00"]))
    assert card_examples.sketch(flat).count("<path") == 0


def test_names_between_backticks_are_code_in_what_the_bundle_says() -> None:
    said = card_words.said("On `test` and `external` alike.", Translator("en"))
    assert text(said).split() == ["On", "test", "and", "external", "alike."]
    assert [node.children for node in nodes(said) if isinstance(node, html.Code)] == ["test", "external"]
    assert card_words.said("Nothing of it.", Translator("en")).children == ["Nothing of it."]
