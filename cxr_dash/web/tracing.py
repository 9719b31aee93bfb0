"""Each request as a span, and the trace's id in its log lines."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from flask import request
from structlog.contextvars import bind_contextvars, get_contextvars
from werkzeug.wsgi import ClosingIterator

from cxr_dash.intake.addresses import Networks, is_in, peer, read_networks
from cxr_dash.log_lines import REQUEST_ID, TRACE_ID
from cxr_dash.services.tracing import RequestTrace, Traces
from cxr_dash.settings import Settings
from cxr_dash.web.watch import known_method

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HERE = "cxr_dash.trace"
# Asked every few seconds by probes: they would be most of what a collector keeps.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class TraceRequests:
    """WSGI middleware within that which names requests.

    Parameters
    ----------
    application : WSGI callable
        What it wraps.
    traces : Traces
    settings : Settings
        Whose ``traceparent`` is believed: that of the proxies whose word on addresses is, at their addresses.

    Raises
    ------
    RequestError
        When ``CXR_PROXY_FROM`` is no list of addresses.
    """

    def __init__(self, application: WSGIApplication, traces: Traces, settings: Settings) -> None:
        self._application = application
        self._traces = traces
        self._believed: Networks = (
            read_networks("CXR_PROXY_FROM", settings.proxy_from) if settings.proxies else ()
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; its span ends when the answer was given, to its last byte."""
        if environ.get("PATH_INFO") in _PROBES:
            return self._application(environ, start_response)
        above = environ.get("HTTP_TRACEPARENT", "") if is_in(peer(environ), self._believed) else ""
        with ExitStack() as opened:
            trace = opened.enter_context(
                self._traces.request(
                    known_method(environ["REQUEST_METHOD"]), get_contextvars().get(REQUEST_ID, ""), above
                )
            )
            if trace.trace_id:
                bind_contextvars(**{TRACE_ID: trace.trace_id})
            environ[_HERE] = trace
            pieces = self._application(environ, start_response)
            return ClosingIterator(pieces, opened.pop_all().close)


def tell_trace(method: str, route: str, status: int, _seconds: float) -> None:
    """Put what came of the request under way into its span, where it has one; for ``watch_requests``."""
    trace: Any = request.environ.get(_HERE)
    if isinstance(trace, RequestTrace):
        trace.answered(method, route, status)
