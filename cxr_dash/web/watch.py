"""Requests counted and timed by route, and a line of each at ``debug``, without its address."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from flask import Flask, Response, g, request

logger = logging.getLogger(__name__)

# Takes method, route, status and seconds of an answer.
Listener = Callable[[str, str, int, float], None]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def known_method(method: str) -> str:
    """The request's method, or ``other``: a client may write what it likes there."""
    return method if method in _METHODS else "other"


def watch_requests(server: Flask, *listeners: Listener) -> None:
    """Tell status and time to the answer's beginning by route, as it is written: addresses hold keys.

    Parameters
    ----------
    server : Flask
        Before any other hook of it, so that what the others refuse is counted, too.
    *listeners : callable
        Such as ``Metrics.answered``.
    """

    def begin() -> None:
        g.cxr_began = time.perf_counter()

    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("cxr_began", time.perf_counter())
        method = known_method(request.method)
        route = request.url_rule.rule if request.url_rule is not None else "none"
        for tell in listeners:
            tell(method, route, response.status_code, seconds)
        fields = {
            "method": method,
            "route": route,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000.0, 1),
        }
        logger.debug("answered", extra=fields)
        return response

    server.before_request(begin)
    server.after_request(end)
