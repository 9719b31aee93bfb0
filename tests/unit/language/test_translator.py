"""Sentences, figures and dates in a reader's language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from babel import Locale

from cxr_dash.domain import Words
from cxr_dash.errors import FilmError
from cxr_dash.language import Translator, languages, negotiate, translator


def test_a_sentence_without_values_is_said_as_it_is_braces_and_all() -> None:
    assert Translator()("{not a field}") == "{not a field}"
    assert str(Words("{not a field}")) == "{not a field}"


def test_values_are_filled_in() -> None:
    assert Translator()("at most {most} films", most=3) == "at most 3 films"


def test_a_half_goes_up_by_the_digits_that_people_see() -> None:
    """As the browser writes it: 1.15 lies a little below 1.15 in floating point, and 12.5 half way."""
    t = Translator()
    assert [t.decimal(12.5, 0), t.decimal(1.15, 1), t.decimal(0.285, 2)] == ["13", "1.2", "0.29"]
    assert [t.decimal(1e-6, 2), t.decimal(-2.5, 0), t.decimal(3, 0)] == ["0.00", "-3", "3"]


def test_spanish_figures_have_a_decimal_comma() -> None:
    spanish = translator("es")
    assert spanish("{share:.1f} %", share=2.5) == "2,5 %"
    assert spanish("{name} {count}", name="v1.2", count=3) == "v1.2 3"
    assert spanish.percent(0.125, 1) == "12,5\u00a0%"
    assert Translator().percent(0.125, 1) == "12.5\u00a0%"


def test_names_are_listed_as_the_language_joins_them() -> None:
    names = ["mass", "nodule", "edema"]
    assert [Translator().listed(names[:count]) for count in range(4)] == [
        "",
        "mass",
        "mass and nodule",
        "mass, nodule and edema",
    ]
    spanish = translator("es")
    assert spanish.listed(["masa", "infiltrado"]) == "masa e infiltrado"
    assert spanish.listed(["masa", "nódulo", "hernia"]) == "masa, nódulo y hernia"
    assert spanish.listed(["vía", "hiato"]) == "vía y hiato"


def test_a_moment_is_written_as_the_language_does() -> None:
    moment = datetime(2026, 3, 2, 14, 5, 6, tzinfo=UTC)
    # neither a month that could be a day nor a second noon
    assert Translator().moment(moment) == "2 Mar 2026, 14:05:06 UTC"
    assert translator("es").moment(moment) == "2 mar 2026, 14:05:06 UTC"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [(["es-AR", "en"], "es"), (["de", "es"], "es"), (["de"], "en"), ([], "en"), (["en-GB", "es"], "en")]
    + [([wanted], given) for wanted, given in (("ES", "es"), ("es-mx", "es"), ("EN-us", "en"), ("DE", "en"))],
)
def test_the_browsers_list_decides_best_first(wanted: list[str], given: str) -> None:
    assert negotiate(wanted) == given


def test_an_unknown_language_is_english() -> None:
    assert translator("xx").language == "en"


def test_an_error_keeps_its_sentence_and_its_figures_apart_for_translators() -> None:
    error = FilmError(
        "At most {most:.0f} MB; received {had:.1f}.", remedy="Wait {most:.0f} s.", most=25.0, had=26.25
    )
    assert str(error) == "At most 25 MB; received 26.2. Wait 25 s."
    assert error.words.template.startswith("At most {most")
    assert translator("es").say(error.words) == "At most 25 MB; received 26,2."


def test_plural_forms() -> None:
    english = Translator()
    assert [english.plural("{n} film", "{n} films", count) for count in (0, 1, 2)] == [
        "0 films",
        "1 film",
        "2 films",
    ]


@pytest.mark.parametrize("language", languages())
def test_a_number_takes_the_form_of_its_category_in_cldr(language: str) -> None:
    """The browser asks for the category, the server the catalogue: both must come to one form."""
    t, rule = translator(language), Locale.parse(language, sep="-").plural_form
    forms = t.for_browser().get("{n} film", ["{n} film", "{n} films"])
    at = t.form_by_category()
    for number in (*range(1001), 10**6, 2 * 10**6):
        said = t.plural("{n} film", "{n} films", number)
        assert said == forms[at[rule(number)]].replace("{n}", str(number))
