"""Figures apart from the sentences of bundles, so that translations outlive them."""

from __future__ import annotations

import pytest

from cxr_dash.language import Translator, translator
from cxr_dash.language.figures import apart, written


def test_numbers_become_fields_and_names_with_digits_stay() -> None:
    template, found = apart(
        "COVID-19 at 0.97 (0.95–0.98) of ResNet-50, 3-pixel border, 2,000 films: 27% of it."
    )
    assert template == "COVID-19 at {0} ({1}–{2}) of ResNet-50, 3-pixel border, {3} films: {4}% of it."
    assert found == ("0.97", "0.95", "0.98", "2,000", "27")


def test_a_field_filled_with_its_figure_gives_the_sentence_back() -> None:
    sentence = "Version 1.2.0 {as it is}, CC BY 4.0: 1.7e-07 of 28 x 28, ages 1-5 and 1 to 5."
    template, found = apart(sentence)
    assert template.format(*found) == sentence
    assert found == ("1.7e-07", "28", "28", "1", "5")


@pytest.mark.parametrize(
    ("figure", "in_spanish"),
    [("0.81", "0,81"), ("2,000", "2000"), ("112,120", "112\u00a0120"), ("80", "80"), ("1.7e-07", "1,7e-07")],
)
def test_a_figure_is_written_as_the_language_does(figure: str, in_spanish: str) -> None:
    assert written(figure, ",") == in_spanish


def test_a_bundles_sentence_is_translated_whatever_its_figures_are() -> None:
    for figure, in_spanish in (("0.035", "0,035"), ("0.123", "0,123")):
        said = f"Calibration error, mean over labels: {figure} (0.026–0.045) on test."
        assert translator("es")(said).endswith(f"{in_spanish} (0,026–0,045) en test.")
        assert Translator()(said) == said


def test_a_sentence_that_no_catalogue_knows_is_said_in_english_with_its_figures() -> None:
    assert translator("es")("No such sentence, 0.5 {of} it.") == "No such sentence, 0.5 {of} it."
