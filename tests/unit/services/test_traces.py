"""What a collector is told of a request: names, ids and outcomes, never words of an error or of a film."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cxr_dash.errors import BackendMissingError, RequestError
from cxr_dash.services.tracing import collector, open_traces, traces
from cxr_dash.services.tracing.collector import collector_address, other_protocol, quiet_exporter
from cxr_dash.services.tracing.traces import Traces
from cxr_dash.settings import Settings
from cxr_dash.stages import stage

pytest.importorskip("opentelemetry.sdk.trace")
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

PROXYS, ABOVE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{PROXYS}-{ABOVE}-01"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """The spans that ended, kept in this process."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(traces, "_provider", lambda: provider)
    return exporter


def said(span: Any) -> dict[str, Any]:
    return dict(span.attributes)


def test_a_request_is_a_span_of_a_server_with_its_route_and_its_status(kept: InMemorySpanExporter) -> None:
    with Traces().request("GET", "r-1") as trace:
        trace_id = trace.trace_id
        trace.answered("GET", "/films/<key>", 200)
    (span,) = kept.get_finished_spans()
    assert (span.name, span.kind, span.parent) == ("GET /films/<key>", SpanKind.SERVER, None)
    assert said(span) == {
        "http.request.method": "GET",
        "cxr.request_id": "r-1",
        "http.response.status_code": 200,
        "http.route": "/films/<key>",
    }
    assert span.status.status_code is StatusCode.UNSET
    assert trace_id == f"{span.context.trace_id:032x}"
    assert len(trace_id) == 32


@pytest.mark.parametrize(
    ("status", "failed"), [(200, False), (404, False), (499, False), (500, True), (503, True)]
)
def test_a_fault_of_the_server_is_a_failure_and_one_of_the_asker_is_none(
    kept: InMemorySpanExporter, status: int, failed: bool
) -> None:
    with Traces().request("POST", "r") as trace:
        trace.answered("POST", "/films", status)
    (span,) = kept.get_finished_spans()
    assert (span.status.status_code is StatusCode.ERROR) is failed
    assert said(span).get("error.type") == (str(status) if failed else None)


def test_what_is_nowhere_and_what_is_no_method_are_not_named(kept: InMemorySpanExporter) -> None:
    with Traces().request("other", "r") as trace:
        trace.answered("other", "none", 404)
    (span,) = kept.get_finished_spans()
    assert span.name == "_OTHER"
    assert said(span)["http.request.method"] == "_OTHER"
    assert "http.route" not in said(span)


@pytest.mark.parametrize(("header", "joined"), [(HEADER, True), ("", False), ("no header", False)])
def test_a_request_is_a_part_of_the_proxys_where_its_word_is_taken(
    kept: InMemorySpanExporter, header: str, joined: bool
) -> None:
    with Traces().request("GET", "r", header) as trace:
        assert (trace.trace_id == PROXYS) is joined
    (span,) = kept.get_finished_spans()
    assert (span.parent is not None and f"{span.parent.span_id:016x}" == ABOVE) is joined


def test_stages_lie_below_their_request_and_name_the_model(kept: InMemorySpanExporter) -> None:
    running = Traces()
    with running.request("GET", "r"), stage("decode"), stage("model", model="findings"):
        pass
    with running.request("GET", "other"):
        pass
    model, decode, first, second = kept.get_finished_spans()
    assert (decode.name, said(decode)) == ("decode", {})
    assert (model.name, said(model)) == ("model", {"cxr.model": "findings"})
    assert (model.parent.span_id, decode.parent.span_id) == (decode.context.span_id, first.context.span_id)
    assert second.context.trace_id != first.context.trace_id


@pytest.mark.parametrize(
    ("error", "kind", "failed"),
    [(RequestError("Doe^Jane"), RequestError("").code, False), (KeyError("Doe^Jane"), "KeyError", True)],
)
def test_an_error_is_told_by_its_kind_alone_and_ours_is_no_failure(
    kept: InMemorySpanExporter, error: Exception, kind: str, failed: bool
) -> None:
    with pytest.raises(type(error)), Traces().request("GET", "r"), stage("decode"):
        raise error
    for span in kept.get_finished_spans():
        assert "Doe" not in span.to_json()
        assert span.events == ()
    decode = kept.get_finished_spans()[0]
    assert said(decode)["error.type"] == kind
    assert (decode.status.status_code is StatusCode.ERROR) is failed


def test_a_process_begins_to_send_once_and_sends_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []

    class Provider(TracerProvider):
        def __init__(self) -> None:
            super().__init__(shutdown_on_exit=False)
            self.ended = threading.Event()
            begun.append(self)

        def shutdown(self) -> None:
            self.ended.set()

    monkeypatch.setattr(traces, "_provider", Provider)
    running = Traces()
    running.stop()
    running.start()
    running.start()
    assert len(begun) == 1
    assert not begun[0].ended.is_set()
    running.stop()
    assert begun[0].ended.is_set()
    running.start()
    assert len(begun) == 2


