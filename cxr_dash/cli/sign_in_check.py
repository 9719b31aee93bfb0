"""Who may come in as the settings stand, for ``cxr-dash doctor``, and whether what that needs is there."""

from __future__ import annotations

from typing import Literal

from cxr_dash.errors import CxrError
from cxr_dash.intake.addresses import is_this_machine, read_networks
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.settings import Settings
from cxr_dash.web.sign_in.oidc import Provider

State = tuple[Literal["ok", "warn", "fail"], str, str]


def sign_in_state(settings: Settings) -> State:
    """The state, what was found, and what to do about it; nobody's provider is asked.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    tuple of str
        ``fail`` where nobody would be served, or everybody could name oneself.
    """
    ways = {"auto": _auto, "off": _off, "users": _users, "proxy": _proxy, "oidc": _provider}
    try:
        return ways[settings.sign_in](settings)
    except CxrError as error:
        return "fail", error.message, error.remedy


def _auto(settings: Settings) -> State:
    if is_this_machine(settings.host):
        return "ok", "auto: everybody on this machine; through a proxy, or from others, nobody is served", ""
    return (
        "fail",
        f"auto: nobody is served, as others reach {settings.host}",
        "Set CXR_SIGN_IN to `users`, `proxy` or `oidc`, or to `off` where another program asks who comes.",
    )


def _off(settings: Settings) -> State:
    found = f"off: whoever reaches {settings.host}, also through a proxy, comes in"
    if is_this_machine(settings.host):
        return "ok", found, ""
    return "warn", found, "Make sure that another program asks who comes, or choose another CXR_SIGN_IN."


def _users(settings: Settings) -> State:
    users = UsersFile(settings.users_file).users().values()
    admins = sum(user.role == "admin" for user in users)
    found = f"users: {len(users)} in {settings.users_file}, {admins} of them admins"
    return ("ok", found, "") if users else ("fail", found, "Add one with `cxr-dash users add NAME`.")


def _proxy(settings: Settings) -> State:
    trusted = read_networks("CXR_PROXY_FROM", settings.proxy_from)
    found = f"proxy: whom {settings.proxy_from or 'nobody'} names in {settings.proxy_user_header}"
    if trusted and all(network.prefixlen for network in trusted):
        return "ok", found, ""
    return "fail", found, "Set CXR_PROXY_FROM to the address of your proxy alone."


def _provider(settings: Settings) -> State:
    Provider(settings)
    who = f"members of {settings.reader_group}" if settings.reader_group else "all"
    return "ok", f"oidc: {who} whom {settings.oidc_issuer} names; it was not asked now", ""
