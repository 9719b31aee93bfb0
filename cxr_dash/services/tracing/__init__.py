"""Traces by OpenTelemetry: what a request did, stage by stage, for a collector of the site's own.

Nothing of OpenTelemetry is imported before a server that was asked for traces starts.
"""

from __future__ import annotations

from cxr_dash.services.tracing.collector import check_installed, collector_address, other_protocol
from cxr_dash.services.tracing.traces import RequestTrace, Traces, check_variables, open_traces

# Under this name an application's extensions hold them, or None.
TRACES_KEY = "cxr_traces"

__all__ = [
    "TRACES_KEY",
    "RequestTrace",
    "Traces",
    "check_installed",
    "check_variables",
    "collector_address",
    "open_traces",
    "other_protocol",
]
