"""What ``cxr-dash doctor`` says of traces."""

from __future__ import annotations

import socket
from typing import Literal

from cxr_dash.errors import BackendMissingError
from cxr_dash.services.tracing import check_installed, check_variables, collector_address, other_protocol
from cxr_dash.settings import Settings

_PATIENCE_SECONDS = 2.0
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def tracing_state(settings: Settings) -> tuple[Literal["ok", "warn", "fail"], str, str]:
    """State, what was found, and what to do: as of a ``Check``."""
    if not settings.tracing:
        return "ok", "off", ""
    try:
        check_installed()
    except BackendMissingError as error:
        return "fail", error.message, error.remedy
    try:
        check_variables()
    except Exception as error:
        return "fail", f"none: the OTEL_ variables cannot be used: {error}", "Correct what it names."
    if asked := other_protocol():
        remedy = "Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, and the collector's port for it (4318)."
        return "warn", f"on, but {asked} is not spoken: they go out by OTLP over HTTP", remedy
    host, port = collector_address()
    try:
        socket.create_connection((host, port), _PATIENCE_SECONDS).close()
    except (OSError, OverflowError) as error:
        found = f"on, but nothing takes them at {host}:{port} ({type(error).__name__})"
        return "warn", found, f"Start the collector, or correct {_ENDPOINT}; readers notice nothing."
    return "ok", f"on, to {host}:{port}", ""
