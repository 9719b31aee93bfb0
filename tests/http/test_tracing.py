"""Traces before a real collector: OTLP over HTTP, as the standard's own package takes it apart."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from gunicorn_server import ROOT, WORKERS, GunicornServer, eventually, running_gunicorn
from structlog.contextvars import clear_contextvars
from werkzeug.test import Client
from werkzeug.wrappers import Response

from benchmarks.servers import free_port
from cxr_dash.services.tracing import Traces
from cxr_dash.settings import Settings
from cxr_dash.web.tracing import TraceRequests

trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

_MODEL = "findings"
_NAME = "Doe^Jane"
_PROXYS = "4bf92f3577b34da6a3ce929d0e0e4736"
_STATUS = "http.response.status_code"
_AWAY = "traces do not arrive"
_BACK = "traces arrive"
_PROBED = {"/healthz", "/readyz", "/metrics"}


class Collector(ThreadingHTTPServer):
    """Keeps what was posted to it, and what that says."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Receiver)
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()

    def spans(self) -> list[Any]:
        return [span for part in self._parts() for scope in part.scope_spans for span in scope.spans]

    def services(self) -> set[str]:
        return {_attributes(part.resource)["service.name"] for part in self._parts()}

    def below(self, route: str) -> list[list[str]]:
        """Names of the stages of each request of a route."""
        spans = self.spans()
        asked = [span for span in spans if _attributes(span).get("http.route") == route]
        return [[one.name for one in spans if one.parent_span_id == span.span_id] for span in asked]

    def _parts(self) -> list[Any]:
        return [
            part
            for body in list(self.bodies)
            for part in trace_service.ExportTraceServiceRequest.FromString(body).resource_spans
        ]


class _Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.paths.add(self.path)
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing on the test's own stderr."""


def _attributes(entry: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in entry.attributes}


