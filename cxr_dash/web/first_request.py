"""Lets Dash finish its set-up before the first request of a process is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.test import Client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class SetUpFirst:
    """WSGI middleware: one internal request goes ahead of the first real one, and the others wait for it.

    Dash completes its set-up inside the first request but marks it as done before it is. A second thread that
    asks for one of the page's scripts in that moment gets a 500, and the reader an empty page.

    Parameters
    ----------
    application : WSGI callable
        What it wraps; answers ``probe_path`` without side effects.
    probe_path : str
    """

    def __init__(self, application: WSGIApplication, probe_path: str) -> None:
        self._application = application
        self._probe_path = probe_path
        self._lock = threading.Lock()
        self._done = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, after the set-up."""
        if not self._done:
            with self._lock:
                if not self._done:
                    Client(self._application).get(self._probe_path)
                    self._done = True
        return self._application(environ, start_response)
