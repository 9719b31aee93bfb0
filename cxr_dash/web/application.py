"""``create_app``: settings in, a Dash application out; no model is loaded and no file is read but assets."""

from __future__ import annotations

import logging

from dash import Dash

from cxr_dash import __version__
from cxr_dash.domain import N_, Analysis
from cxr_dash.intake.limits import LOAD_KEY, OVERHEAD_BYTES
from cxr_dash.services import build_service
from cxr_dash.services.audit import TRAIL_KEY, open_trail
from cxr_dash.services.expiry import EVICTED_KEY
from cxr_dash.services.library import SimilarCases
from cxr_dash.services.tracing import TRACES_KEY, open_traces
from cxr_dash.settings import Settings
from cxr_dash.ui.callbacks import register_callbacks
from cxr_dash.ui.layout import build_layout
from cxr_dash.web.answers import answers_blueprint
from cxr_dash.web.audit import Audit, audit_blueprint
from cxr_dash.web.cache import open_cache
from cxr_dash.web.errors import handle_errors
from cxr_dash.web.exports import exports_blueprint
from cxr_dash.web.films import films_blueprint
from cxr_dash.web.first_request import SetUpFirst
from cxr_dash.web.headers import add_security_headers
from cxr_dash.web.health import health_blueprint
from cxr_dash.web.language import request_language, request_translator, tell_language
from cxr_dash.web.levels import levels_blueprint
from cxr_dash.web.library import library_blueprint
from cxr_dash.web.metrics import Metrics
from cxr_dash.web.metrics_now import looked_up
from cxr_dash.web.owners import give_sessions
from cxr_dash.web.parts import NO_ASSETS, RENDERER, ServedParts, parts_blueprint
from cxr_dash.web.patients import patients_blueprint
from cxr_dash.web.questions import check_questions
from cxr_dash.web.request_ids import NameRequests
from cxr_dash.web.sign_in import request_user_name
from cxr_dash.web.sign_in.setup import ask_who_comes, believe_proxies, page_user, signs_in
from cxr_dash.web.tracing import TraceRequests, tell_trace
from cxr_dash.web.turned_away import tell_turned_away
from cxr_dash.web.warm_up import WarmUp
from cxr_dash.web.watch import watch_requests

# Dash's name for the route that takes whatever no other does.
_ANY_PATH = "<path:path>"


class _Page(Dash):  # type: ignore[misc]
    """Names its language; puts Dash's scripts in no second footer, which a screen reader would announce."""

    def serve_parts(self, settings: Settings) -> None:
        """The modules of ``assets/js``, named in the head of every page; Dash begins when they are there."""
        self.renderer = RENDERER
        self._parts = ServedParts(settings)
        self.server.register_blueprint(parts_blueprint(self._parts))

    def _add_url(self, name: str, view_func: object, methods: tuple[str, ...] = ("GET",)) -> None:
        """Dash's routes without the one that answers every address with the page, for apps of many pages.

        This one has one page: behind that route, an address with a slip in it would seem to work.
        """
        if name != _ANY_PATH:
            super()._add_url(name, view_func, methods)

    def interpolate_index(self, **parts: str) -> str:
        """The page's HTML, for the reader of this request."""
        page = str(super().interpolate_index(**parts))
        for plain, ours in (
            ("<html>", f'<html lang="{request_language()}">'),
            ("<footer>", "<div>"),
            ("</footer>", "</div>"),
            ("Loading...", request_translator()(N_("Loading…"))),
            ("</head>", f"{self._parts.preloads()}\n</head>"),
            ("<body>", f"<body>\n{self._parts.note(request_translator())}"),
        ):
            page = page.replace(plain, ours, 1)
        return page


def create_app(settings: Settings | None = None) -> Dash:
    """Build the application.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment when none are given.

    Returns
    -------
    dash.Dash
        ``app.server`` is the WSGI application; ``app.server.extensions["cxr_dash"]`` is its :class:`WarmUp`.
    """
    settings = settings or Settings()
    app = _Page(
        "cxr_dash",
        assets_folder=str(settings.assets_dir.resolve()),
        assets_ignore=NO_ASSETS,
        title="cxr-dash",
        update_title="",
        # what the browser asks for; a proxy takes it off again, so that routes stay where they are
        requests_pathname_prefix=settings.url_prefix,
        routes_pathname_prefix="/",
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    server = app.server
    server.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes + OVERHEAD_BYTES
    logging.getLogger("cxr_dash").setLevel(settings.log_level.upper())

    cache = open_cache(server, settings)
    server.extensions[TRAIL_KEY] = trail = open_trail(settings)
    audit = Audit(trail)
    limit = ask_who_comes(server, settings, cache, audit.visited)
    service = build_service(settings, cache, request_user_name if signs_in(settings) else str)
    metrics = Metrics(looked_up(service, cache))
    watch_requests(server, metrics.answered, tell_trace)
    server.extensions[LOAD_KEY] = metrics.loaded
    server.extensions[EVICTED_KEY] = metrics.evicted

    def observe(analysis: Analysis) -> None:
        metrics.analysed(analysis)
        audit.analysed(analysis)

    service.examiner.observe = observe
    service.examiner.observe_trust = metrics.explained
    service.examiner.observe_tone = metrics.toned
    warm_up = WarmUp(service)
    server.extensions["cxr_dash"] = warm_up
    server.before_request(warm_up.ensure_started)
    server.before_request(tell_turned_away(metrics))

    server.register_blueprint(films_blueprint(service, metrics, audit))
    similar = SimilarCases(settings.library_dir, service.catalog)
    server.register_blueprint(library_blueprint(service, similar, metrics))
    server.register_blueprint(exports_blueprint(service, metrics, audit))
    server.register_blueprint(audit_blueprint(service, audit))
    server.register_blueprint(levels_blueprint(service))
    server.register_blueprint(answers_blueprint(service, request_translator))
    app.serve_parts(settings)
    if settings.show_identity:
        server.register_blueprint(patients_blueprint(service, request_translator))
    server.register_blueprint(health_blueprint(service, warm_up, metrics))
    handle_errors(server, settings, metrics)
    limit()

    app.layout = lambda: build_layout(settings, service.catalog, request_translator(), page_user(settings))
    # else every page would carry a second layout, in English, for the browser to check callbacks against
    app.validation_layout = None
    check_questions(app)
    register_callbacks(app, service, service.catalog, request_translator)
    add_security_headers(app)
    tell_language(server, settings.url_prefix)
    give_sessions(server, settings.url_prefix)
    believe_proxies(server, settings)
    answering = SetUpFirst(server.wsgi_app, "/healthz")
    server.extensions[TRACES_KEY] = traces = open_traces(settings)
    server.wsgi_app = NameRequests(TraceRequests(answering, traces, settings) if traces else answering)
    logging.getLogger(__name__).info("cxr-dash %s ready to serve", __version__)
    return app