@contextmanager
def collecting(port: int = 0) -> Iterator[Collector]:
    with Collector(port) as collector:
        thread = threading.Thread(target=collector.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _lines_of_later_tests_belong_to_no_request() -> Iterator[None]:
    yield
    clear_contextvars()


def _environment(port: int, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "CXR_TRACING": "true",
        "CXR_LOG_FORMAT": "json",
        "CXR_LOG_LEVEL": "debug",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        **more,
    }


def _ask_for_all(server: GunicornServer, film: str) -> None:
    """What a reader does with a film; each answer is one of success."""
    for path in ("trust.json", "similar", "effusion/overlay.png?anyway=1", "effusion/heat-layer.png"):
        assert server.get(f"/films/{film}/{_MODEL}/{path}").status == 200, path
    body = json.dumps(
        {"model": _MODEL, "films": [{"number": 1, "film": film, "film_label": _NAME, "anyway": True}]}
    ).encode()
    for kind in ("pdf", "zip"):
        assert server.post(f"/exports.{kind}", body).status == 200, kind


def test_spans_of_requests_and_their_stages_arrive_and_name_no_film(
    tmp_path: Path, phantom_png: bytes
) -> None:
    named = {"OTEL_SERVICE_NAME": "cxr-ward-7"}
    with (
        collecting() as collector,
        running_gunicorn(
            tmp_path, ("--preload",), environment=_environment(collector.server_port, **named)
        ) as server,
    ):
        film = server.post(f"/films?model={_MODEL}&name={_NAME}", phantom_png).json()["film"]
        _ask_for_all(server, film)
        assert server.post("/films", b"no film").status == 415
        headers = {"traceparent": f"00-{_PROXYS}-00f067aa0ba902b7-01", "tracestate": f"a={film}"}
        assert server.get(f"/films/{film}/picture.jpg?who={_NAME}", headers).status == 200
        assert server.get(f"/{film}/{_NAME}").status == 404
    # the workers have ended, and sent the last of it
    spans = collector.spans()
    requests = [span for span in spans if not span.parent_span_id]
    by_route = {_attributes(span).get("http.route"): span for span in requests}
    assert collector.paths == {"/v1/traces"}
    assert collector.services() == {"cxr-ward-7"}
    assert by_route["/films/<film>/picture.jpg"].name == "GET /films/<film>/picture.jpg"
    assert not _PROBED & by_route.keys()
    # stages lie below their request, also the second time round a film
    assert {"decode", "lungs", "prepare", "model", "gate", "heat"} in map(set, collector.below("/films"))
    assert collector.below("/films/<film>/<model>/trust.json") == [["trust"]]
    assert collector.below("/films/<film>/<model>/similar") == [["similar"]]
    assert "export" in collector.below("/films/<film>/<model>/<label>/overlay.png")[0]
    assert collector.below("/exports.zip")[0].count("export") > 1
    began = {span.span_id: span for span in spans}
    for span in spans:
        above = began.get(span.parent_span_id)
        assert above is None or (
            above.trace_id == span.trace_id
            and above.start_time_unix_nano <= span.start_time_unix_nano
            and span.end_time_unix_nano <= above.end_time_unix_nano
        ), span.name
    # what was refused on purpose says why by its code, and is no failure of the server's
    refused = {(span.name, _attributes(span).get("error.type")) for span in spans} - {
        (span.name, None) for span in spans
    }
    assert refused == {("decode", "unsupported_format"), ("similar", "library_missing")}
    assert {span.status.code for span in spans} == {0}
    # the same two ids are in the log
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    logged = {(one.get("request_id"), one.get("trace_id")) for one in lines if one.get("route") == "/films"}
    asked = {
        (_attributes(span)["cxr.request_id"], span.trace_id.hex())
        for span in requests
        if _attributes(span).get("http.route") == "/films"
    }
    assert asked == logged
    # nobody's word was taken for another trace, and nothing of a film is in the whole of it
    everything = b"".join(collector.bodies)
    assert bytes.fromhex(_PROXYS) not in everything
    for secret in (film, _NAME, "Doe", "who=", "name="):
        assert secret.encode() not in everything
    told = {key for span in spans for key in _attributes(span)}
    assert told == {"cxr.request_id", "cxr.model", "error.type", "http.request.method", "http.route", _STATUS}


@pytest.mark.parametrize(
    ("proxies", "proxy_from", "comes_from", "believed"),
    [
        (1, "127.0.0.1, 10.2.0.0/16", "10.2.3.4", True),
        (1, "127.0.0.1", "10.2.3.4", False),
        (0, "127.0.0.1", "127.0.0.1", False),
        (1, "127.0.0.1", "", False),
    ],
)
def test_a_proxys_trace_is_gone_on_with_where_it_is_trusted_and_no_words_of_it_are_kept(
    monkeypatch: pytest.MonkeyPatch, proxies: int, proxy_from: str, comes_from: str, believed: bool
) -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr("cxr_dash.services.tracing.traces._provider", lambda: provider)
    settings = Settings(proxies=proxies, proxy_from=proxy_from)
    application = TraceRequests(Response("here"), Traces(), settings)
    headers = {
        "traceparent": f"00-{_PROXYS}-00f067aa0ba902b7-01",
        "tracestate": f"a={_NAME}",
        "baggage": f"patient={_NAME}",
    }
    Client(application).get("/", headers=headers, environ_overrides={"REMOTE_ADDR": comes_from})
    (span,) = kept.get_finished_spans()
    assert (f"{span.context.trace_id:032x}" == _PROXYS) is believed
    assert (span.parent is not None) is believed
    assert _NAME not in span.to_json()


def test_variables_that_cannot_be_used_cost_the_traces_and_neither_answer_nor_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Bearer sesame")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "0")
    traces = Traces()
    answer = Client(TraceRequests(Response("here"), traces, Settings())).get("/")
    traces.stop()
    assert (answer.status_code, answer.text) == (200, "here")
    assert ["no traces" in line for line in caplog.messages] == [False, True]
    assert "sesame" not in caplog.text


def test_a_collector_that_is_away_costs_a_line_in_the_log_and_no_answer(
    tmp_path: Path, phantom_png: bytes
) -> None:
    port = free_port()
    environment = _environment(port, OTEL_BSP_MAX_QUEUE_SIZE="8", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="4")
    with running_gunicorn(tmp_path, environment=environment) as server:

        def said(words: str) -> list[int]:
            lines = [json.loads(line) for line in server.log.read_text().splitlines()]
            return [line["process"] for line in lines if line["event"].startswith(words)]

        for _ in range(2):
            film = server.post(f"/films?model={_MODEL}", phantom_png).json()["film"]
            _ask_for_all(server, film)
        eventually(
            lambda: server.get("/").status == 200 and len(said(_AWAY)) == WORKERS,
            "each worker to say that traces do not arrive",
        )
        for _ in range(30):
            assert server.get("/").status == 200
        with collecting(port) as collector:
            eventually(
                lambda: server.get("/").status == 200 and len(said(_BACK)) == WORKERS,
                "each worker to say that traces arrive",
            )
            assert collector.spans()
            assert len(set(said(_AWAY))) == len(said(_AWAY)) == WORKERS
    log = server.log.read_text()
    assert not re.search("Traceback|Queue full|Transient error|Failed to export", log)


def test_without_the_switch_nothing_of_it_is_imported_and_without_the_package_the_start_says_so(
    tmp_path: Path,
) -> None:
    imported = (
        "import sys\n"
        "from cxr_dash.web import create_app\n"
        "create_app().server.test_client().get('/')\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    environment = {**os.environ, "CXR_WARM_UP": "false", "CXR_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", imported]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    # a package of that name without its parts, as where only the interface is installed
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").touch()
    environment |= {"CXR_TRACING": "true", "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-m", "gunicorn", "app:server"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stderr.strip() == (
        "cxr-dash: `CXR_TRACING=true` must have OpenTelemetry; received an installation without. "
        "Install cxr-dash[otel]."
    )
