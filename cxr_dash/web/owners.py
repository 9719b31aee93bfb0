"""Who asks, for the share of the cache that one reader may have: a browser's session, no identity."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, request

COOKIE = "cxr-session"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_TOKEN_BYTES = 24


def request_owner() -> str:
    """Who asks: the browser's session, else the address; never empty."""
    token = request.cookies.get(COOKIE, "")
    return f"session {token}" if _TOKEN.fullmatch(token) else f"address {request.remote_addr}"


def give_sessions(server: Flask, url_prefix: str) -> None:
    """Give each browser that opens the page a session of its own, until it is closed.

    Parameters
    ----------
    server : Flask
    url_prefix : str
        Where the browser finds the page.
    """

    def give(response: Response) -> Response:
        if (
            request.path == "/"
            and response.status_code == 200
            and not _TOKEN.fullmatch(request.cookies.get(COOKIE, ""))
        ):
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            response.set_cookie(
                COOKIE, token, path=url_prefix, httponly=True, samesite="Strict", secure=request.is_secure
            )
            # a page with a session in it is nobody else's
            response.headers["Cache-Control"] = "private, no-store"
        return response

    server.after_request(give)
