"""The report text says what the reader accepted, and nothing of its own; a site's template is tried first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from export_material import analysis_of, bundle_of, film_file

from cxr_dash.domain import Analysis, Verdict
from cxr_dash.errors import NotReadyError
from cxr_dash.explain import make_heatmap
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import languages, translator
from cxr_dash.services.exports import ChosenFilm, Judged, ListedFilm
from cxr_dash.services.report import report_templates, report_text
from cxr_dash.settings import SHIPPED_TEMPLATES

LABELS = [
    ("normal", "Normal", "Normal"),
    ("effusion", "Effusion", "Derrame"),
    ("nodule", "Nodule", "Nódulo"),
    ("mass", "Mass", "Masa"),
]
FILM = film_file()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return bundle_of(LABELS)


@pytest.fixture(scope="module")
def analysis(bundle: Bundle) -> Analysis:
    return analysis_of(FILM, bundle, [0.9, 0.8, 0.2, 0.7])


def _text(
    analysis: Analysis, bundle: Bundle, language: str = "en", status: str = "ok", **verdicts: str
) -> str:
    film = ListedFilm(ChosenFilm(3, "k", judged=Judged(verdicts)), status, "", analysis)  # type: ignore[arg-type]
    return report_text(film, bundle, report_templates(SHIPPED_TEMPLATES), translator(language))


_SAID = {
    "en": ("- Effusion (picture left, middle third)", "- Nodule; added by the reader", "Mass", "Made with"),
    "es": (
        "- Derrame (izquierda de la imagen, tercio medio)",
        "- Nódulo; añadido por el lector",
        "Masa",
        "Hecho con",
    ),
}


@pytest.mark.parametrize("language", languages())
def test_it_holds_what_was_accepted_with_its_place_and_not_what_was_rejected(
    bundle: Bundle, analysis: Analysis, language: str
) -> None:
    accepted, added, rejected, by = _SAID[language]
    text = _text(analysis, bundle, language, effusion="accepted", nodule="accepted", mass="rejected")
    lines = text.splitlines()
    assert accepted in lines
    # where a finding lies that the model does not flag, the model has not said
    (below,) = [line for line in lines if line.startswith(added)]
    assert "(" not in below
    assert rejected not in text
    (source,) = [line for line in lines if line.startswith(by)]
    assert "tiny" in source
    assert "1.0.0" in source
    assert text == text.strip() + "\n"


@pytest.mark.parametrize("language", languages())
def test_nothing_accepted_gives_a_neutral_sentence_and_never_a_normal_film(
    bundle: Bundle, analysis: Analysis, language: str
) -> None:
    for verdicts in ({}, {"effusion": "rejected", "mass": "rejected"}):
        text = _text(analysis, bundle, language, **verdicts)
        assert {"en": "No finding was accepted", "es": "no aceptó ningún hallazgo"}[language] in text
        assert "normal" not in text.lower()
        assert "- " not in text


def test_no_place_is_named_where_the_models_card_gives_none_or_the_heat_is_doubtful(
    bundle: Bundle, analysis: Analysis
) -> None:
    heat = replace(analysis.heatmaps["effusion"], no_place="no_better_than_template")
    unplaced = replace(analysis, heatmaps=analysis.heatmaps | {"effusion": heat})
    for one in (unplaced, analysis_of(FILM, bundle, [0.9, 0.8, 0.2, 0.7], flat=["effusion"])):
        text = _text(one, bundle, effusion="accepted")
        assert "- Effusion\n" in text
        assert "Left and right" not in text


def test_of_a_refused_film_it_says_so_and_no_place_and_no_side_of_the_threshold(bundle: Bundle) -> None:
    refused = analysis_of(FILM, bundle, [0.9, 0.8, 0.2, 0.7], verdict=Verdict.REJECT)
    text = _text(refused, bundle, status="rejected", nodule="accepted", effusion="accepted")
    assert "- Nodule\n" in text
    assert "- Effusion\n" in text
    assert "refused this film" in text


def test_both_sides_are_named_where_both_are_about_as_strong(bundle: Bundle, analysis: Analysis) -> None:
    both = analysis.heatmaps["effusion"].values.copy()
    both[2:4, 5:7] = both.max()
    heat = make_heatmap(both, 1.0, analysis.preparation)
    text = _text(
        replace(analysis, heatmaps=analysis.heatmaps | {"effusion": heat}), bundle, effusion="accepted"
    )
    assert "- Effusion (both sides of the picture, middle third)" in text


# ---- a site's own templates

GOOD = "{{ model.id }} {{ model.version }}: {% for one in findings %}{{ one.inside }}; {% endfor %}"


def test_a_sites_own_template_is_used_and_other_languages_take_the_shipped_one(
    tmp_path: Path, bundle: Bundle, analysis: Analysis
) -> None:
    (tmp_path / "es.txt").write_text(GOOD, encoding="utf-8")
    own = report_templates(tmp_path)
    assert own.own == ("es",)
    film = ListedFilm(ChosenFilm(1, "k", judged=Judged({"mass": "accepted"})), "ok", "", analysis)
    assert report_text(film, bundle, own, translator("es")) == "tiny 1.0.0: masa;\n"
    assert "Accepted by the reader" in report_text(film, bundle, own, translator("en"))


def test_a_mark_of_the_encoding_is_no_part_of_the_text(
    tmp_path: Path, bundle: Bundle, analysis: Analysis
) -> None:
    (tmp_path / "en.txt").write_text(GOOD, encoding="utf-8-sig")
    film = ListedFilm(ChosenFilm(1, "k", judged=Judged({"mass": "accepted"})), "ok", "", analysis)
    assert report_text(film, bundle, report_templates(tmp_path), translator("en")) == "tiny 1.0.0: mass;\n"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% for one in findings %}", "line 1"),
        (GOOD + "{{ patient }}", "'patient' is undefined"),
        (GOOD + "{{ model.vendor.name }}", "vendor"),
        ("{{ model.id }} {{ model.version }}", "leaves out Finding one, Finding two"),
        ("{% for one in findings %}{{ one.name }}{% endfor %}", "leaves out model-id, 1.2.3"),
        (GOOD + "{{ model.id.__class__.__mro__ }}", "unsafe"),
        (GOOD + "{{ findings[0].name }}", "no element 0"),
        (GOOD + "{{ 1 // 0 }}", "zero"),
        (GOOD + '{% include "/etc/passwd" %}', "no loader"),
        (GOOD + "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        (GOOD + "x" * 70_000, "longer than"),
        (GOOD + "{# " + "é" * 33_000 + " #}", "longer than"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}" + GOOD, "recursion"),
        ("{% for a in [1] %}" * 30 + GOOD + "{% endfor %}" * 30, "nested"),
        ("\udcff", "UnicodeDecodeError"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_with_its_name_and_why(
    tmp_path: Path, template: str, said: str
) -> None:
    (tmp_path / "en.txt").write_bytes(template.encode("utf-8", "surrogateescape"))
    with pytest.raises(NotReadyError, match=r"en\.txt") as caught:
        report_templates(tmp_path)
    assert said in str(caught.value)


def test_a_folder_without_a_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match=r"`CXR_REPORT_TEMPLATES` must be a folder with one of en\.txt"):
        report_templates(tmp_path / "nowhere")
