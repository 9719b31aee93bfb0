"""One film on one sheet of paper, in the reader's language."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from export_material import REFUSAL_WORDS, analysis_of, bundle_of, film_file
from pypdf import PdfReader

from cxr_dash.domain import (
    DecodeLimits,
    FilmFacts,
    HeartMeasures,
    PatientIdentity,
    Quality,
    Reason,
    ReasonCode,
    Verdict,
)
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator, translator
from cxr_dash.services.exports import (
    SOFTWARE,
    ChosenFilm,
    ExportRequest,
    ListedFilm,
    Opinion,
    Seen,
    clean_label,
    film_display,
)
from cxr_dash.services.heat import label_heatmap
from cxr_dash.services.report import report_pdf
from cxr_dash.services.report.headline import headline
from cxr_dash.services.report.measured import measure, point_in_force

FILM = film_file()
LABELS = [
    ("effusion", "Effusion", "Derrame pleural"),
    ("pneumonia", "Pneumonia", "Neumonía"),
    ("nodule", "Nodule", "Nódulo"),
]
AUDIT = {
    "key": "lungs",
    "name": "Lungs covered",
    "verdict": "bad",
    "headline": "It reads elsewhere.",
    "limit": "none",
}
ENGLISH, SPANISH = translator("en"), translator("es")
OWN = Opinion(normal=False, labels=("pneumonia",), at="2026-03-01T10:00:00Z")


def _report(
    bundle: Bundle,
    probabilities: list[float],
    t: Translator,
    *,
    verdict: Verdict = Verdict.OK,
    opinion: Opinion = OWN,
    **request: object,
) -> PdfReader:
    analysis = analysis_of(FILM, bundle, probabilities, verdict=verdict)
    chosen = ChosenFilm(number=7, film="k", opinion=opinion)
    wanted = ExportRequest(model="tiny", films=(chosen,), **request)  # type: ignore[arg-type]
    status = "rejected" if verdict is Verdict.REJECT else "ok"
    film = ListedFilm(chosen, status, "", analysis, cuts=wanted.thresholds)
    display = film_display(FILM, analysis, DecodeLimits())
    return PdfReader(io.BytesIO(report_pdf(film, bundle, wanted, display, t)))


def test_the_report_says_the_cardiothoracic_ratio_beside_the_films_quality() -> None:
    bundle = bundle_of(LABELS)
    analysis = replace(analysis_of(FILM, bundle, [0.9, 0.2, 0.1]), heart=HeartMeasures(0.512, None, 0.1))
    chosen = ChosenFilm(number=7, film="k", opinion=OWN)
    wanted = ExportRequest(model="tiny", films=(chosen,))
    for t, words in ((ENGLISH, "Cardiothoracic ratio 0.51"), (SPANISH, "Índice cardiotorácico 0,51")):
        film, display = ListedFilm(chosen, "ok", "", analysis), film_display(FILM, analysis, DecodeLimits())
        assert words in _text(PdfReader(io.BytesIO(report_pdf(film, bundle, wanted, display, t))))


def _text(pdf: PdfReader) -> str:
    return " ".join(pdf.pages[0].extract_text().replace("\u00a0", " ").split())


def test_the_report_names_what_is_not_looked_for_and_how_strong_the_heat_is() -> None:
    scale = {"moderate": 1.0, "strong": 4.0, "full": 8.0, "chosen_on": "val"}
    bundle = bundle_of(
        LABELS,
        not_looked_for=[{"key": "fractures", "name": {"en": "Fractures", "es": "Fracturas"}}],
        strength={"effusion": scale},
    )
    analysis = analysis_of(FILM, bundle, [0.8, 0.2, 0.1])
    heat = label_heatmap(bundle.spec, "effusion", analysis.heatmaps["effusion"].values, analysis.preparation)
    analysis = replace(analysis, heatmaps=analysis.heatmaps | {"effusion": heat})
    chosen = ChosenFilm(number=7, film="k")
    film = ListedFilm(chosen, "ok", "", analysis)
    wanted = ExportRequest(model="tiny", films=(chosen,))
    display = film_display(FILM, analysis, DecodeLimits())
    english, spanish = (
        _text(PdfReader(io.BytesIO(report_pdf(film, bundle, wanted, display, t)))) for t in (ENGLISH, SPANISH)
    )
    assert "Not looked for: fractures." in english
    assert "moderate heat on this finding's fixed scale" in english
    assert "never measured against boxes" in english
    assert "No se busca: fracturas." in spanish
    assert "calor moderado" in spanish


def test_the_report_says_what_lies_above_its_cut_what_that_is_worth_and_what_it_is_not_for() -> None:
    bundle = bundle_of(LABELS, audits=[AUDIT], not_for=["Children."])
    pdf = _report(bundle, [0.8, 0.25, 0.01], ENGLISH, thresholds={"pneumonia": 0.2})
    text = _text(pdf)
    assert len(pdf.pages) == 1
    assert "2 findings to check To check: effusion and pneumonia" in text
    assert "Effusion 80 % 50 % Balanced above 100 % (84–100) 100 % (84–100) test: 20 / 20" in text
    assert "Pneumonia 25 % 20 % set by the reader above 100 % (84–100) 40 % (22–61)" in text
    assert "Nodule 1.0 % 50 % Balanced below" in text
    assert "test: forty films" in text
    assert "film 07" in text
    assert "Seen: pneumonia." in text
    assert "Children." in text
    assert "1 of 1 audits went badly: Lungs covered." in text
    assert "It does not replace your reading." in text


def test_the_sheet_has_both_weights_and_says_how_the_film_stood_on_the_screen() -> None:
    seen = Seen(window_width=170, window_level=120, invert=True)
    pdf = _report(bundle_of(LABELS), [0.8, 0.2, 0.1], ENGLISH, seen=seen)
    assert "Grey window 170 / level 120. Black and white are swapped." in _text(pdf)
    fonts = pdf.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    names = {str(one.get_object()["/BaseFont"]).rpartition("+")[2] for one in fonts.values()}
    assert {"Inter-Regular", "Inter-Bold"} <= names


def test_the_report_carries_the_models_warnings_and_counts_cautions() -> None:
    audits = [AUDIT | {"key": f"a{n}", "name": f"Question {n}", "verdict": "caution"} for n in range(2)]
    audits.append(AUDIT | {"key": "fine", "name": "Question 9", "verdict": "ok"})
    warned = bundle_of(LABELS, audits=audits, warnings=["Trained on few films."])
    (sheet,) = _report(warned, [0.8, 0.2, 0.1], ENGLISH).pages
    text = " ".join(sheet.extract_text().split())
    assert "Trained on few films." in text
    assert "2 of 3 audits ask for caution: Question 0; Question 1." in text
    assert "well" not in text


def test_the_report_is_in_the_readers_language_with_its_accents() -> None:
    text = _text(_report(bundle_of(LABELS), [0.1, 0.8, 0.2], SPANISH))
    assert "Neumonía" in text
    assert "Nódulo" in text
    assert "Equilibrado" in text
    assert "cuarenta placas" in text
    assert "1 mar 2026" in text
    assert "Radiografía de tórax" in text
    assert "por encima 100 % (84–100)" in text, "the longer words of Spanish must fit their columns"


def test_the_file_says_what_it_is_and_names_nobody() -> None:
    pdf = _report(bundle_of(LABELS), [0.8, 0.2, 0.1], SPANISH)
    about = pdf.metadata
    assert about is not None
    assert about.author.startswith("cxr-dash")
    assert "tiny 1.0.0" in about.subject
    assert len(about["/Keywords"].split()[-1]) == 64
    assert pdf.trailer["/Root"]["/Lang"] == "es"


def test_who_the_patient_is_stands_on_the_sheet_only_where_it_is_given() -> None:
    bundle = bundle_of(LABELS)
    facts = FilmFacts(projection="PA", age_years=64.0, sex="F")
    analysis = replace(analysis_of(FILM, bundle, [0.9, 0.1, 0.1]), facts=facts)
    chosen = ChosenFilm(number=7, film="k")
    wanted = ExportRequest(model="tiny", films=(chosen,))
    display = film_display(FILM, analysis, DecodeLimits())
    identity = PatientIdentity("DOE, JANE", "4711-XQ", "1959-03-14", "ACC-7", "2024-02-29")
    film = ListedFilm(chosen, "ok", "", analysis)
    named = PdfReader(io.BytesIO(report_pdf(film, bundle, wanted, display, ENGLISH, identity=identity)))
    line = "DOE, JANE · ID 4711-XQ · born 1959-03-14 · study 2024-02-29 · accession ACC-7"
    assert line in _text(named)
    assert "PA, 64 years, F." in _text(named)
    assert "DOE" not in str(named.metadata)
    nameless = PdfReader(io.BytesIO(report_pdf(film, bundle, wanted, display, ENGLISH)))
    assert "DOE" not in _text(nameless)
    assert "PA, 64 years, F." in _text(nameless)


def test_what_the_reader_wrote_on_the_film_stands_on_the_sheet_as_the_readers_own_words() -> None:
    bundle = bundle_of(LABELS)
    label = clean_label("<b>bed 4</b> & Jürgen\n\u202e\u05d0 ✎ Łódź")
    chosen = ChosenFilm(number=7, film="k", film_label=label)
    wanted = ExportRequest(model="tiny", films=(chosen,))
    analysis = analysis_of(FILM, bundle, [0.9, 0.1, 0.1])
    display = film_display(FILM, analysis, DecodeLimits())
    film = ListedFilm(chosen, "ok", "", analysis)
    pdf = PdfReader(io.BytesIO(report_pdf(film, bundle, wanted, display, ENGLISH)))
    assert "Label, by the reader: <b>bed 4</b> & Jürgen ? ? Łódź" in _text(pdf)
    assert "bed 4" not in str(pdf.metadata)


def test_paper_is_white_and_shows_film_overlay_and_legend() -> None:
    pdf = _report(bundle_of(LABELS), [0.8, 0.2, 0.1], ENGLISH)
    shown = [np.asarray(image.image.convert("RGB")).astype(int) for image in pdf.pages[0].images]
    assert [picture.shape for picture in shown] == [(180, 150, 3)] * 2
    grey, coloured = sorted(int(np.abs(picture[..., 0] - picture[..., 2]).max()) for picture in shown)
    assert grey < 20
    assert coloured > 60
    assert "none" in _text(pdf)
    assert "peak" in _text(pdf)


def test_a_refused_film_has_its_reasons_and_not_one_figure_of_the_model() -> None:
    pdf = _report(bundle_of(LABELS), [0.87, 0.87, 0.87], ENGLISH, verdict=Verdict.REJECT)
    text = _text(pdf)
    assert "Cannot judge this film." in text
    assert REFUSAL_WORDS in text
    # The version counts commits and names one, so that any digits may stand in it.
    assert "87" not in text.replace(SOFTWARE, "")
    assert "Effusion" not in text
    assert len(pdf.pages[0].images) == 1


def test_a_film_between_all_cuts_is_not_called_normal() -> None:
    analysis = analysis_of(FILM, bundle_of(LABELS), [0.4, 0.3, 0.1])
    said = headline(analysis, {}, ENGLISH)
    assert said[0] == "Nothing above its threshold."
    assert "Closest: effusion, 40\u00a0% against a threshold of 50\u00a0%" in said[1]
    assert "does not make the film normal" in said[1]


def test_many_findings_are_counted_and_all_named_and_reassuring_ones_are_no_warning() -> None:
    labels = [("normal", "Normal", "Normal"), *((f"f{n}", f"Finding{n}", f"Hallazgo{n}") for n in range(6))]
    bundle = bundle_of(labels)
    many = analysis_of(FILM, bundle, [0.9] * 7)
    counted, names = headline(many, {}, ENGLISH)
    assert counted == "6 findings to check"
    assert all(f"finding{n}" in names for n in range(6)), "no list is cut short"
    calm = analysis_of(FILM, bundle, [0.9] + [0.1] * 6)
    said, summary = headline(calm, {}, ENGLISH)
    assert said == "Only normal is above its threshold."
    assert summary.endswith("That does not rule out disease.")
    assert "film normal" not in summary, "the film was just called normal"


@pytest.mark.parametrize(("labels", "size"), [(2, (180, 150)), (11, (400, 150)), (16, (150, 400))])
def test_it_stays_on_one_page_with_many_labels_and_long_texts(labels: int, size: tuple[int, int]) -> None:
    long = (
        "Sólo para placas frontales de adultos obtenidas en bipedestación, según se midió en el hospital; "
        * 6
    )
    names = [
        (f"f{n}", f"Finding {n}", f"Engrosamiento pleural número {n} de nombre largo") for n in range(labels)
    ]
    bundle = bundle_of(
        names,
        not_for=[long] * 9,
        trained_on={"en": "nobody", "es": long},
        audits=[AUDIT | {"name": long, "key": f"a{n}"} for n in range(9)],
    )
    data = film_file(size=size)
    reasons = (Reason(ReasonCode.OTHER_BODY_PART, {"body_part": long}),) * 2
    analysis = analysis_of(data, bundle, [0.9] * labels)
    object.__setattr__(analysis, "quality", type(analysis.quality)(Verdict.WARN, reasons))
    chosen = ChosenFilm(
        number=1, film="k", opinion=Opinion(False, tuple(key for key, _, _ in names), "2026-03-01")
    )
    wanted = ExportRequest(model="tiny", films=(chosen,), thresholds={key: 0.123 for key, _, _ in names})
    display = film_display(data, analysis, DecodeLimits())
    pdf = PdfReader(
        io.BytesIO(
            report_pdf(
                ListedFilm(chosen, "ok", "", analysis, cuts=wanted.thresholds),
                bundle,
                wanted,
                display,
                SPANISH,
            )
        )
    )
    assert len(pdf.pages) == 1
    places: list[float] = []

    def place(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        if text.strip():
            places.append(cm[3] * tm[5] + cm[5])

    pdf.pages[0].extract_text(visitor_text=place)
    assert min(places) > 20, "nothing may run off the foot of the sheet"
    text = _text(pdf)
    assert all(f"número {n} de nombre largo" in text for n in range(labels))
    assert "It does not replace your reading." in text or "lectura" in text


def test_the_report_calls_a_reading_first_only_where_it_was_and_gives_the_later_one_beside_it() -> None:
    bundle = bundle_of(LABELS)
    text = _text(_report(bundle, [0.1, 0.8, 0.2], ENGLISH))
    assert "own reading, before the model was shown" in text
    after = Opinion(normal=True, labels=(), at="2026-03-01T10:05:00Z")
    text = _text(
        _report(
            bundle,
            [0.1, 0.8, 0.2],
            ENGLISH,
            opinion=replace(OWN, unsure=True, seen_before=True, after=after),
        )
    )
    assert "before the model was shown" not in text
    assert "own reading, after the model had been on the screen" in text
    assert "Not sure." in text
    assert "Changed after the model was seen: Normal." in text


@pytest.mark.parametrize("at", ["yesterday", "", "0001-01-01", "0001-01-01T00:00:00+23:59"])
def test_a_moment_that_no_calendar_has_is_told_as_it_came(at: str) -> None:
    text = _text(_report(bundle_of(LABELS), [0.1, 0.8, 0.2], ENGLISH, opinion=replace(OWN, at=at)))
    assert f"Seen: pneumonia. ({at})" in text


def test_figures_at_a_cut_are_those_of_films_elsewhere_where_there_are_enough() -> None:
    held = bundle_of(LABELS).spec.held_out[0].model_dump()
    bundle = bundle_of(LABELS, held_out=[held, held | {"split": "external"}])
    found = measure(bundle.spec, "nodule", 0.5, None)
    assert found is not None
    assert (found.held_out.split, found.sensitivity.value) == ("external", 1.0)
    chosen = measure(bundle.spec, "nodule", 0.5, "test")
    assert chosen is not None
    assert chosen.held_out.split == "test"


def test_a_cut_that_no_operating_point_gives_is_the_readers_own() -> None:
    spec = bundle_of(LABELS).spec
    point = point_in_force(spec, "nodule", 0.5)
    assert point is not None
    assert point.key == "balanced"
    assert point_in_force(spec, "nodule", 0.51) is None


def test_reportlab_waits_until_the_first_report() -> None:
    program = "import app, sys; print([name for name in sys.modules if name.startswith('reportlab')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_age_that_is_not_known_stands_above_the_answer_of_a_model_for_children() -> None:
    bundle = bundle_of(LABELS)
    unknown = Reason(ReasonCode.AGE_UNKNOWN_CHILDREN, {"youngest": 1, "oldest": 5})
    analysis = replace(analysis_of(FILM, bundle, [0.9, 0.1, 0.1]), quality=Quality(Verdict.WARN, (unknown,)))
    chosen = ChosenFilm(number=7, film="k")
    wanted = ExportRequest(model="tiny", films=(chosen,))
    display = film_display(FILM, analysis, DecodeLimits())
    film = ListedFilm(chosen, "ok", "", analysis)
    content = report_pdf(film, bundle, wanted, display, ENGLISH)
    pdf = PdfReader(io.BytesIO(content))
    text = _text(pdf)
    assert len(pdf.pages) == 1
    assert text.count("This model was made for children of 1 to 5 years.") == 1
    assert text.index("for an adult its answer means nothing.") < text.index("Probability")
    assert "To be read with care: see above" in text


def test_a_finding_just_above_its_cut_is_said_to_be_so_and_one_well_above_is_not() -> None:
    analysis = analysis_of(FILM, bundle_of(LABELS), [0.53, 0.1, 0.1])
    assert headline(analysis, {}, ENGLISH)[1] == "To check: effusion (just above its threshold)."
    analysis = analysis_of(FILM, bundle_of(LABELS), [0.6, 0.1, 0.1])
    assert headline(analysis, {}, ENGLISH)[1] == "To check: effusion."
