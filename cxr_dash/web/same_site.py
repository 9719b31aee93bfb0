"""Requests that change something come from this application's own page, or from a program."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from cxr_dash.domain import N_
from cxr_dash.errors import RequestError

_CHANGING = {"POST", "DELETE"}


def refuse_other_sites() -> None:
    """Refuse what a page of another site asks for through a reader's browser; for ``before_request``.

    Raises
    ------
    RequestError
    """
    if request.method in _CHANGING and _from_another_site():
        raise RequestError(N_("Films must be added and taken away from this application's own page."))


def _from_another_site() -> bool:
    """Whether a browser says that the request comes from a page which is not this application's.

    Browsers send ``Sec-Fetch-Site`` over HTTPS and to this machine only; over plain HTTP there is ``Origin``,
    of which the host is compared, because a proxy may have changed the port. Programs send neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    named = (request.headers.get("X-Forwarded-Host", ""), request.headers.get("Host", ""))
    return _host_of(origin) not in {_host_of(f"//{host}") for host in named if host} - {None}


def _host_of(address: str) -> str | None:
    """The host of an address without its port; ``None`` where there is none, or where it is no address."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
