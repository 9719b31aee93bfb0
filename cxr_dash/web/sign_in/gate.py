"""The gate before every address: a new one is behind it without a line of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from flask import Flask, g, has_request_context, redirect, request
from flask.typing import ResponseReturnValue

from cxr_dash.domain import N_
from cxr_dash.errors import NotAllowedError, SignInError, SignInUnsetError
from cxr_dash.intake.addresses import is_in, others_reach_it, peer, read_networks
from cxr_dash.services.accounts import User
from cxr_dash.settings import Settings
from cxr_dash.web.answers_for_people import read_by_a_person

logger = logging.getLogger(__name__)

# Nothing of a film or a user is behind these. The rest, also what is not there, is for who may come in.
_OPEN = frozenset({"/healthz", "/readyz", "/assets/favicon.ico", "/_favicon.ico"})
_ADMINS_ALONE = frozenset({"/metrics"})
_NOBODY = User("")

_on_behalf: ContextVar[str | None] = ContextVar("on_behalf", default=None)

WhoAsks = Callable[[], User | None]


def request_user_name() -> str:
    """Who asks now; empty where nobody signs in.

    Raises
    ------
    RuntimeError
        Outside a request: whose film might be read there, nobody could say.
    """
    name = _on_behalf.get()
    if name is not None:
        return name
    if not has_request_context():
        raise RuntimeError("a kept film was asked for outside a request")
    return request_user().name


def on_behalf(name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of an answer that are made after the request's end, as for the user who asked.

    Parameters
    ----------
    name : str
        :func:`request_user_name`, while the request was under way.
    pieces : iterator of bytes
    """
    try:
        while True:
            # set and taken back around each piece: between two of them the thread may serve others
            token = _on_behalf.set(name)
            try:
                piece = next(pieces, None)
            finally:
                _on_behalf.reset(token)
            if piece is None:
                return
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def request_user() -> User:
    """Who asks now, with a role; without a name where nobody signs in."""
    user: User = g.get("user", _NOBODY) if has_request_context() else _NOBODY
    return user


def not_chosen() -> SignInUnsetError:
    """The error of a server that others reach and that nobody told who may come in."""
    return SignInUnsetError(
        N_(
            "Other machines reach this server, and nobody has chosen who may come in; until then it serves "
            "nobody."
        ),
        remedy=N_(
            "Whoever runs it sets CXR_SIGN_IN to `users`, `proxy` or `oidc`, or to `off` where another "
            "program asks who comes; docs/sign-in.md says how."
        ),
    )


def keep_the_gate(server: Flask, settings: Settings, who: WhoAsks | None) -> None:
    """Look at every request first: who asks, and whether one may.

    Parameters
    ----------
    server : Flask
    settings : Settings
    who : callable, optional
        Gives the user of the request under way; none where the settings ask nobody.
    """
    watchers = read_networks("CXR_METRICS_FROM", settings.metrics_from)
    told: list[bool] = []

    def refuse_unless_chosen() -> None:
        if settings.sign_in != "auto" or not others_reach_it(request.environ, settings):
            return
        error = not_chosen()
        if not told:
            told.append(True)
            logger.error("nobody is served: %s", error)
        raise error

    def check() -> ResponseReturnValue | None:
        if request.path in _OPEN:
            return None
        if who is None:
            refuse_unless_chosen()
            return None
        user = who()
        if request.path in _ADMINS_ALONE and is_in(peer(request.environ), watchers):
            return None
        if user is None:
            return _ask_to_sign_in(settings)
        g.user = user
        if request.path in _ADMINS_ALONE and user.role != "admin":
            raise NotAllowedError(
                N_("This address is for administrators of this server alone."),
                remedy=N_("Ask one of them for the role, or for what you need from here."),
            )
        return None

    server.before_request(check)


def _ask_to_sign_in(settings: Settings) -> ResponseReturnValue | None:
    if request.blueprint == "sign_in":
        return None
    if settings.sign_in == "proxy":
        raise SignInError(
            N_("Nobody has told this server who you are, or you may not use it."),
            remedy=N_("Come through your hospital's sign-on; if you did, tell whoever runs the server."),
        )
    if request.method == "GET" and read_by_a_person():
        return redirect(f"{settings.url_prefix}sign-in", 303)
    raise SignInError(
        N_("Nobody is signed in, or the time of your sign-in is over."),
        remedy=N_("Reload the page and sign in."),
    )
