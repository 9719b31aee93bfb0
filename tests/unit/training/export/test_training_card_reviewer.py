"""What a hostile reviewer asks of a card: net benefit by hand, scores by class, what is not looked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bundle_builder import KEYS, spec_dict, write_bundle
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import read_spec
from cxr_dash.inference.schema import BundleSpec
from training.cli import app
from training.evaluation.net_benefit import THRESHOLDS, decision_curve
from training.export.card import render_card
from training.not_looked_for import NOT_LOOKED_FOR, not_looked_for
from training.recipe import load_recipe

UNSOUGHT = [{"key": "fractures", "name": {"en": "Fractures", "es": "Fracturas"}}]


def _held_out() -> dict[str, Any]:
    """Forty films, half of them positive, told apart by every threshold above 10 %."""
    return {
        "split": "test",
        "description": {"en": "forty films", "es": "cuarenta placas"},
        "probabilities": dict.fromkeys(KEYS, [0.9] * 20 + [0.1] * 20),
        "truths": dict.fromkeys(KEYS, [1] * 20 + [0] * 20),
    }


def _card(**changes: Any) -> str:
    return render_card(BundleSpec.model_validate(spec_dict(**changes)))


def test_net_benefit_is_true_positives_less_false_ones_at_the_odds_of_the_threshold():
    probabilities = np.array([0.9] * 8 + [0.1] * 2 + [0.6] * 9 + [0.01] * 81)
    truths = np.array([1.0] * 10 + [0.0] * 90)
    found = {at.threshold: at for at in decision_curve(probabilities, truths)}
    assert set(found) == set(THRESHOLDS)
    assert found[0.20].model == pytest.approx(0.08 - 0.09 * 0.25)
    assert found[0.20].everybody == pytest.approx(0.10 - 0.90 * 0.25)
    assert found[0.02].model == pytest.approx(0.10 - 0.09 * 0.02 / 0.98)
    assert found[0.20].useful
    assert found[0.20].low < found[0.20].model < found[0.20].high


def test_net_benefit_is_carried_over_to_a_stated_prevalence():
    probabilities, truths = np.array([0.9] * 50 + [0.1] * 50), np.array([1.0] * 40 + [0.0] * 60)
    (at,) = [one for one in decision_curve(probabilities, truths, 0.02) if one.threshold == 0.20]
    assert at.model == pytest.approx(0.02 - 0.98 * 0.25 * 10 / 60)
    assert at.everybody == pytest.approx(0.02 - 0.98 * 0.25)
    assert not at.useful


def test_a_coin_is_useful_nowhere():
    generator = np.random.default_rng(0)
    truths = (generator.random(600) < 0.3).astype(float)
    assert not any(at.useful for at in decision_curve(generator.random(600), truths))


def test_the_card_has_the_decision_curve_and_the_spread_of_scores():
    card = _card(held_out=[_held_out()])
    row = "| Effusion | 50.0% | 490 (490) | 474 (474) | 444 (444) | 500 (375) | 500 (286) | 500 (0) |"
    assert row in card
    assert "| Effusion | with it | 20 | 90.0% | 90.0% | 90.0% | 90.0% | 90.0% |" in card
    assert "| Effusion | without it | 20 | 10.0% |" in card
    assert "Shares of positives are those of these films" in card


def test_few_films_have_no_row_and_no_section():
    assert "decision curve" not in _card()
    assert "How scores are spread" not in _card()


def test_what_is_not_looked_for_stands_first_on_the_card():
    card = _card(not_looked_for=UNSOUGHT)
    first = card.split("\n\n")[2]
    assert first == "> **Not looked for**, so that its silence says nothing about them: Fractures."
    assert "Not looked for" not in _card()


def test_a_learning_curve_is_on_the_card_where_it_was_measured():
    points = [
        {"patients": 100 * times, "films": 120 * times, "auroc": {"value": 0.6 + 0.05 * times}}
        for times in (1, 2)
    ]
    card = _card(learning_curve={"how": "A head.", "split": "test", "points": points})
    assert "| 100 | 120 | 0.650 |" in card
    assert "| 200 | 240 | 0.700 |" in card
    assert "Learning curve" not in _card()


def test_a_recipe_names_what_is_not_looked_for_by_key_and_left_out_labels_join_it():
    found = not_looked_for(["fractures", "tuberculosis", "effusion"], KEYS, ["hernia"])
    assert [one.key for one in found] == ["fractures", "tuberculosis", "hernia"]
    assert found[1].name.said_in("es") == "Tuberculosis"
    with pytest.raises(TrainingError, match=r"`card\.not_looked_for` must be of"):
        not_looked_for(["everything"], KEYS)
    assert all(one.name.en and one.name.said_in("es") for one in NOT_LOOKED_FOR.values())


@pytest.mark.parametrize("recipe", ["findings", "covid", "pneumonia-paediatric"])
def test_the_released_recipes_name_it(recipe):
    card = load_recipe(recipe).card
    assert len(not_looked_for(card.not_looked_for, load_recipe(recipe).data.labels)) >= 5


def test_the_command_card_puts_a_recipes_list_into_the_bundle(tmp_path):
    bundle = write_bundle(tmp_path, "tiny", not_looked_for=[UNSOUGHT[0] | {"key": "hernia"}])
    done = CliRunner().invoke(app, ["card", str(bundle), "--recipe", "findings", "--write"])
    assert done.exit_code == 0, done.output
    keys = [one.key for one in read_spec(bundle).not_looked_for]
    assert {"fractures", "tubes_lines", "free_air"} <= set(keys)
    assert keys[-1] == "hernia", "what the export left out stays named"
    assert "Not looked for" in (bundle / "CARD.md").read_text(encoding="utf-8")
