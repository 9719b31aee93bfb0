"""Who asks, for the share of the cache that one reader may have: a browser's session, no identity."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, request

from cxr_dash.web.sign_in.gate import request_user_name

COOKIE = "cxr-session"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_TOKEN_BYTES = 24


def request_owner() -> str:
    """Who asks: the user, where people sign in; the browser's session, else the address; never empty."""
    name = request_user_name()
    if name:
        return f"user {name}"
    token = request_session()
    return f"session {token}" if token else f"address {request.remote_addr}"


def request_session() -> str:
    """The browser's session, 192 random bits that this server keeps nowhere; empty for a program."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def request_secret() -> str:
    """A secret of this user in this browser's session, for what nobody else may join; empty for a program."""
    token = request_session()
    return f"{token} {request_user_name()}" if token else ""


def give_sessions(server: Flask, url_prefix: str) -> None:
    """Give each browser that opens the page a session of its own, until it is closed.

    Parameters
    ----------
    server : Flask
    url_prefix : str
        Where the browser finds the page.
    """

    def give(response: Response) -> Response:
        if request.path == "/" and response.status_code == 200 and not request_session():
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            response.set_cookie(
                COOKIE, token, path=url_prefix, httponly=True, samesite="Strict", secure=request.is_secure
            )
            # a page with a session in it is nobody else's
            response.headers["Cache-Control"] = "private, no-store"
        return response

    server.after_request(give)
