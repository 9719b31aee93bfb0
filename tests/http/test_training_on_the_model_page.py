"""The page's own questions about how a model was trained, asked of a server with two bundles."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bundle_builder import write_bundle
from dash import Dash

from cxr_dash.settings import Settings
from cxr_dash.web import create_app

_ADDRESS = "/_dash-update-component"
_LOG = {"phases": [{"name": "head", "epochs": 2, "kept": 1, "figures": {"loss": [0.7, 0.6]}}]}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Dash:
    """One bundle with a log of its training and one without."""
    folder = tmp_path_factory.mktemp("server")
    write_bundle(folder / "models", "told", training_log=_LOG)
    write_bundle(folder / "models", "untold")
    made: Dash = create_app(
        Settings(
            models_dir=folder / "models", default_model="told", cache_dir=folder / "cache", warm_up=False
        )
    )
    return made


def _answer(app: Dash, asked: dict[str, Any]) -> dict[str, Any]:
    client = app.server.test_client()
    client.get("/")  # Dash knows its callbacks from the first request on
    answer = client.post(_ADDRESS, json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()["response"]
    return found


@pytest.mark.parametrize(("model", "graphs"), [("told", 1), ("untold", 0)])
def test_what_was_logged_comes_as_graphs_once_it_is_asked_for(app: Dash, model: str, graphs: int) -> None:
    found = _answer(
        app,
        {
            "output": "card-epochs.children",
            "outputs": {"id": "card-epochs", "property": "children"},
            "inputs": [
                {"id": "card-epochs-asked", "property": "data", "value": {"model": model, "serial": 1}}
            ],
            "changedPropIds": ["card-epochs-asked.data"],
        },
    )
    assert json.dumps(found["card-epochs"]["children"]).count('"type": "Graph"') == graphs


@pytest.mark.parametrize(("model", "hidden"), [("told", False), ("untold", True)])
def test_opening_the_page_shows_the_section_only_where_there_is_a_log(
    app: Dash, model: str, hidden: bool
) -> None:
    app.server.test_client().get("/")
    (output,) = [name for name in app.callback_map if name.startswith("..card.is_open")]
    places = [name.rpartition(".") for name in output[2:-2].split("...")]
    found = _answer(
        app,
        {
            "output": output,
            "outputs": [{"id": place, "property": part} for place, _, part in places],
            "inputs": [
                {"id": "card-open", "property": "n_clicks", "value": 1},
                {"id": "warning", "property": "n_clicks"},
            ],
            "state": [
                {"id": "model", "property": "value", "value": model},
                {"id": "label", "property": "data", "value": None},
            ],
            "changedPropIds": ["card-open.n_clicks"],
        },
    )
    assert found["card-training"]["hidden"] is hidden
