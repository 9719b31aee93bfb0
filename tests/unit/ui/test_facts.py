"""What the browser is told."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cxr_dash import imaging
from cxr_dash.domain import (
    REASSURING_LABELS,
    Analysis,
    Box,
    FilmFacts,
    Finding,
    HeartMeasures,
    Heatmap,
    HeatScale,
    Label,
    LocalisedText,
    Preparation,
    Quality,
    RatioObstacle,
    Reason,
    ReasonCode,
    Verdict,
)
from cxr_dash.errors import CaseNotFoundError, lasting_codes
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator, translator
from cxr_dash.services.report.measured import measure
from cxr_dash.settings import Settings
from cxr_dash.ui import facts


@pytest.fixture
def analysis() -> Analysis:
    preparation = Preparation(
        film_width=500,
        film_height=600,
        window_low=3.0,
        window_high=250.0,
        inverted=False,
        crop=Box(10, 20, 480, 560),
        content=Box(16, 0, 192, 224),
        input_width=224,
        input_height=224,
        pad_value=0.0,
    )
    label = Label(key="effusion", name=LocalisedText(en="Effusion", es="Derrame"))
    return Analysis(
        model_id="tiny",
        model_version="1.0.0",
        model_sha256="a" * 64,
        film_sha256="b" * 64,
        preparation=preparation,
        quality=Quality(Verdict.WARN, (Reason(ReasonCode.VERY_DARK),)),
        findings=(Finding(label=label, logit=1.5, probability=0.81, threshold=0.4),),
        heatmaps={
            "effusion": Heatmap(np.ones((7, 7), np.float32), peak=1.25, flat=False, preparation=preparation)
        },
        milliseconds={"total": 41.4},
        analysed_at="2026-01-01T00:00:00+00:00",
        facts=FilmFacts(projection="PA", age_years=64.0, sex="F", pixel_spacing_mm=(0.2, 0.2)),
    )


def test_colour_tables_are_the_very_ones_of_the_downloads() -> None:
    sent = facts.page_settings(Settings(), Translator())["colour_maps"]
    assert tuple(sent) == imaging.COLOUR_MAPS
    for name, encoded in sent.items():
        table = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(256, 3)
        np.testing.assert_array_equal(table, imaging.colour_table(name))


def test_held_out_probabilities_are_sorted_by_truth_and_unknown_ones_left_out(bundle: Bundle) -> None:
    (held,) = facts.model_facts(bundle, Translator())["held_out"]
    assert held["positives"] == {"effusion": [0.6, 0.9], "nodule": [0.4, 0.9]}
    assert held["negatives"] == {"effusion": [0.1, 0.4], "nodule": [0.1]}


def test_the_default_cut_is_the_bundles_operating_point(bundle: Bundle) -> None:
    told = facts.model_facts(bundle, Translator())
    assert told["default_operating_point"] == "balanced"
    assert told["operating_points"][0]["thresholds"] == {"effusion": 0.4, "nodule": 0.4}


def test_an_answer_is_plain_json_with_the_crop_in_film_pixels(analysis: Analysis) -> None:
    answer = facts.film_answer("key", "tiny", analysis, Translator())
    assert json.loads(json.dumps(answer)) == answer
    assert answer["crop"] == {"x": 10, "y": 20, "width": 480, "height": 560}
    assert (answer["width"], answer["height"]) == (500, 600)
    assert answer["probabilities"] == {"effusion": 0.81}
    assert answer["heat"] == {
        "effusion": {
            "peak": 1.25,
            "flat": False,
            "strength": None,
            "strength_words": "",
            "scale": None,
            "at": [[0.023, 0.035], [0.562, 0.035]],
            "no_place": "",
        }
    }
    assert answer["quality"] == {
        "verdict": "warn",
        "reasons": ["The film is very dark: findings may be hidden."],
        "reason_codes": ["very_dark"],
        "withheld": False,
        "first_of_all": [],
    }
    assert answer["file"]["line"] == "PA, 64 years, F"
    assert answer["file"]["pixel_spacing_mm"] == [0.2, 0.2]
    assert answer["milliseconds"] == 41
    assert answer["error"] is None


def test_a_map_without_a_place_tells_the_page_why_and_gives_it_none(analysis: Analysis) -> None:
    scale = HeatScale(moderate=1.0, strong=2.0, full=3.0)
    heat = replace(analysis.heatmaps["effusion"], scale=scale, no_place="no_better_than_template")
    told = replace(analysis, heatmaps={"effusion": heat})
    found = facts.film_answer("key", "tiny", told, translator("es"))["heat"]["effusion"]
    assert (found["at"], found["strength"], found["strength_words"]) == ([], "moderate", "moderado")
    assert found["no_place"].startswith("No se nombra ningún lugar")
    assert found["scale"] == {"moderate": 1.0, "strong": 2.0, "full": 3.0}


def test_the_cardiothoracic_ratio_stands_beside_cardiomegaly_in_the_readers_language(
    analysis: Analysis,
) -> None:
    def told(heart: HeartMeasures | None, language: str = "en", **changes: Any) -> dict[str, dict[str, str]]:
        asked = replace(analysis, heart=heart, **changes)
        return dict(facts.film_answer("key", "tiny", asked, translator(language))["measures"])

    heart = HeartMeasures(0.474, None, 0.1)
    assert told(None) == {}
    (said,) = told(heart).values()
    assert list(told(heart)) == ["cardiomegaly"]
    assert said["short"] == "CTR 0.47"
    assert said["sentence"].startswith("Cardiothoracic ratio 0.47, ")
    assert told(heart, "es")["cardiomegaly"]["short"] == "ICT 0,47"
    bedside = told(heart, facts=FilmFacts(projection="AP"))["cardiomegaly"]
    assert bedside["short"] == "CTR 0.47 (AP)"
    assert "not comparable on AP: the heart is magnified" in bedside["sentence"]
    assert "does not say" in told(heart, facts=FilmFacts())["cardiomegaly"]["sentence"]
    missing = told(HeartMeasures(None, RatioObstacle.ROTATED, None))["cardiomegaly"]
    assert missing == {"short": "", "sentence": "No cardiothoracic ratio: the film is turned too far."}
    refused = told(heart, quality=Quality(Verdict.REJECT, (Reason(ReasonCode.BLANK),)))["cardiomegaly"]
    assert refused == {"short": "", "sentence": "No cardiothoracic ratio: the film was refused."}


@pytest.mark.parametrize("code", [ReasonCode.MIRRORED, ReasonCode.SEEMS_MIRRORED])
def test_a_film_is_called_mirrored_over_the_picture_whoever_noticed_it(
    analysis: Analysis, code: ReasonCode
) -> None:
    said = replace(analysis, quality=Quality(Verdict.WARN, (Reason(code),)))
    assert facts.film_answer("key", "tiny", said, Translator())["file"]["mirrored"] is True
    assert facts.film_answer("key", "tiny", analysis, Translator())["file"]["mirrored"] is False


def test_an_answer_does_not_carry_the_digest_of_the_film(analysis: Analysis) -> None:
    assert analysis.film_sha256 not in json.dumps(facts.film_answer("key", "tiny", analysis, Translator()))


def test_a_problem_says_why_and_what_to_do() -> None:
    problem = facts.film_problem(
        "key", "tiny", CaseNotFoundError("It is gone.", remedy="Send it again."), Translator()
    )
    assert problem["error"] == {
        "code": "case_not_found",
        "message": "It is gone.",
        "remedy": "Send it again.",
    }


def test_good_news_is_marked_so_that_it_is_never_worth_a_look() -> None:
    assert {"normal", "no_finding"} == REASSURING_LABELS


@pytest.mark.parametrize("model", Catalog(Settings().models_dir).ids())
def test_the_page_counts_the_films_that_the_report_counts(model: str) -> None:
    spec = (bundle := Catalog(Settings().models_dir).get(model)).spec
    told = facts.model_facts(bundle, Translator())
    for held in told["held_out"]:
        for point in told["operating_points"]:
            for key, cut in point["thresholds"].items():
                found = measure(spec, key, cut, held["split"])
                assert found is not None
                above = [sum(p >= cut for p in held[part][key]) for part in ("positives", "negatives")]
                films = len(held["positives"][key]), len(held["negatives"][key])
                assert films == (found.sensitivity.films, found.specificity.films)
                assert above[0] == pytest.approx(found.sensitivity.value * films[0]), (point["key"], key)
                assert films[1] - above[1] == pytest.approx(found.specificity.value * films[1])


def test_trying_again_is_said_to_help_only_against_what_may_pass() -> None:
    lasting = set(lasting_codes())
    assert {"damaged", "unsupported_format", "film_too_large", "empty_file", "library_missing"} <= lasting
    assert lasting.isdisjoint(
        {"busy", "storage", "quota", "too_many", "upload_slow", "case_not_found", "sign_in"}
    )
    assert facts.page_settings(Settings(), translator())["rules"]["lasting_errors"] == lasting_codes()
