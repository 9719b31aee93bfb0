"""What comes for Dash's callbacks is looked at first: small, from this page, and a question that it asks."""

from __future__ import annotations

from dash import Dash
from flask import request

from cxr_dash.domain import N_
from cxr_dash.errors import RequestTooLargeError
from cxr_dash.ui.questions import MOST_QUESTION_BYTES, check_question, not_a_question
from cxr_dash.web.same_site import refuse_other_sites
from cxr_dash.web.uploads import read_small

_ADDRESS = "/_dash-update-component"


def check_questions(app: Dash) -> None:
    """Answer junk with 400, what is too large with 413, and other sites' requests with 422.

    Parameters
    ----------
    app : Dash
    """

    def check() -> None:
        if request.path != _ADDRESS or request.method != "POST":
            return
        refuse_other_sites()
        if not request.is_json:
            raise not_a_question()
        check_question(app, read_small(MOST_QUESTION_BYTES, _too_large))

    app.server.before_request(check)


def _too_large() -> RequestTooLargeError:
    return RequestTooLargeError(
        N_("A question of the page must be at most {most:g} MB; the one received is larger."),
        remedy=N_("Reload the page if it sent this."),
        most=MOST_QUESTION_BYTES / 2**20,
    )
