"""Everything about who may come in, joined to the application as the settings say."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from cxr_dash.domain import N_
from cxr_dash.errors import HostError
from cxr_dash.intake.addresses import is_this_machine, others_reach_it
from cxr_dash.services import KeyValueCache
from cxr_dash.services.accounts import Sessions
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.settings import Settings
from cxr_dash.ui.layout import PageUser
from cxr_dash.web.sign_in.gate import keep_the_gate, request_user
from cxr_dash.web.sign_in.limits import Tries, limit_requests
from cxr_dash.web.sign_in.oidc import Provider
from cxr_dash.web.sign_in.reader import reader_tag, tell_reader
from cxr_dash.web.sign_in.routes import Note, sign_in_blueprint
from cxr_dash.web.sign_in.ways import by_proxy, by_session

_ADD_FILMS = ("films.add_film", "films.add_phantom")
_OPEN_TO_ANY_HOST = frozenset({"/healthz", "/readyz"})
_YEAR_SECONDS = 365 * 24 * 3600


def signs_in(settings: Settings) -> bool:
    """Whether everybody who comes has a name."""
    return settings.sign_in in {"users", "proxy", "oidc"}


def page_user(settings: Settings) -> PageUser | None:
    """Whom the page names, and whether one can sign out on it: a proxy's users sign out there."""
    name = request_user().name
    return (
        PageUser(
            name, f"{settings.url_prefix}sign-out" if settings.sign_in != "proxy" else "", reader_tag(name)
        )
        if name
        else None
    )


def believe_proxies(server: Flask, settings: Settings) -> None:
    """Take address, scheme and host from as many proxies as the settings say, and from no others."""
    if settings.proxies:
        count = settings.proxies
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def answer_known_hosts(server: Flask, settings: Settings) -> None:
    """Refuse other host names than the settings allow; tell browsers to keep to TLS.

    Where they allow any, and nobody is asked who comes as only this machine can come, its own names are
    answered alone: another site's name may have been made to lead here, and its page would pass for ours.
    """
    allowed = [host.strip() for host in settings.allowed_hosts.split(",") if host.strip()]
    # browsers look up no name that ends so; the other is what whoever runs the server calls this machine
    own = ["localhost.", ".localhost", settings.host.lower()]

    def check() -> None:
        if request.path in _OPEN_TO_ANY_HOST:
            return
        if allowed:
            if host_is_trusted(request.host, allowed):
                return
        elif (
            settings.sign_in != "auto"
            or others_reach_it(request.environ, settings)
            or is_this_machine(request.host)
            or host_is_trusted(request.host.lower(), own)
        ):
            return
        raise HostError(
            N_("This server does not answer for this host name."),
            remedy=N_(
                "Open it by the name that you were given; CXR_ALLOWED_HOSTS lists those it answers for."
            ),
        )

    def keep_to_tls(response: Response) -> Response:
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_SECONDS}")
        return response

    server.before_request(check)
    server.after_request(keep_to_tls)


def ask_who_comes(server: Flask, settings: Settings, cache: KeyValueCache, note: Note) -> Callable[[], None]:
    """Set up hosts, gate, limits and the pages to sign in.

    Parameters
    ----------
    server : Flask
        Before any other ``before_request``.
    settings : Settings
    cache : KeyValueCache
        Where sign-ins wait.
    note : callable
        For the audit trail: what happened, and to whom.

    Returns
    -------
    callable
        To be called when all other routes are there: counts requests.

    Raises
    ------
    RequestError, BackendMissingError
        When the settings do not fit together.
    """
    answer_known_hosts(server, settings)
    tell_reader(server)
    sessions = Sessions(
        cache, most_seconds=settings.session_seconds, idle_seconds=settings.session_idle_seconds
    )
    users = UsersFile(settings.users_file) if settings.sign_in == "users" else None
    provider = Provider(settings) if settings.sign_in == "oidc" else None
    if users is not None or provider is not None:
        keep_the_gate(server, settings, by_session(sessions, users))
    else:
        keep_the_gate(server, settings, by_proxy(settings) if settings.sign_in == "proxy" else None)

    def finish() -> None:
        limiter = limit_requests(server, settings, _ADD_FILMS)
        if users is not None or provider is not None:
            tries = Tries(limiter, settings)
            server.register_blueprint(
                sign_in_blueprint(settings, sessions, users=users, provider=provider, tries=tries, note=note)
            )

    return finish
