"""Every request has an id: in its answer's header, and in each log line that it causes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bind_contextvars, clear_contextvars

from cxr_dash.log_lines import REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Request-ID"
_ENVIRON = "HTTP_X_REQUEST_ID"
# What proxies make (nginx's $request_id, a UUID). Nothing else is taken over into the log: a key or a name
# would be let in by the back door, and hexadecimal digits are none.
_TAKEN_OVER = re.compile(r"[0-9a-f]{8,32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NameRequests:
    """WSGI middleware around all others; the context stays until the thread's next request.

    gunicorn logs what goes wrong with an answer after the application is done with it.

    Parameters
    ----------
    application : WSGI callable
        What it wraps.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request under the proxy's id, or a new one."""
        given = environ.get(_ENVIRON, "").lower()
        request_id = given if _TAKEN_OVER.fullmatch(given) else secrets.token_hex(8)
        clear_contextvars()
        bind_contextvars(**{REQUEST_ID: request_id})

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, (HEADER, request_id)], exc_info)

        return self._application(environ, start)
