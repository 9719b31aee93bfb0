"""The cookies of signing in, and the transport they may cross."""

from __future__ import annotations

from flask import Response, request

from cxr_dash.domain import N_
from cxr_dash.errors import NotAllowedError
from cxr_dash.intake.addresses import is_this_machine
from cxr_dash.settings import Settings

SESSION = "cxr-sign-in"
WAITING = "cxr-sign-in-waits"


def give(response: Response, cookie: str, token: str, settings: Settings) -> Response:
    """Hand a token to the browser, for as long as it is open; the server knows when its time is over.

    ``Lax``, because a browser that an OpenID provider sends back would keep a ``Strict`` one to itself; what
    changes something is refused from other sites besides (``web.same_site``).
    """
    response.set_cookie(
        cookie, token, path=settings.url_prefix, httponly=True, samesite="Lax", secure=request.is_secure
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def take_back(response: Response, cookie: str, settings: Settings) -> Response:
    """Let the browser forget a token."""
    response.delete_cookie(cookie, path=settings.url_prefix, httponly=True, samesite="Lax")
    return response


def refuse_in_clear(settings: Settings) -> None:
    """Refuse to sign in where others could read the password on its way.

    Raises
    ------
    NotAllowedError
    """
    if request.is_secure or settings.sign_in_over_http or is_this_machine(request.host):
        return
    raise NotAllowedError(
        N_("Signing in needs HTTPS: on this connection others could read the password."),
        remedy=N_(
            "Open the address with https://. Whoever runs the server puts TLS in front and sets CXR_PROXIES, "
            "or allows it with CXR_SIGN_IN_OVER_HTTP."
        ),
    )
