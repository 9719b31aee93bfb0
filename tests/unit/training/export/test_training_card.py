"""``CARD.md``: what speaks against a model cannot be overlooked, and every figure keeps its interval."""

from __future__ import annotations

from typing import Any

from bundle_builder import KEYS, spec_dict

from cxr_dash.inference.schema import BundleSpec
from training.export.card import render_card


def _interval(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


def _audit(key: str, verdict: str) -> dict[str, Any]:
    return {
        "key": key,
        "name": f"Audit {key}",
        "verdict": verdict,
        "headline": f"About {key}.",
        "limit": "bad above half",
        "details": [f"Detail of {key}."],
        "figures": [{"name": "share", "split": "test", "value": _interval(0.51, 0.4, 0.6)}],
    }


def _row(auroc: float, sensitivity: float) -> dict[str, Any]:
    point = {
        "threshold": 0.4,
        "sensitivity": _interval(sensitivity, 0.1, 0.9),
        "specificity": _interval(0.7, 0.6, 0.8),
        "ppv": _interval(0.5, 0.4, 0.6),
        "npv": None,
        "prevalence": 0.05,
        "ppv_at_prevalence": _interval(0.123, 0.1, 0.2),
        "npv_at_prevalence": _interval(0.987, 0.98, 0.99),
    }
    return {
        "positives": 12,
        "negatives": 88,
        "auroc": _interval(auroc, auroc - 0.1, auroc + 0.05),
        "auprc": _interval(0.4),
        "sensitivity": point["sensitivity"],
        "specificity": point["specificity"],
        "ece": _interval(0.031, 0.01, 0.06),
        "brier": _interval(0.1),
        "auroc_within_source": _interval(0.77, 0.7, 0.8),
        "reliability": [{"stated": 0.15, "observed": _interval(0.2, 0.1, 0.3), "films": 40}],
        "points": {"balanced": point},
    }


def _split(name: str) -> dict[str, Any]:
    group = {"films": _interval(30), "auroc": _interval(0.6, 0.5, 0.7), "labels": _interval(2)}
    return {
        "split": name,
        "films": 100,
        "patients": 90,
        "description": {"en": "Hundred films."},
        "macro": {"auroc": _interval(0.85, 0.8, 0.9), "auroc_within_source": _interval(0.77, 0.7, 0.8)},
        "labels": {KEYS[0]: _row(0.9, 0.8), KEYS[1]: _row(0.65, 0.4)},
        "subgroups": {"view=AP": group},
    }


def _card(**changes: Any) -> str:
    table = spec_dict(
        audits=[_audit("border", "bad"), _audit("age", "caution"), _audit("sex", "ok")],
        metrics=[_split("val"), _split("test")],
        warnings=["One hospital."],
    )
    return render_card(BundleSpec.model_validate(table | changes))


def test_failed_audits_stand_under_the_title_and_again_with_limit_and_figures():
    card = _card()
    top = card.split("## ")[0]
    assert "> 🟥 **BAD** in 1 of 3 audits: Audit border." in top
    assert "> 🟨 **caution** in 1: Audit age." in top
    body = card.split("## Audits: what else it may be reading")[1]
    assert body.index("🟥 **BAD** · Audit border") < body.index("🟨 **caution** · Audit age")
    assert "Limit: bad above half." in body
    assert "| share | test | 0.51 (0.40–0.60) |" in body
    assert "🟩 ok in all 1 audits" in _card(audits=[_audit("sex", "ok")]).split("## ")[0]


def test_failures_are_read_off_the_figures_and_name_how_many_films_they_rest_on():
    failures = _card().split("## Known failures")[1].split("\n## ")[0]
    assert "Nodule on test: hardly told apart, AUROC 0.65 (0.55–0.70), 12 positive films." in failures
    assert "Nodule on test: misses 60% of 12 positive films" in failures
    assert "view: AP on test: AUROC 0.60 (0.50–0.70), all films 0.85 (0.80–0.90)." in failures
    assert "Effusion" not in failures
    assert "val" not in failures  # nothing is concluded from what was chosen on


def test_calibration_points_and_within_source_have_their_figures_and_val_has_none():
    card = _card()
    assert "| Effusion | 0.031 (0.010–0.060) | 0.100 | 15% → 20% (40) |" in card
    row = "| Effusion | 0.400 | 80% (10%–90%) | 70% (60%–80%) | 50% (40%–60%) | – | 12.3% (10.0%–20.0%) |"
    assert row in card
    assert "PPV at 5%" in card
    assert "Balanced, val" not in card
    assert "| Effusion | 12 / 88 | 0.90 (0.80–0.95) | 0.77 (0.70–0.80) |" in card


def test_without_films_of_other_hospitals_the_card_says_so():
    assert "**No film of another hospital was measured" in _card()
    assert "**No film of another hospital" not in _card(metrics=[_split("test"), _split("external")])


def test_heatmaps_are_on_the_card_where_they_were_measured():
    finding = {"finding": "mass", "label": KEYS[1], "films": 9, "patients": 9, "flat": 1}
    finding |= {key: _interval(0.5, 0.4, 0.6) for key in ("pointing", "pointing_tolerant", "energy", "iou")}
    found = {"method": "served", "split": "test", "films": 9, "patients": 9, "flat": 1, "cut": 0.5}
    found |= {"mean": {"pointing": _interval(0.5, 0.4, 0.6)}, "findings": [finding]}
    sanity = {
        "split": "val",
        "films": 9,
        "stages": {"all": {"correlation": _interval(0.9, 0.8, 1.0)}},
        "passed": False,
        "limit": "below half",
    }
    card = _card(localisation=[found], map_sanity=sanity)
    assert "| mass | 9 (1 flat) | 0.50 (0.40–0.60) |" in card
    assert "🟥 **BAD** · With weights drawn anew the maps must change" in card
    assert "Where its heatmaps point" not in _card()


def test_a_model_whose_head_alone_was_trained_has_no_epoch_0_and_no_fine_tuning_on_its_card():
    training = spec_dict()["training"]

    def told(**made: object) -> str:
        card = _card(
            training=training | {"recipe": {"network.name": "mobilenet", "fit.head_epochs": 40} | made}
        )
        return next(line for line in card.splitlines() if line.lstrip("- ").startswith("Recipe:"))

    frozen = {"fit.fine_tune_epochs": 0, "fit.fine_tune_optimizer": "adamw"}
    assert told(**frozen, best_epoch=0).endswith("name mobilenet, head_epochs 40, fine_tune_epochs 0.")
    assert "best_epoch 7" in told(**frozen, best_epoch=7)
    tuned = told(**{"fit.fine_tune_epochs": 20, "fit.fine_tune_optimizer": "adamw"}, best_epoch=3)
    assert "fine_tune_optimizer adamw, best_epoch 3" in tuned
