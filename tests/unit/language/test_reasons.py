"""Every reason of a verdict has a code, a sentence in each language, and the figures of that sentence."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from cxr_dash.domain import Reason, ReasonCode
from cxr_dash.domain.reasons import VALUES
from cxr_dash.language import say_reasons, translator
from cxr_dash.language.catalogue import catalogue
from cxr_dash.language.reasons import SENTENCES

FIGURES = {"degrees": 8.4, "body_part": "HAND", "projection": "AP", "made_for": "PA", "age": 62}
FIGURES |= {"youngest": 1, "oldest": 5}


def example(code: ReasonCode) -> Reason:
    """A reason of this code with all its figures."""
    return Reason(code, {name: FIGURES[name] for name in VALUES.get(code, ())})


def fields(sentence: str) -> set[str]:
    """The format fields of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("code", ReasonCode)
def test_every_code_has_a_sentence_in_both_languages_with_all_its_figures(code: ReasonCode) -> None:
    english = SENTENCES[code]
    spanish = catalogue("es").single[english]
    assert fields(english) == fields(spanish) == VALUES.get(code, frozenset())
    said = {*say_reasons([example(code)]), *say_reasons([example(code)], translator("es"))}
    assert len(said) == 2
    assert not any("{" in sentence for sentence in said)


def test_no_two_codes_say_the_same() -> None:
    assert len(set(SENTENCES.values())) == len(SENTENCES) == len(ReasonCode)


def test_figures_are_said_in_the_language() -> None:
    (english,) = say_reasons([example(ReasonCode.TILTED)])
    (spanish,) = say_reasons([example(ReasonCode.TILTED)], translator("es"))
    assert english == "The film is tilted by 8 degrees: findings may be misplaced."
    assert spanish == "La placa está inclinada 8 grados: los hallazgos pueden quedar mal situados."


@pytest.mark.parametrize(
    "values", [{}, {"degree": 8.0}, {"degrees": 8.0, "more": 1}], ids=["missing", "misnamed", "too many"]
)
def test_a_reason_without_the_figures_of_its_sentence_cannot_be_made(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="degrees"):
        Reason(ReasonCode.TILTED, values)


def test_the_documentation_lists_every_code_with_its_sentence() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reasons.md").read_text(encoding="utf-8")
    table = page.partition("## Every code")[2]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    listed = {row[0].strip("| `"): row[-1].removesuffix(" |") for row in rows}
    assert listed == {code.value: sentence for code, sentence in SENTENCES.items()}
