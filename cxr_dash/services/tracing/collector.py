"""Where traces go, as the ``OTEL_`` variables say, and how it is told when they do not arrive."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cxr_dash.errors import BackendMissingError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

logger = logging.getLogger(__name__)

_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_OURS = "http/protobuf"
_PORTS = {"https": 443, "http": 80}
# What these say at every try, one line of ours says once.
_TALKATIVE = ("opentelemetry.exporter.otlp", "opentelemetry.sdk._shared_internal")


def check_installed() -> None:
    """Look for OpenTelemetry without importing it.

    Raises
    ------
    BackendMissingError
        When it is not installed.
    """
    try:
        missing = [name for name in _NEEDED if find_spec(name) is None]
    except ModuleNotFoundError:
        missing = list(_NEEDED)
    if missing:
        raise BackendMissingError(
            "`CXR_TRACING=true` must have OpenTelemetry; received an installation without.",
            remedy="Install cxr-dash[otel].",
        )


def collector_address(environment: Mapping[str, str] = os.environ) -> tuple[str, int]:
    """Host and port of the collector, without what its address may hold besides.

    Parameters
    ----------
    environment : mapping
        With the ``OTEL_`` variables; without any of them it is the standard's own default.
    """
    given = next((environment[name] for name in _ENDPOINTS if environment.get(name)), "http://localhost:4318")
    try:
        address = urlsplit(given)
        return address.hostname or "", address.port or _PORTS.get(address.scheme, 0)
    except ValueError:
        return "", 0


def other_protocol(environment: Mapping[str, str] = os.environ) -> str:
    """What the variables ask for where it is not OTLP over HTTP, which is all that is spoken; else empty."""
    given = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _OURS)
    return "" if given == _OURS else given


def quiet_exporter() -> SpanExporter:
    """What sends spans as the ``OTEL_EXPORTER_OTLP_`` variables say, and speaks up once when it cannot."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult  # noqa: PLC0415

    class SaysOnce(SpanExporter):
        """Two lines for a collector that was away: when it went, and when it came back."""

        def __init__(self) -> None:
            self._sender = OTLPSpanExporter()
            self._is_away = False

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = self._sender.export(spans)
            is_away = result is not SpanExportResult.SUCCESS
            if is_away is not self._is_away:
                host, port = collector_address()
                if is_away:
                    logger.warning(
                        "traces do not arrive at %s:%d and are dropped; all else goes on", host, port
                    )
                else:
                    logger.info("traces arrive at %s:%d again", host, port)
                self._is_away = is_away
            return result

        def shutdown(self) -> None:
            self._sender.shutdown()  # type: ignore[no-untyped-call]

    # it would write a header that it cannot read, with its secret, into the log
    logging.getLogger("opentelemetry.util.re").setLevel(logging.CRITICAL)
    for name in _HEADERS:
        if not all("=" in part for part in os.environ.get(name, "").split(",") if part.strip()):
            logger.warning("`%s` must be name=value, parted by commas; what it holds is not shown", name)
    exporter = SaysOnce()
    # only now: what is wrong with the variables was said while they were read
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return exporter
