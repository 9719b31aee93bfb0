"""Whose page it is, in a word that names nobody: with another user a tab forgets what it knew."""

from __future__ import annotations

import hashlib

from flask import Flask, Response

from cxr_dash.web.sign_in.gate import request_user

HEADER = "X-Cxr-Reader"
_CHARACTERS = 16


def reader_tag(name: str) -> str:
    """16 hexadecimal digits that differ from user to user; empty where nobody signs in."""
    return hashlib.sha256(f"reader {name}".encode()).hexdigest()[:_CHARACTERS] if name else ""


def tell_reader(server: Flask) -> None:
    """Say with every answer to somebody who signed in whose it is, in the header ``X-Cxr-Reader``.

    A page stays open while its user signs out in another tab and the next one signs in.
    """

    def tell(response: Response) -> Response:
        if tag := reader_tag(request_user().name):
            response.headers[HEADER] = tag
        return response

    server.after_request(tell)
