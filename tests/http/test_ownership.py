"""A film belongs to its user: to another it is not there, at whatever address its key is used."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cxr_dash import imaging
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.settings import Settings
from cxr_dash.web import create_app

PASSWORDS = {
    "anna": "a long sentence of anna",
    "bert": "a long sentence of bert",
    "root": "the admin's sentence",
}
# What else stands in an address besides a film's key.
VALUES = {"model": "findings", "label": "effusion", "case": 1}
# Addresses with a film's key that ask for no film of this server's: none so far.
WITHOUT_A_FILM: set[str] = set()


@dataclass(frozen=True)
class House:
    """A server with two readers and an admin, and one film of the first's."""

    server: Flask
    anna: FlaskClient
    bert: FlaskClient
    admin: FlaskClient
    film: str


def signed_in(server: Flask, name: str) -> FlaskClient:
    client = server.test_client()
    answer = client.post("/sign-in", data={"name": name, "password": PASSWORDS[name]})
    assert answer.status_code == 303
    return client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("house")
    users = UsersFile(folder / "users.json")
    for name, password in PASSWORDS.items():
        users.put(name, "admin" if name == "root" else "reader", password)
    settings = Settings(
        cache_dir=folder / "cache",
        library_dir=folder / "library",
        users_file=users.path,
        sign_in="users",
        show_identity=True,
        warm_up=False,
    )
    server = create_app(settings).server
    anna = signed_in(server, "anna")
    # of 16 bits: one of 8 has no levels beyond its picture
    deep = cv2.imencode(".png", imaging.chest_phantom(600, 500).astype(np.uint16) * 257)[1].tobytes()
    film = anna.post("/films?model=findings", data=deep).get_json()["film"]
    return House(server, anna, signed_in(server, "bert"), signed_in(server, "root"), film)


def film_addresses(server: Flask) -> list[tuple[str, str]]:
    """Every method and rule that takes a film's key, of all that the application has."""
    return sorted(
        (method, rule.rule)
        for rule in server.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
        if "film" in rule.arguments
    )


def ask(house: House, client: FlaskClient, method: str, rule: str) -> TestResponse:
    found = next(one for one in house.server.url_map.iter_rules() if one.rule == rule)
    with house.server.test_request_context():
        adapter = house.server.url_map.bind("localhost")
        values = {name: VALUES[name] for name in found.arguments - {"film"}}
        address = adapter.build(found.endpoint, {"film": house.film, **values}, method=method)
    return client.open(address, method=method)


def test_another_users_key_leads_nowhere_at_every_address_of_the_url_map(house: House) -> None:
    addresses = film_addresses(house.server)
    assert len(addresses) >= 9
    for method, rule in addresses:
        for other in (house.bert, house.admin):
            answer = ask(house, other, method, rule)
            assert answer.status_code == 404, (method, rule)
            assert answer.get_json()["error"]["code"] == "case_not_found", (method, rule)


def test_the_films_own_user_is_answered_at_every_one_of_them(house: House) -> None:
    for method, rule in film_addresses(house.server):
        if method == "GET":
            assert ask(house, house.anna, method, rule).status_code == 200, rule


def test_a_key_of_nobodys_and_anothers_key_are_answered_alike(house: House) -> None:
    for method, path in (("DELETE", "/films/{}"), ("GET", "/films/{}/picture.jpg")):
        anothers = house.bert.open(path.format(house.film), method=method)
        nobodys = house.bert.open(path.format("A" * 32), method=method)
        assert (anothers.status_code, anothers.data) == (nobodys.status_code, nobodys.data)


