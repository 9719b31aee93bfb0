"""Spans of requests and, below them, of the stages of their work."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from cxr_dash import __version__
from cxr_dash.errors import CxrError
from cxr_dash.services.tracing.collector import check_installed, quiet_exporter
from cxr_dash.settings import Settings
from cxr_dash.stages import followed

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer


class _Plain(TypedDict):
    record_exception: bool
    set_status_on_exception: bool


logger = logging.getLogger(__name__)

_NAME = "cxr-dash"
# The last spans of a worker that ends; a collector that is away must not hold it up.
_SECONDS_TO_SEND_THE_REST = 3.0
_SERVER_FAULT = 500
_ERROR = "error.type"
# An error's message and traceback are not for a collector.
_PLAIN: _Plain = {"record_exception": False, "set_status_on_exception": False}


class RequestTrace:
    """One request's span, while it is answered.

    Parameters
    ----------
    span : Span
    """

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, as collectors show it; empty where the variables switch traces off."""
        context = self._span.get_span_context()
        return f"{context.trace_id:032x}" if context.is_valid else ""

    def answered(self, method: str, route: str, status: int) -> None:
        """Say what came of it.

        Parameters
        ----------
        method : str
            One of HTTP's own, or ``other``.
        route : str
            As it is written, with its places for keys; ``none`` where nothing is at the address.
        status : int
        """
        self._span.set_attribute("http.response.status_code", status)
        if route != "none":
            self._span.update_name(f"{method} {route}")
            self._span.set_attribute("http.route", route)
        if status >= _SERVER_FAULT:
            _mark_failed(self._span, str(status))


class Traces:
    """Makes the spans of one process, and sends them from a thread of its own.

    Thread and connections begin in :meth:`start`, which belongs behind the fork; the first request starts
    them where nobody did.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: tuple[TracerProvider | None, Tracer] | None = None

    def start(self) -> None:
        """Read the ``OTEL_`` variables and begin to send; does nothing the second time."""
        self._tracer()

    def stop(self) -> None:
        """Send what is left, in a few seconds or not at all."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None and running[0] is not None:
            # the library would wait for 30 seconds
            last = threading.Thread(target=running[0].shutdown, daemon=True)
            last.start()
            last.join(_SECONDS_TO_SEND_THE_REST)

    @contextmanager
    def request(self, method: str, request_id: str, traceparent: str = "") -> Iterator[RequestTrace]:
        """Follow one request and all stages of its work, in this thread, until its answer was given.

        Parameters
        ----------
        method : str
            One of HTTP's own, or ``other``.
        request_id : str
            As in the log.
        traceparent : str
            W3C's header of a proxy whose word is taken, of which this is then a part; else empty.
        """
        from opentelemetry.context import Context  # noqa: PLC0415
        from opentelemetry.trace import SpanKind  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
            TraceContextTextMapPropagator,
        )

        # no `tracestate`, which may hold any words, and nothing of the thread's request before
        above = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())
        said = {
            "http.request.method": method if method != "other" else "_OTHER",
            "cxr.request_id": request_id,
        }
        tracer = self._tracer()
        with (
            tracer.start_as_current_span(
                said["http.request.method"], context=above, kind=SpanKind.SERVER, attributes=said, **_PLAIN
            ) as span,
            followed(partial(_follow, tracer)),
        ):
            yield RequestTrace(span)

    def _tracer(self) -> Tracer:
        running = self._running
        if running is None:
            with self._lock:
                if self._running is None:
                    self._running = _begun()
                running = self._running
        return running[1]


def open_traces(settings: Settings) -> Traces | None:
    """The traces of the settings; ``None`` where they ask for none.

    Raises
    ------
    BackendMissingError
        When OpenTelemetry is not installed.
    """
    if not settings.tracing:
        return None
    check_installed()
    return Traces()


@contextmanager
def _follow(tracer: Tracer, name: str, model: str) -> Iterator[None]:
    """A stage of the request under way."""
    said = {"cxr.model": model} if model else {}
    with tracer.start_as_current_span(name, attributes=said, **_PLAIN) as span:
        try:
            yield
        except CxrError as error:
            # never its message, which may quote what came; on purpose, hence no failure
            span.set_attribute(_ERROR, error.code)
            raise
        except Exception as error:
            _mark_failed(span, type(error).__name__)
            raise


def _mark_failed(span: Span, kind: str) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

    span.set_attribute(_ERROR, kind)
    span.set_status(Status(StatusCode.ERROR))


def _begun() -> tuple[TracerProvider | None, Tracer]:
    """What makes spans and sends them; where the variables cannot be used, one that does neither."""
    from opentelemetry.trace import NoOpTracer  # noqa: PLC0415

    try:
        provider = _provider()
    except Exception as error:
        # its message may hold what stands in the variables; readers get their answers all the same
        logger.error(
            "no traces: the OTEL_ variables cannot be used (%s); `cxr-dash doctor` says why",
            type(error).__name__,
        )
        return None, NoOpTracer()
    return provider, provider.get_tracer(_NAME, __version__)


def check_variables() -> None:
    """Read the ``OTEL_`` variables as a server would, and send nothing.

    Raises
    ------
    Exception
        Whatever the library says of a value.
    """
    _provider().shutdown()


def _provider() -> TracerProvider:
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    who: dict[str, str | int] = {"service.version": __version__, "process.pid": os.getpid()}
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    if not named:
        who["service.name"] = _NAME
    # sampler, limits and pace are the variables' own
    provider = TracerProvider(resource=Resource.create(who), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(quiet_exporter()))
    return provider
