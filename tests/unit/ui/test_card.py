"""The model card in the app: what speaks against the model comes first, and nothing is left out."""

from __future__ import annotations

from typing import Any

import pytest
from bundle_builder import KEYS, spec_dict
from trees import nodes, text, with_class

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language import Translator
from cxr_dash.ui.views import card, card_tables

T = Translator()


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
        "description_en": f"Eight films of {name}.",
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


def test_bad_audits_are_named_in_red_before_anything_else(measured: Bundle) -> None:
    body = card.card_body(measured, "", T)
    classes = [getattr(node, "className", None) for node in nodes(body)]
    assert classes.index("card-bad") < classes.index("card-warnings") < classes.index("card-section")
    (strip,) = with_class(body, "card-bad")
    assert " ".join(text(strip).split()) == "Bad in 2 of 3 audits: Audit border; Audit source"
    assert strip.role == "alert"
    assert [text(mark) for mark in with_class(body, "verdict-mark")] == ["Bad", "Bad", "OK"]
    assert len(with_class(body, "bad")) == 4  # two audits, two marks


def test_the_header_counts_failed_audits_and_says_nothing_when_there_are_none(
    measured: Bundle, spec: BundleSpec
) -> None:
    assert card.audit_badge(measured.spec, T) == "2 bad audits"
    assert card.audit_badge(spec, T) == ""
    (strip,) = with_class(card.card_body(Bundle(measured.path, spec), "", T), "card-bad")
    assert strip.hidden is True


def test_every_audit_opens_to_its_limit_and_figures(measured: Bundle) -> None:
    words = text(card.card_body(measured, "", T))
    assert "Limit: bad above half." in words
    assert "0.77 (0.67–0.87)" in words


def test_other_hospitals_stand_next_to_test_with_intervals(measured: Bundle) -> None:
    rows = text(card_tables.summary_table(measured.spec))
    assert rows.index("Other hospitals, 8 films") < rows.index("Test: new patients")
    assert rows.index("0.60 (0.50–0.70)") < rows.index("0.90 (0.80–1.00)")


def test_points_are_counted_for_the_chosen_label_and_a_missing_figure_is_a_dash(measured: Bundle) -> None:
    split = card_tables.splits_in_order(measured.spec, judged_only=True)[0]
    assert split.split == "external"
    found = card_tables.point_table(measured.spec, split, KEYS[0])
    assert found is not None
    words = text(found)
    for expected in ("Balanced", "0.400", "80 % (70–90)", "PPV at 5 %", "30.0 % (20.0–40.0)", "–"):
        assert expected in words
    assert card_tables.point_table(measured.spec, split, KEYS[1]) is None


def test_subgroups_show_splits_that_nothing_was_chosen_on(measured: Bundle) -> None:
    sections = [
        node for node in nodes(card.card_body(measured, "", T)) if getattr(node, "id", "") == "card-subgroups"
    ]
    words = text(sections[0])
    assert words.count("sex: F") == 2
    assert "Val" not in words


def test_the_chips_lead_to_sections_that_are_there(measured: Bundle) -> None:
    body = card.card_body(measured, "", T)
    (nav,) = with_class(body, "card-nav")
    targets = [node.href.removeprefix("#") for node in nodes(nav) if getattr(node, "href", None)]
    shown = {
        node.id for node in nodes(body) if getattr(node, "id", None) and not getattr(node, "hidden", False)
    }
    assert set(targets) <= shown
