"""Callbacks, asked over HTTP as the page asks them, with a service that answers or fails on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from dash import Dash, html

from cxr_dash.errors import BackendMissingError, CaseNotFoundError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator
from cxr_dash.settings import Settings
from cxr_dash.ui import ids
from cxr_dash.ui.callbacks import register_callbacks
from cxr_dash.ui.layout import build_layout


class FailingService:
    """Raises what it was given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def analyse(self, film_key: str, model_id: str) -> Any:  # noqa: ARG002
        raise self.error  # whatever was asked


def answer(catalog: Catalog, error: Exception) -> Any:
    app = Dash("callbacks", assets_folder="none")
    app.layout = html.Div(build_layout(Settings(), catalog, Translator()))
    register_callbacks(app, FailingService(error), catalog, Translator)  # type: ignore[arg-type]
    value = {"film": "some-key", "model": "tiny", "serial": 1}
    response = app.server.test_client().post(
        "/_dash-update-component",
        json={
            "output": f"{ids.ANSWER}.data",
            "outputs": {"id": ids.ANSWER, "property": "data"},
            "inputs": [{"id": ids.QUESTION, "property": "data", "value": value}],
            "changedPropIds": [f"{ids.QUESTION}.data"],
        },
    )
    assert response.status_code == 200, response.text
    return response.json["response"][ids.ANSWER]["data"]


@pytest.mark.parametrize("kind", [CaseNotFoundError, BackendMissingError])
def test_an_error_of_ours_becomes_an_answer_with_reason_and_remedy(catalog: Catalog, kind: Any) -> None:
    told = answer(catalog, kind("It cannot be read.", remedy="Do this."))
    assert told["film"] == "some-key"
    assert told["error"] == {"code": kind.code, "message": "It cannot be read.", "remedy": "Do this."}


def test_an_unforeseen_error_becomes_an_answer_that_tells_nothing_of_the_inside(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    told = answer(catalog, ZeroDivisionError("secret detail"))
    assert told["error"]["code"] == "unexpected"
    assert "secret" not in told["error"]["message"]
    assert "an analysis failed" in caplog.text
