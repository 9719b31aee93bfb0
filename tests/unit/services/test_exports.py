"""Pictures, maps and tables that leave the application say what they are and where they come from."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from export_material import REFUSAL_WORDS, analysis_of, bundle_of, film_file

from cxr_dash import imaging
from cxr_dash.domain import (
    Analysis,
    Box,
    DecodeLimits,
    FilmFacts,
    HeartMeasures,
    HeatScale,
    Preparation,
    Quality,
    RatioObstacle,
    Reason,
    ReasonCode,
    Verdict,
)
from cxr_dash.errors import LabelNotFoundError, RequestError
from cxr_dash.explain import film_heatmap
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import translator
from cxr_dash.services.exports import (
    ChosenFilm,
    ExportOptions,
    ExportRequest,
    Judged,
    ListedFilm,
    Opinion,
    csv_header,
    csv_row,
    export_name,
    film_display,
    film_document,
    film_record,
    grid_to_film,
    heat_png,
    label_in_view,
    list_document,
    overlay_png,
    side_by_side_png,
    write_map,
)
from cxr_dash.services.exports.table import guarded, safe_cell

LABELS = [("effusion", "Effusion", "Derrame"), ("nodule", "Nodule", "Nódulo")]
FILM = film_file()
ENGLISH, SPANISH = translator("en"), translator("es")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return bundle_of(LABELS)


@pytest.fixture(scope="module")
def analysis(bundle: Bundle) -> Analysis:
    return analysis_of(FILM, bundle, [0.8, 0.2])


@pytest.fixture(scope="module")
def refused(bundle: Bundle) -> Analysis:
    return analysis_of(FILM, bundle, [0.8, 0.2], verdict=Verdict.REJECT)


def _listed(analysis: Analysis | None, status: str = "ok", reason: str = "", **chosen: object) -> ListedFilm:
    return ListedFilm(ChosenFilm(number=3, film="k", **chosen), status, reason, analysis)  # type: ignore[arg-type]


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED))


def _table(bundle: Bundle, *films: ListedFilm, **thresholds: float) -> list[dict[str, str]]:
    text = csv_header(bundle) + "".join(csv_row(film, bundle, thresholds) for film in films)
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_pictures_have_the_films_own_size_and_their_provenance_inside(analysis: Analysis) -> None:
    options = ExportOptions(threshold=0.25)
    display = film_display(FILM, analysis, DecodeLimits())
    for png in (
        heat_png(analysis, "nodule", options),
        overlay_png(analysis, "nodule", options, display, ENGLISH),
        side_by_side_png(analysis, "nodule", options, display, ENGLISH),
    ):
        text = imaging.read_png_text(png)
        assert (text["Label"], text["Probability"], text["Threshold"]) == ("nodule", "0.2000", "0.2500")
        assert text["Input SHA-256"] == analysis.film_sha256
        assert "Not a diagnosis" in text["Disclaimer"]
    overlay = _pixels(overlay_png(analysis, "nodule", options, display, ENGLISH))
    assert overlay.shape[1:] == (150, 3)
    assert overlay.shape[0] > 180, "the caption stands under the film"


def test_side_by_side_shows_film_and_overlay_at_their_own_size_over_a_caption(analysis: Analysis) -> None:
    display = film_display(FILM, analysis, DecodeLimits())
    picture = _pixels(side_by_side_png(analysis, "effusion", ExportOptions(), display, ENGLISH))
    overlay = _pixels(overlay_png(analysis, "effusion", ExportOptions(), display, ENGLISH))
    height, width = display.shape
    left = (picture.shape[1] - 2 * width - 8) // 2
    np.testing.assert_array_equal(picture[:height, left : left + width, 0], display)
    np.testing.assert_array_equal(picture[:height, left + width + 8 :][:, :width], overlay[:height])
    strip = picture[height:]
    assert strip.shape[1] >= 640, "a caption under a small film must still be readable"
    assert (strip > 150).any()


def test_a_picture_says_how_strong_its_heat_is_on_the_labels_fixed_scale(
    analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    scale = HeatScale(moderate=1.0, strong=4.0, full=8.0)
    heat = replace(analysis.heatmaps["effusion"], scale=scale, no_place="not_measured")
    scaled = replace(analysis, heatmaps=analysis.heatmaps | {"effusion": heat})
    told: list[imaging.Caption] = []
    strip = imaging.caption_strip
    monkeypatch.setattr(
        imaging, "caption_strip", lambda words, width: (told.append(words), strip(words, width))[1]
    )
    display = film_display(FILM, scaled, DecodeLimits())
    for language in (ENGLISH, SPANISH):
        side_by_side_png(scaled, "effusion", ExportOptions(), display, language)
    english, spanish = (" ".join(one.lines) for one in told)
    assert "moderate heat on this finding's fixed scale" in english
    assert "No place is named" in english
    assert "calor moderado en la escala fija" in spanish
    assert [one.legend[1] for one in told] == ["strong", "fuerte"]
    own, fixed = (
        _pixels(heat_png(one, "effusion", ExportOptions(opacity=1.0))) for one in (analysis, scaled)
    )
    assert own[..., 3].max() == 255
    assert 0 < fixed[..., 3].max() < 255, "moderate heat must not be drawn as the strongest"
    record = film_record(_listed(scaled), {})["findings"]["effusion"]
    assert (record["heat_strength"], record["place"], record["place_reason"]) == (
        "moderate",
        None,
        "not_measured",
    )


def test_the_caption_of_a_large_film_grows_with_it() -> None:
    def caption(width: int) -> int:
        words = imaging.Caption(
            "Nódulo: 20 %", ("Una línea.",), ("nada", "máx."), imaging.colour_table("inferno")
        )
        strip = imaging.caption_strip(words, width)
        assert strip.shape[1] == width
        return int(strip.shape[0])

    assert caption(5000) > 3 * caption(1000)


def test_a_raw_map_is_float32_unnormalised_in_the_films_frame(analysis: Analysis) -> None:
    stream = io.BytesIO()
    write_map(stream, analysis.heatmaps["effusion"])
    stream.seek(0)
    values = np.load(stream, allow_pickle=False)
    assert (values.dtype, values.shape) == (np.float32, (180, 150))
    np.testing.assert_array_equal(values, film_heatmap(analysis.heatmaps["effusion"]))
    assert values.min() == 0.0
    assert values.max() == pytest.approx(2.0, rel=0.1)


def test_names_hold_part_of_the_digest_and_say_when_the_gate_refused_the_film(
    analysis: Analysis, refused: Analysis
) -> None:
    head = analysis.film_sha256[:8]
    assert export_name(analysis, "nodule", "overlay") == f"cxr-{head}-nodule-overlay.png"
    assert export_name(analysis, "nodule", "map", "npy") == f"cxr-{head}-nodule-map.npy"
    assert export_name(refused, "nodule", "overlay") == f"cxr-{head}-nodule-overlay-refused.png"


def test_figures_of_a_refused_film_are_handed_out_only_on_request_and_then_say_so(refused: Analysis) -> None:
    with pytest.raises(RequestError, match="input gate"):
        heat_png(refused, "nodule", ExportOptions())
    text = imaging.read_png_text(heat_png(refused, "nodule", ExportOptions(anyway=True)))
    assert "refused by the input gate" in text["Warning"]
    assert text["Input quality"].startswith("reject: No lungs")


def test_an_unknown_label_is_named_with_those_there_are(analysis: Analysis) -> None:
    with pytest.raises(LabelNotFoundError, match=r"effusion, nodule.*received 'hernia'"):
        heat_png(analysis, "hernia", ExportOptions())


@pytest.mark.parametrize(
    "wrong", [{"opacity": 1.5}, {"colour_map": "jet"}, {"thresholds": {"nodule": float("nan")}}]
)
def test_settings_outside_their_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        ExportRequest(model="tiny", films=(), **wrong)  # type: ignore[arg-type]


def test_two_films_of_one_number_are_refused() -> None:
    with pytest.raises(RequestError, match="differ"):
        ExportRequest(model="tiny", films=(ChosenFilm(1), ChosenFilm(1)))


def test_the_table_starts_with_the_columns_of_score_and_has_one_line_a_film(
    bundle: Bundle, analysis: Analysis
) -> None:
    opinion = Opinion(normal=False, labels=("nodule",), at="2026-03-01T10:00:00Z")
    header = csv_header(bundle)
    assert header.startswith("\ufeffpath,status,reason,model,effusion,nodule,reason_codes,cut_effusion,")
    ok, gone = _table(
        bundle, _listed(analysis, read=True, opinion=opinion), _listed(None, "error", "Gone."), nodule=0.1
    )
    assert (ok["path"], ok["status"], ok["effusion"]) == ("film 03", "ok", "0.800000")
    assert (ok["cut_effusion"], ok["cut_nodule"]) == ("0.500000", "0.100000")
    assert (ok["above_effusion"], ok["above_nodule"]) == ("1", "1")
    assert (ok["read"], ok["own_reading"], ok["own_labels"]) == ("1", "not normal", "nodule")
    assert ok["film_sha256"] == analysis.film_sha256
    assert ok["analysed_at"] == analysis.analysed_at
    assert (gone["status"], gone["reason"], gone["effusion"], gone["above_nodule"]) == (
        "error",
        "Gone.",
        "",
        "",
    )
    assert gone["cut_nodule"] == "0.100000"


def test_the_cardiothoracic_ratio_is_in_table_and_record_and_says_whether_it_compares(
    bundle: Bundle, analysis: Analysis, refused: Analysis
) -> None:
    heart = HeartMeasures(0.47123, None, 0.1)
    pa, ap, silent = (
        replace(analysis, heart=heart, facts=FilmFacts(projection=view)) for view in ("PA", "AP", None)
    )
    none = replace(analysis, heart=HeartMeasures(None, RatioObstacle.NO_HEART, None))
    rows = _table(bundle, *map(_listed, (pa, ap, silent, none, analysis)))
    told = [(row["cardiothoracic_ratio"], row["cardiothoracic_ratio_comparable"]) for row in rows]
    assert told == [("0.4712", "1"), ("0.4712", "0"), ("0.4712", ""), ("", ""), ("", "")]
    record = film_record(_listed(ap), {})["measures"]
    assert record == {"cardiothoracic_ratio": 0.4712, "obstacle": None, "comparable": False}
    assert film_record(_listed(none), {})["measures"]["obstacle"] == "no_heart"
    assert film_record(_listed(analysis), {})["measures"] is None
    withheld = replace(refused, heart=heart)
    assert film_record(_listed(withheld, "rejected"), {})["measures"] == {
        "cardiothoracic_ratio": None,
        "obstacle": "refused",
        "comparable": None,
    }
    (row,) = _table(bundle, _listed(withheld, "rejected"))
    assert row["cardiothoracic_ratio"] == ""


def test_the_readers_verdict_stands_beside_the_models_in_table_and_record(
    bundle: Bundle, analysis: Analysis, refused: Analysis
) -> None:
    at = "2026-03-01T10:00:00Z"
    judged = Judged({"effusion": "rejected", "nodule": "accepted"}, at)
    film = _listed(analysis, judged=judged)
    (row, silent, gone) = _table(bundle, film, _listed(analysis), _listed(None, "error", "Gone."))
    assert (row["above_effusion"], row["reader_effusion"]) == ("1", "rejected")
    assert (row["above_nodule"], row["reader_nodule"], row["judged_at"]) == ("0", "added", at)
    assert (silent["reader_effusion"], silent["reader_nodule"], silent["judged_at"]) == (
        "not_judged",
        "not_judged",
        "",
    )
    assert (gone["reader_effusion"], gone["judged_at"]) == ("", "")
    record = film_record(film, {})
    assert (record["reader"], record["judged_at"]) == ({"effusion": "rejected", "nodule": "added"}, at)
    assert film_record(_listed(None, "error"), {})["reader"] is None
    # with the cut moved below it, the same verdict is no longer an addition
    lower = replace(film, cuts={"nodule": 0.1})
    assert film_record(lower, lower.cuts)["reader"]["nodule"] == "accepted"
    # of a refused film nothing is told that hangs on a figure
    withheld = _listed(refused, "rejected", judged=judged)
    assert film_record(withheld, {})["reader"] == {"effusion": "rejected", "nodule": "accepted"}


def test_a_class_normal_and_a_label_that_sums_up_others_are_not_judged() -> None:
    bundle = bundle_of([("normal", "Normal", "Normal"), ("finding", "Any", "Alguno"), *LABELS])
    film = _listed(analysis_of(FILM, bundle, [0.9, 0.9, 0.8, 0.2]))
    assert set(film_record(film, {})["reader"]) == {"effusion", "nodule"}
    assert "reader_normal" not in csv_header(bundle)


@pytest.mark.parametrize("tilt", [0.0, 7.0, -11.0])
def test_the_affine_of_a_grid_lays_it_over_the_film_as_the_full_map_lies(tilt: float) -> None:
    plan = Preparation(
        film_width=300,
        film_height=420,
        crop=Box(30, 40, 240, 300),
        content=Box(26, 0, 205, 256),
        input_width=256,
        input_height=256,
        window_low=0.0,
        window_high=255.0,
        inverted=False,
        pad_value=0.0,
        tilt_degrees=tilt,
    )
    smooth = cv2.resize(
        np.random.default_rng(2).random((4, 4), np.float32), (16, 16), interpolation=cv2.INTER_CUBIC
    )
    grid = np.maximum(smooth, 0.0)
    full = imaging.restore_map(grid, plan)
    affine = grid_to_film((16, 16), plan)
    affine[:, 2] += affine[:, :2].sum(axis=1) / 2 - 0.5
    laid = cv2.warpAffine(grid, affine, (300, 420), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros_like(full, dtype=bool)
    inside[80:300, 70:230] = True  # away from the corners that a turned map leaves empty
    inside &= full > 0
    assert np.abs(laid - full)[inside].max() < 0.03 * grid.max()


def test_both_readings_of_a_changed_mind_are_in_table_and_record(bundle: Bundle, analysis: Analysis) -> None:
    after = Opinion(normal=True, labels=(), at="2026-03-01T10:05:00Z")
    first = Opinion(False, ("nodule",), "2026-03-01T10:00:00Z", unsure=True, seen_before=True, after=after)
    film = _listed(analysis, opinion=first)
    (row,) = _table(bundle, film)
    assert (row["own_reading"], row["own_labels"]) == ("not normal", "nodule")
    assert (row["own_unsure"], row["own_seen_before"]) == ("1", "1")
    assert (row["changed_reading"], row["changed_labels"], row["changed_reading_at"]) == (
        "normal",
        "",
        after.at,
    )
    own = film_record(film, {})["own_reading"]
    assert (own["normal"], own["unsure"], own["seen_before"]) == (False, True, True)
    assert own["after"]["normal"] is True


def test_a_refused_film_has_a_reason_and_no_probability_in_table_and_record(
    bundle: Bundle, refused: Analysis
) -> None:
    film = _listed(refused, "rejected", REFUSAL_WORDS)
    (row,) = _table(bundle, film)
    assert row["reason_codes"] == "no_lungs"
    assert film_record(film, {})["reason_codes"] == ["no_lungs"]
    assert (row["status"], row["effusion"], row["above_effusion"]) == ("rejected", "", "")
    assert row["film_sha256"] == refused.film_sha256
    assert film_record(film, {})["findings"] == {}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_a_cell_that_a_spreadsheet_would_calculate_is_made_text(text: str) -> None:
    assert safe_cell(text).startswith("'")
    assert not set("\r\n\t") & set(safe_cell(text))


@pytest.mark.parametrize("text", ["=1+1", "\t=1", "\r=1", " =1", "\n=1", "'=1", "'quoted'", "a=1", " a", ""])
def test_a_guarded_text_is_no_formula_and_comes_back_without_its_first_apostrophe(text: str) -> None:
    said = guarded(text)
    assert not said.lstrip().startswith(("=", "+", "-", "@"))
    assert said.removeprefix("'") == text


def test_ordinary_words_with_commas_and_line_breaks_come_through_on_one_line(bundle: Bundle) -> None:
    (row,) = _table(bundle, _listed(None, "error", 'Placa dañada,\n "cortada".'))
    assert row["reason"] == 'Placa dañada, "cortada".'


def test_the_list_as_json_holds_cuts_names_and_provenance(bundle: Bundle, analysis: Analysis) -> None:
    record = film_record(_listed(analysis, read=False), {"nodule": 0.1})
    document = json.loads(json.dumps(list_document([record], bundle, SPANISH), allow_nan=False))
    assert document["schema"] == "cxr-dash findings 1"
    assert document["model"]["labels"]["nodule"] == "Nódulo"
    assert document["model"]["sha256"] == bundle.serving_sha256
    (film,) = document["films"]
    assert (film["path"], film["read"], film["own_reading"]) == ("film 03", False, None)
    assert film["findings"]["nodule"] == {
        "probability": 0.2,
        "prevalence": None,
        "cut": 0.1,
        "default_cut": 0.5,
        "above": True,
        "heat_peak": pytest.approx(2.0, rel=0.1),
        "heat_localised": True,
        "heat_strength": None,
        "place": [[pytest.approx(0.33, abs=0.02), pytest.approx(0.35, abs=0.02)]],
        "place_reason": None,
    }


def test_the_document_beside_raw_maps_says_their_shape_unit_and_method(
    bundle: Bundle, analysis: Analysis
) -> None:
    document = film_document(_listed(analysis), bundle, {}, ENGLISH, {"nodule": "a.npy"})
    (known,) = document["maps"].values()
    assert (known["file"], known["dtype"], known["shape"]) == ("a.npy", "float32", [180, 150])
    assert "un-normalised" in known["unit"]
    assert document["preparation"]["film_height"] == 180


def test_the_finding_in_view_is_the_readers_choice_else_the_one_furthest_above_its_cut(
    bundle: Bundle, analysis: Analysis
) -> None:
    assert label_in_view(analysis, bundle, None, {}) == "effusion"
    assert label_in_view(analysis, bundle, "nodule", {}) == "nodule"
    assert label_in_view(analysis, bundle, "of another model", {}) == "effusion"
    # by the reader's own cuts, as on the page
    assert label_in_view(analysis, bundle, None, {"effusion": 0.99, "nodule": 0.01}) == "nodule"


def test_no_figure_of_a_patient_the_model_was_not_made_for_is_taken_away_even_when_asked_for(
    refused: Analysis,
) -> None:
    outside = Reason(ReasonCode.AGE_OUTSIDE, {"age": 62, "youngest": 1, "oldest": 5})
    withheld = replace(refused, quality=Quality(Verdict.REJECT, (outside,)))
    with pytest.raises(RequestError, match="age"):
        heat_png(withheld, "nodule", ExportOptions(anyway=True))
