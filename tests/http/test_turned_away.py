"""What the worker turned away is said in words, to programs and readers, and when to come again."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from cxr_dash.intake.limits import REFUSED_KEY, Refusal


@pytest.mark.parametrize(
    ("why", "told", "retry_after"),
    [
        (Refusal.BUSY, (503, "busy"), "5"),
        (Refusal.SLOW, (408, "upload_slow"), None),
        (Refusal.LARGE, (413, "film_too_large"), None),
    ],
)
def test_a_film_that_was_turned_away_is_told_why(
    client: FlaskClient, phantom_png: bytes, why: Refusal, told: tuple[int, str], retry_after: str | None
) -> None:
    sent = {"data": phantom_png, "environ_overrides": {REFUSED_KEY: why}}
    answer = client.post("/films", **sent)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == told
    assert answer.headers.get("Retry-After") == retry_after
    assert error["message"]
    assert error["remedy"]
    assert f'cxr_turned_away_total{{why="{why}"}} 1.0' in client.get("/metrics").text


def test_a_reader_whose_page_was_turned_away_reads_a_sentence_in_their_language(client: FlaskClient) -> None:
    said = {
        language: client.get(
            "/",
            headers={"Accept": "text/html", "Accept-Language": language},
            environ_overrides={REFUSED_KEY: Refusal.BUSY},
        )
        for language in ("en", "es")
    }
    assert {answer.status_code for answer in said.values()} == {503}
    assert "as much to do as it can take on" in said["en"].text
    assert '<html lang="es">' in said["es"].text
    assert "as much to do" not in said["es"].text


def test_no_header_of_a_client_makes_a_request_count_as_turned_away(
    client: FlaskClient, phantom_png: bytes
) -> None:
    answer = client.post("/films", data=phantom_png, headers={REFUSED_KEY: "busy", "cxr-dash": "busy"})
    assert answer.status_code == 201
