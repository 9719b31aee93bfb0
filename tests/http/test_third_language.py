"""A third language is a catalogue and nothing else: put into its folder, the whole application speaks it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from flask.testing import FlaskClient
from pypdf import PdfReader

from cxr_dash import imaging
from cxr_dash.language import catalogue, languages, translator
from cxr_dash.language.collect import said_by_the_application, said_by_the_models
from cxr_dash.services.report.templates import report_templates
from cxr_dash.settings import Settings
from cxr_dash.web import create_app
from cxr_dash.web.sign_in.page import sign_in_page

MODEL = "findings"
POLISH = {"Accept-Language": "pl,en;q=0.5"}
# what the bundle says in English and Spanish, and this catalogue leaves out
NOT_TRANSLATED = "Findings on a frontal chest film"
FILMS = ("{n} zdjęcie", "{n} zdjęcia", "{n} zdjęć")


def _marked(said: Catalog, *, without: str = "") -> Catalog:
    """A catalogue of Polish that says every sentence in English behind a letter that no other text has."""
    catalog = Catalog(locale="pl")
    for message in said:
        if not message.id or message.id == without:
            continue
        places = message.locations
        if isinstance(message.id, str):
            catalog.add(message.id, f"Ł {message.id}", locations=places)
        else:
            one, many = message.id
            forms = FILMS if one == "{n} film" else (f"Ł {one}", f"Ł {many}", f"Ł {many}")
            catalog.add((one, many), forms, locations=places)
    return catalog


def _forget() -> None:
    for cached in (catalogue.languages, catalogue.catalogue, translator, report_templates):
        cached.cache_clear()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """The application, started with a folder of translations that has one language more."""
    folder = tmp_path_factory.mktemp("translations")
    (folder / "es").symlink_to(catalogue.TRANSLATIONS / "es")
    _write(folder / "pl", "app", _marked(said_by_the_application()))
    _write(folder / "pl", "models", _marked(said_by_the_models("pl"), without=NOT_TRANSLATED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "TRANSLATIONS", folder)
        _forget()
        settings = Settings(cache_dir=tmp_path_factory.mktemp("third") / "cache", warm_up=False)
        with create_app(settings).server.test_client() as client:
            yield client
    _forget()


def _write(folder: Path, name: str, catalog: Catalog) -> None:
    path = folder / "LC_MESSAGES" / f"{name}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        write_po(stream, catalog)


@pytest.fixture(scope="module")
def film(client: FlaskClient) -> str:
    data = imaging.encode_png(imaging.chest_phantom(320, 280), {})
    return str(client.post(f"/films?model={MODEL}", data=data).get_json()["film"])


def _strings(tree: object) -> Iterator[str]:
    """What a layout says: all its texts but the English keys of the scripts' sentences."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name != "words":
                yield from _strings(value)
    elif isinstance(tree, list):
        for one in tree:
            yield from _strings(one)
    elif isinstance(tree, str):
        yield tree


def test_it_is_offered_and_the_page_is_in_it(client: FlaskClient) -> None:
    assert list(languages().items()) == [("en", "English"), ("es", "Español"), ("pl", "Polski")]
    assert '<html lang="pl">' in client.get("/", headers=POLISH).text
    layout = json.dumps(client.get("/_dash-layout", headers=POLISH).json, ensure_ascii=False)
    assert re.findall(r'"data-language": "(\w+)"', layout) == ["en", "es", "pl"]
    assert "Ł Decision support" in layout
    assert not re.search(r"(?<!Ł )Decision support for trained readers", layout)
    # names of a bundle are in the catalogue where the bundle does not bring them
    assert "Ł Pleural effusion" in layout
    assert NOT_TRANSLATED in layout
    assert f"Ł {NOT_TRANSLATED}" not in layout
    # ids and names of components are single words
    english = {message.id for message in said_by_the_application() if " " in message.id}
    assert english & set(_strings(json.loads(layout))) == set()
    said = sign_in_page("/", translator("pl"), with_form=True)
    assert re.findall(r'hreflang="(\w+)"', said) == ["en", "es"]
    assert "Ł Sign in" in said


def test_the_scripts_get_its_sentences_and_which_form_is_for_which_number(client: FlaskClient) -> None:
    layout = json.dumps(client.get("/_dash-layout", headers=POLISH).json, ensure_ascii=False)
    assert '"language": "pl"' in layout
    assert json.dumps({"{n} film": FILMS}, ensure_ascii=False)[1:-1] in layout
    assert '"plural_forms": {"many": 2, "one": 0, "few": 1}' in layout
    t = translator("pl")
    counted = [t.plural("{n} film", "{n} films", number) for number in (1, 2, 5, 22)]
    assert counted == ["1 zdjęcie", "2 zdjęcia", "5 zdjęć", "22 zdjęcia"]
    assert t.decimal(2.5, 1) == "2,5"


def test_what_a_reader_takes_away_is_in_it(client: FlaskClient, film: str) -> None:
    one = {"number": 3, "film": film, "judged": {"verdicts": {"effusion": "accepted"}}}
    body = {"model": MODEL, "films": [one]}
    pdf = PdfReader(io.BytesIO(client.post("/exports.pdf", json=body, headers=POLISH).data))
    paper = " ".join(pdf.pages[0].extract_text().split())
    assert "Ł Decision support" in paper
    assert NOT_TRANSLATED in paper
    text = client.post("/exports.txt", json=body, headers=POLISH).text
    assert text.startswith("Ł Chest radiograph, Ł film 03")
    assert "Ł Pleural effusion" in text
    record = client.post("/exports.json", json=body, headers=POLISH).json
    assert record is not None
    assert (record["language"], record["model"]["labels"]["effusion"]) == ("pl", "Ł Pleural effusion")
    packed = zipfile.ZipFile(io.BytesIO(client.post("/exports.zip", json=body, headers=POLISH).data))
    (readme,) = [name for name in packed.namelist() if name.endswith("README.txt")]
    assert "Ł Each film has a folder" in packed.read(readme).decode("utf-8")


def test_an_error_is_said_in_it(client: FlaskClient) -> None:
    answer = client.post("/films", data=b"Dear colleague,\n", headers=POLISH)
    assert answer.json is not None
    assert answer.json["error"]["message"].startswith("Ł The file must be")
