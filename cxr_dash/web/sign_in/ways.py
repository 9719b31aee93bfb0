"""Who asks, by each way to sign in that the settings may choose."""

from __future__ import annotations

from flask import request

from cxr_dash.intake.addresses import is_in, peer, read_networks
from cxr_dash.services.accounts import Sessions, User, role_of_groups
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.settings import Settings
from cxr_dash.web.sign_in.cookies import SESSION
from cxr_dash.web.sign_in.gate import WhoAsks


def by_session(sessions: Sessions, users: UsersFile | None) -> WhoAsks:
    """Whoever signed in here and still may: with a file, its user as it stands there now.

    Parameters
    ----------
    sessions : Sessions
    users : UsersFile, optional
    """

    def who() -> User | None:
        session = sessions.find(request.cookies.get(SESSION, ""))
        if session is None:
            return None
        if users is None:
            return User(session.name, session.role)
        known = users.users().get(session.name)
        # taken out, or another password: the sign-in is over
        return User(known.name, known.role) if known and known.seal == session.seal else None

    return who


def by_proxy(settings: Settings) -> WhoAsks:
    """Whom the proxy names, if the connection comes from its very address; others' headers say nothing.

    Raises
    ------
    RequestError
        When the settings name no address that can be read.
    """
    trusted = read_networks("CXR_PROXY_FROM", settings.proxy_from)

    def who() -> User | None:
        if not is_in(peer(request.environ), trusted):
            return None
        name = request.headers.get(settings.proxy_user_header, "").strip()
        groups = [part.strip() for part in request.headers.get(settings.proxy_role_header, "").split(",")]
        role = role_of_groups(groups, reader_group=settings.reader_group, admin_group=settings.admin_group)
        return User(name, role) if name and role else None

    return who
