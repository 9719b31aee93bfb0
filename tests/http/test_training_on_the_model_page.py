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
def test_what_was_logged_comes_as_graphs_where_there_is_a_log(app: Dash, model: str, graphs: int) -> None:
    app.server.test_client().get("/")
    (output,) = [name for name in app.callback_map if name.startswith("..card-title.children")]
    places = [name.rpartition(".") for name in output[2:-2].split("...")]
    asked = {"model": model, "section": "training", "label": None}
    found = _answer(
        app,
        {
            "output": output,
            "outputs": [{"id": place, "property": part} for place, _, part in places],
            "inputs": [{"id": "card-asked", "property": "data", "value": asked}],
            "state": [{"id": "thresholds", "property": "data", "value": {}}],
            "changedPropIds": ["card-asked.data"],
        },
    )
    nav, view = (json.dumps(found[name]["children"]) for name in ("card-nav", "card-in-view"))
    assert ("#card-training" in nav) == (graphs > 0)
    assert view.count("card-figure of-loss") == graphs
