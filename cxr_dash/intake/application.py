"""What the worker tells the application: why a request is not taken, or broken; what there is to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import ClientDisconnected

from cxr_dash.intake.lanes import Lanes
from cxr_dash.intake.limits import LOAD_KEY, REFUSED_KEY


def marked(application: Any, answering: threading.local, environ: dict[str, Any], start_response: Any) -> Any:
    """Call the application, and tell it why the request is turned away where it is."""
    environ[REFUSED_KEY] = answering.refused
    environ["wsgi.input"] = _Body(environ["wsgi.input"])
    return application(environ, start_response)


class _Body:
    """gunicorn's body of a request; chunks that make no sense are the client's fault, and told as such."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, *size: int) -> Any:
        return self._told(self._body.read, *size)

    def readline(self, *size: int) -> Any:
        return self._told(self._body.readline, *size)

    def readlines(self, *size: int) -> Any:
        return self._told(self._body.readlines, *size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    @staticmethod
    def _told(read: Callable[..., Any], *size: int) -> Any:
        try:
            return read(*size)
        except (ParseException, NoMoreData):
            raise ClientDisconnected from None


def load_teller(application: Any) -> Callable[[Lanes, int, int], None]:
    """What is called with lanes, connections and bytes held, for the gauges of ``/metrics``.

    Parameters
    ----------
    application : WSGI callable
        Wants to know where it has :data:`LOAD_KEY` among its ``extensions``.
    """
    told = getattr(application, "extensions", {}).get(LOAD_KEY)

    def tell(lanes: Lanes, connections: int, held_bytes: int) -> None:
        if told is not None:
            told(connections=connections, incoming_bytes=held_bytes, **lanes.load)

    return tell
