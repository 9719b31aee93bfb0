"""A film's answer at the reader's own prevalence, and its one score."""

from __future__ import annotations

import pytest
from export_material import analysis_of, bundle_of

from cxr_dash import imaging
from cxr_dash.domain import LocalisedText
from cxr_dash.errors import RequestError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.prevalence import shift_to_prevalence
from cxr_dash.inference.schema import FilmScore, FilmScorePoint
from cxr_dash.language import translator
from cxr_dash.services.exports.stated import stated_lines
from cxr_dash.services.film_score import film_score_of
from cxr_dash.services.prevalence import at_prevalence, check_prevalences, everywhere, moved_cuts

FILM = imaging.encode_png(imaging.chest_phantom(64, 64), {})
LABELS = (("effusion", "Effusion", "Derrame"), ("nodule", "Nodule", "Nódulo"), ("mass", "Mass", "Masa"))
SHARES = {"effusion": 0.1, "nodule": 0.05, "mass": 0.02}


@pytest.fixture
def bundle() -> Bundle:
    return bundle_of(LABELS, schema_version=3, prevalence=SHARES)


def test_a_probability_and_its_cut_move_together_so_nothing_is_called_that_was_not(bundle: Bundle) -> None:
    analysis = analysis_of(FILM, bundle, [0.6, 0.5, 0.49999])
    for wanted in ({"effusion": 0.001}, {"nodule": 0.9, "mass": 0.4}):
        moved = at_prevalence(analysis, bundle.spec, wanted)
        for before, after in zip(analysis.findings, moved.findings, strict=True):
            key = before.label.key
            assert after.above == before.above
            if key not in wanted:
                assert (after.probability, after.threshold) == (before.probability, before.threshold)
                continue
            assert after.prevalence == wanted[key]
            expected = shift_to_prevalence(before.probability, SHARES[key], wanted[key])
            assert after.probability == pytest.approx(float(expected))
            cut = float(shift_to_prevalence(before.threshold, SHARES[key], wanted[key]))
            assert after.threshold == pytest.approx(cut)
    assert at_prevalence(analysis, bundle.spec, {}) is analysis


def test_a_readers_cuts_move_with_the_film(bundle: Bundle) -> None:
    analysis = analysis_of(FILM, bundle, [0.6, 0.5, 0.2])
    moved = at_prevalence(analysis, bundle.spec, {"effusion": 0.01})
    cuts = moved_cuts(analysis, moved, {"effusion": 0.3, "mass": 0.4})
    assert cuts["mass"] == 0.4
    assert cuts["effusion"] == pytest.approx(float(shift_to_prevalence(0.3, 0.1, 0.01)))


def test_classes_that_exclude_each_other_move_together_and_keep_their_calls() -> None:
    names = (("normal", "Normal", "Normal"), ("covid", "COVID-19", "COVID-19"), ("mass", "Mass", "Masa"))
    shares = {"normal": 0.5, "covid": 0.3, "mass": 0.2}
    bundle = bundle_of(names, schema_version=3, prevalence=shares, activation="softmax")
    analysis = analysis_of(FILM, bundle, [0.3, 0.6, 0.1])
    moved = at_prevalence(analysis, bundle.spec, {"covid": 0.02})
    assert sum(one.probability for one in moved.findings) == pytest.approx(1.0)
    assert [one.above for one in moved.findings] == [one.above for one in analysis.findings]
    assert sum(one.prevalence or 0 for one in moved.findings) == pytest.approx(1.0)
    with pytest.raises(RequestError, match="add up to at most 1"):
        check_prevalences({"covid": 0.7, "mass": 0.6}, bundle.spec)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [({"hernia": 0.1}, "must name labels"), ({"mass": 0.0}, "between"), ({"mass": float("nan")}, "between")],
)
def test_what_no_prevalence_can_be_is_refused(bundle: Bundle, wanted: dict[str, float], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        check_prevalences(wanted, bundle.spec)


def test_one_share_is_every_findings_but_not_that_of_good_news(bundle: Bundle) -> None:
    assert everywhere(0.05, bundle.spec) == dict.fromkeys(SHARES, 0.05)
    names = (("normal", "Normal", "Normal"), ("covid", "COVID-19", "COVID-19"))
    assert everywhere(0.05, bundle_of(names).spec) == {"covid": 0.05}


def test_the_films_score_reaches_the_same_points_at_any_prevalence(bundle: Bundle) -> None:
    points = [
        FilmScorePoint(key=key, name=LocalisedText(en=key, es=key), threshold=cut)
        for key, cut in (("one_in_10", 0.7), ("one_in_5", 0.4))
    ]
    spec = bundle.spec.model_copy(
        update={"film_score": FilmScore(label="nodule", points=points, chosen_on="val")}
    )
    analysis = analysis_of(FILM, bundle, [0.1, 0.5, 0.1])
    for wanted in ({}, {"nodule": 0.001}, {"nodule": 0.8}):
        score = film_score_of(at_prevalence(analysis, spec, wanted), spec)
        assert score is not None
        assert score.above == {"one_in_10": False, "one_in_5": True}
    assert film_score_of(analysis, bundle.spec) is None


def test_calibrated_is_said_only_where_it_was_measured(bundle: Bundle) -> None:
    english = translator()
    assert "calibrated" not in " ".join(stated_lines(bundle.spec, {}, english)).lower()
    split = {
        "split": "natural", "films": 9, "patients": 9, "description": {"en": "–"}, "labels": {},
        "macro": {"ece": {"value": 0.013}},
    }  # fmt: skip
    measured = bundle_of(LABELS, schema_version=3, prevalence=SHARES, metrics=[split])
    lines = stated_lines(measured.spec, {"mass": 0.2}, english)
    assert "Probabilities are calibrated; on held-out films they miss the observed share by 1.3" in lines[0]
    assert lines[-1].endswith("own prevalence: mass 20\u00a0%.")
