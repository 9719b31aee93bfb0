"""Says in words why the worker did not wait for a request, or did not let it wait."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from cxr_dash.domain import N_
from cxr_dash.errors import BusyError, UploadSlowError
from cxr_dash.intake.limits import REFUSED_KEY, Refusal
from cxr_dash.web.metrics import Metrics


def tell_turned_away(metrics: Metrics) -> Callable[[], None]:
    """For ``before_request``: count what the worker turned away (``cxr_dash.intake``), and raise why.

    Raises
    ------
    BusyError, UploadSlowError
    werkzeug.exceptions.RequestEntityTooLarge
    """

    def tell() -> None:
        refused = request.environ.get(REFUSED_KEY)
        if refused is None:
            return
        metrics.turned_away(refused)
        if refused == Refusal.LARGE:
            raise RequestEntityTooLarge
        if refused == Refusal.SLOW:
            raise UploadSlowError(
                N_("The request came too slowly, or stopped before its end."),
                remedy=N_("Send it again, over a faster connection if there is one."),
            )
        raise BusyError(
            N_("The server has as much to do as it can take on at the moment."),
            remedy=N_("Try again in a few seconds."),
        )

    return tell
