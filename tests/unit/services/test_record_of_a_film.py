"""The record of one film names what was asked, and has nothing where nothing was answered."""

from __future__ import annotations

from export_material import analysis_of, bundle_of, film_file

from cxr_dash.services.exports import ChosenFilm, ListedFilm, film_record

LABELS = [("effusion", "Effusion", "Derrame"), ("nodule", "Nodule", "Nódulo")]


def test_a_film_that_was_answered_is_named_by_digest_moment_and_verdict() -> None:
    analysis = analysis_of(film_file(), bundle_of(LABELS), [0.8, 0.2])
    record = film_record(ListedFilm(ChosenFilm(number=3, film="k"), "ok", "", analysis), {})
    assert (record["number"], record["status"], record["quality"]) == (3, "ok", "ok")
    assert record["film_sha256"] == analysis.film_sha256
    assert record["analysed_at"] == analysis.analysed_at
    assert record["film"] is not None
    assert set(record["findings"]) == {"effusion", "nodule"}
    assert record["own_reading"] is None


def test_a_film_that_was_not_answered_has_none_of_it() -> None:
    record = film_record(ListedFilm(ChosenFilm(number=3, film="k"), "error", "gone", None), {})
    assert record["reason"] == "gone"
    for name in ("film_sha256", "film", "analysed_at", "quality", "measures"):
        assert record[name] is None, name
    assert record["findings"] == {}
