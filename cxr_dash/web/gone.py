"""Whether the client of a request is still there to read the answer."""

from __future__ import annotations

import socket

from flask import request

_SOCKET = "gunicorn.socket"


def client_is_gone() -> bool:
    """Whether the client has closed its connection; False where the server does not say.

    A film whose key nobody reads can be deleted by nobody.
    """
    connection = request.environ.get(_SOCKET)
    if connection is None:
        return False
    try:
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
    except BlockingIOError:
        return False
    except OSError:
        return True