def test_a_collector_that_is_away_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert traces._SECONDS_TO_SEND_THE_REST == 3.0
    monkeypatch.setattr(traces, "_SECONDS_TO_SEND_THE_REST", 0.01)
    may_end = threading.Event()

    class Slow(TracerProvider):
        def shutdown(self) -> None:
            may_end.wait(30)

    monkeypatch.setattr(traces, "_provider", lambda: Slow(shutdown_on_exit=False))
    running = Traces()
    running.start()
    running.stop()
    (last,) = [one for one in threading.enumerate() if "shutdown" in one.name]
    assert last.daemon
    may_end.set()
    last.join(30)


def test_variables_that_cannot_be_used_cost_the_traces_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Any:
        raise ValueError("secret")

    monkeypatch.setattr(traces, "_provider", broken)
    running = Traces()
    with running.request("GET", "r") as trace:
        trace.answered("GET", "/", 500)
        assert trace.trace_id == ""
    running.stop()
    assert "no traces: the OTEL_ variables cannot be used (ValueError)" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, "cxr-dash"),
        ({"OTEL_SERVICE_NAME": "ward"}, "ward"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=north"}, "north"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "site=north"}, "cxr-dash"),
    ],
)
def test_a_server_says_who_it_is_unless_the_variables_do(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], name: str
) -> None:
    for variable in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(traces, "quiet_exporter", InMemorySpanExporter)
    provider = traces._provider()
    assert provider.resource.attributes["service.name"] == name
    assert provider.resource.attributes["process.pid"] > 0
    assert provider._atexit_handler is None, "nothing waits for a collector as the process ends"
    traces.check_variables()
    provider.shutdown()


def test_traces_are_opened_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_traces(Settings(tracing=False)) is None
    assert isinstance(open_traces(Settings(tracing=True)), Traces)
    for lacking in (lambda _: None, _no_package):
        monkeypatch.setattr(collector, "find_spec", lacking)
        with pytest.raises(BackendMissingError, match="must have OpenTelemetry"):
            open_traces(Settings(tracing=True))


def _no_package(_name: str) -> Any:
    raise ModuleNotFoundError


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, ("localhost", 4318)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example/x"}, ("traces.example", 443)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://traces.example"}, ("traces.example", 80)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://key:sesame@host:99/"}, ("host", 99)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://host"}, ("host", 0)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "no address"}, ("", 0)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://host:port"}, ("", 0)),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b:1"},
            ("b", 1),
        ),
    ],
)
def test_a_collectors_address_is_said_without_secrets(
    variables: dict[str, str], address: tuple[str, int]
) -> None:
    assert collector_address(variables) == address


@pytest.mark.parametrize(
    ("variables", "other"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, ""),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, ""),
    ],
)
def test_another_protocol_is_named(variables: dict[str, str], other: str) -> None:
    assert other_protocol(variables) == other


@pytest.fixture
def _loggers_are_put_back() -> Iterator[None]:
    names = ("opentelemetry.util.re", *collector._TALKATIVE)
    before = [logging.getLogger(name).level for name in names]
    yield
    for name, level in zip(names, before, strict=True):
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("_loggers_are_put_back")
def test_a_collector_that_goes_away_is_told_of_once_and_so_is_its_return(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cxr_dash")
    sent = iter([True, False, False, True, True, False])
    exporter: Any = quiet_exporter()
    monkeypatch.setattr(
        exporter._sender,
        "export",
        lambda _: SpanExportResult.SUCCESS if next(sent) else SpanExportResult.FAILURE,
    )
    lines = []
    for _ in range(6):
        caplog.clear()
        exporter.export(())
        lines.append([record.levelname for record in caplog.records])
    exporter.shutdown()
    assert lines == [[], ["WARNING"], [], ["INFO"], [], ["WARNING"]]
    assert all(logging.getLogger(name).level == logging.CRITICAL for name in collector._TALKATIVE)


@pytest.mark.usefixtures("_loggers_are_put_back")
@pytest.mark.parametrize(
    ("headers", "warned"),
    [("", False), ("a=b", False), ("a=b, c=d,", False), ("secret", True), ("a=b,c", True)],
)
def test_headers_that_cannot_be_read_are_not_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, headers: str, warned: bool
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", headers)
    quiet_exporter().shutdown()
    assert ("`OTEL_EXPORTER_OTLP_HEADERS` must be name=value" in caplog.text) is warned
    assert "secret" not in caplog.text