def test_nobody_who_is_not_signed_in_gets_anything_at_any_address(house: House) -> None:
    stranger = house.server.test_client()
    seen = 0
    for rule in house.server.url_map.iter_rules():
        if rule.endpoint.startswith("sign_in.") or rule.rule in {"/healthz", "/readyz", "/_favicon.ico"}:
            continue
        values = {name: VALUES.get(name, house.film if name == "film" else "x") for name in rule.arguments}
        values |= rule.defaults or {}
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            address = house.server.url_map.bind("localhost").build(rule.endpoint, values, method=method)
            answer = stranger.open(address, method=method)
            assert answer.status_code == 401, (method, rule.rule)
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_list_with_anothers_film_names_nothing_of_it(house: House, kind: str) -> None:
    body = {"model": "findings", "films": [{"number": 1, "film": house.film}]}
    own = house.anna.post(f"/exports.{kind}", json=body)
    others = house.bert.post(f"/exports.{kind}", json=body)
    digest = house.anna.get(f"/films/{house.film}/findings/answer.json").get_json()["answer"]["film"]
    assert digest
    assert own.status_code == others.status_code == 200
    assert b"no longer kept" in others.data
    assert b"no longer kept" not in own.data


def test_a_report_of_anothers_film_is_not_found(house: House) -> None:
    body = {"model": "findings", "films": [{"number": 1, "film": house.film}]}
    assert house.bert.post("/exports.pdf", json=body).status_code == 404
    assert house.anna.post("/exports.pdf", json=body).status_code == 200


def test_a_zip_holds_ones_own_films_and_no_others(house: House) -> None:
    body = {"model": "findings", "films": [{"number": 1, "film": house.film}]}
    own = zipfile.ZipFile(io.BytesIO(house.anna.post("/exports.zip", json=body).data)).namelist()
    others = zipfile.ZipFile(io.BytesIO(house.bert.post("/exports.zip", json=body).data)).namelist()
    assert any(name.endswith(".npy") for name in own)
    assert not any(name.endswith((".npy", ".png", ".pdf")) for name in others)


def test_the_page_asked_about_anothers_film_says_that_it_is_not_kept(house: House) -> None:
    question = {
        "output": "answer.data",
        "outputs": {"id": "answer", "property": "data"},
        "inputs": [
            {"id": "question", "property": "data", "value": {"film": house.film, "model": "findings"}}
        ],
        "changedPropIds": ["question.data"],
    }
    told = {}
    for name, client in (("anna", house.anna), ("bert", house.bert)):
        answer = client.post("/_dash-update-component", json=question)
        assert answer.status_code == 200
        told[name] = answer.get_json()["response"]["answer"]["data"]
    assert told["bert"]["error"]["code"] == "case_not_found"
    assert not told["anna"].get("error")


def test_the_counters_are_for_admins_alone(house: House) -> None:
    assert house.admin.get("/metrics").status_code == 200
    refused = house.anna.get("/metrics")
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "not_allowed")


def test_a_film_is_deleted_by_its_own_user_and_stays_for_all_others(house: House) -> None:
    film = house.anna.post("/films/phantom").get_json()["film"]
    assert house.bert.delete(f"/films/{film}").status_code == 404
    assert house.anna.get(f"/films/{film}/picture.jpg").status_code == 200
    assert house.anna.delete(f"/films/{film}").status_code == 204
    assert house.anna.get(f"/films/{film}/picture.jpg").status_code == 404


def test_a_user_who_was_taken_out_or_got_another_password_is_signed_out(house: House, tmp_path: Path) -> None:
    settings = Settings(
        cache_dir=tmp_path / "cache", users_file=tmp_path / "users.json", sign_in="users", warm_up=False
    )
    users = UsersFile(settings.users_file)
    for name in ("anna", "bert"):
        users.put(name, "reader", PASSWORDS[name])
    server = create_app(settings).server
    anna, bert = signed_in(server, "anna"), signed_in(server, "bert")
    assert anna.get("/_dash-layout").status_code == bert.get("/_dash-layout").status_code == 200
    users.remove("anna")
    users.put("bert", "reader", "another sentence of bert")
    assert anna.get("/_dash-layout").status_code == bert.get("/_dash-layout").status_code == 401
