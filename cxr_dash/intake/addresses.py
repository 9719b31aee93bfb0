"""Where a request comes from and where the server listens, before any header is believed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from cxr_dash.errors import RequestError
from cxr_dash.settings import Settings

# What a proxy adds; a browser on this machine does not.
_ADDED_BY_PROXIES = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")

Networks = tuple[IPv4Network | IPv6Network, ...]


def read_networks(setting: str, text: str) -> Networks:
    """The networks of a setting.

    Raises
    ------
    RequestError
        When something in it is neither an address nor a network.
    """
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError:
        raise RequestError(
            f"`{setting}` must be addresses or networks, parted by commas; received {text!r}.",
            remedy="As in `127.0.0.1, 10.2.0.0/16`.",
        ) from None


def is_in(address: str, networks: Networks) -> bool:
    """Whether an address lies in one of the networks; a name, or nothing, lies in none."""
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def peer(environ: dict[str, Any]) -> str:
    """Who holds the other end of the connection, whatever a header says; empty for a socket file."""
    return str(environ.get("werkzeug.proxy_fix.orig", environ).get("REMOTE_ADDR") or "")


def others_reach_it(environ: dict[str, Any], settings: Settings) -> bool:
    """Whether the server that answers listens on more than this machine, or a proxy hands on requests to it.

    gunicorn says of every request on which address it listens (``SERVER_NAME``), however it was told: by a
    setting, on its command line, or in a configuration of the site's own. A socket file is this machine's.
    Of a server that gives a name there, the setting is taken.
    """
    before = environ.get("werkzeug.proxy_fix.orig", environ)
    if any(name in before for name in _ADDED_BY_PROXIES):
        return True
    if not before.get("REMOTE_ADDR"):
        return False
    listening = _address(str(before.get("SERVER_NAME") or ""))
    return not listening.is_loopback if listening else not is_this_machine(settings.host)


def network_of(address: str) -> str:
    """What one client has: an address of IPv4; of IPv6 the network of 64 bits whose addresses it may pick."""
    found = _address(address)
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


def is_this_machine(host: str) -> bool:
    """Whether a host, as in a setting or an address of the page, is the machine itself."""
    name = urlsplit(f"//{host}").hostname if host.count(":") <= 1 or host.startswith("[") else host
    found = _address(name or "")
    return found.is_loopback if found else name == "localhost"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
