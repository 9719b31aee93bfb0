"""``/sign-in`` and ``/sign-out``: a page, a form, a provider's way back."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from cxr_dash.domain import N_
from cxr_dash.errors import CxrError, NotAllowedError, RequestError, SignInError, TooManyError
from cxr_dash.services.accounts import Sessions, User
from cxr_dash.services.accounts.users_file import UsersFile
from cxr_dash.services.audit import Action
from cxr_dash.settings import Settings
from cxr_dash.web.headers import keep_off_disk
from cxr_dash.web.language import request_translator
from cxr_dash.web.same_site import refuse_other_sites
from cxr_dash.web.sign_in import cookies
from cxr_dash.web.sign_in.limits import Tries
from cxr_dash.web.sign_in.oidc import Provider
from cxr_dash.web.sign_in.page import sign_in_page

logger = logging.getLogger(__name__)

# Says who signed in or out, for the audit trail.
Note = Callable[[Action, str], None]
_MOST_FORM_BYTES = 8 * 1024
_SECONDS_TO_WAIT = 900
_STATUS = {TooManyError: 429, NotAllowedError: 403, SignInError: 401}


def sign_in_blueprint(
    settings: Settings,
    sessions: Sessions,
    *,
    users: UsersFile | None,
    provider: Provider | None,
    tries: Tries,
    note: Note,
) -> Blueprint:
    """Routes for those who are not signed in yet, or want to be no more.

    Parameters
    ----------
    settings : Settings
    sessions : Sessions
    users : UsersFile, optional
    provider : Provider, optional
        One of the two.
    tries : Tries
    note : callable
    """
    routes = Blueprint("sign_in", __name__)
    routes.before_request(refuse_other_sites)
    routes.after_request(keep_off_disk)

    def page(problem: CxrError | None = None, name: str = "") -> Response:
        text = sign_in_page(
            settings.url_prefix, request_translator(), with_form=users is not None, problem=problem, name=name
        )
        response = Response(text, mimetype="text/html")
        if problem is not None:
            response.status_code = _STATUS.get(type(problem), 503)
        if isinstance(problem, TooManyError):
            response.retry_after = _SECONDS_TO_WAIT
        return response

    def welcome(user: User, seal: str) -> Response:
        response = Response(status=303)
        response.headers["Location"] = settings.url_prefix
        note("sign_in", user.name)
        return cookies.give(response, cookies.SESSION, sessions.begin(user.name, user.role, seal), settings)

    @routes.get("/sign-in")
    def ask() -> ResponseReturnValue:
        try:
            cookies.refuse_in_clear(settings)
        except NotAllowedError as error:
            return page(error)
        return page()

    @routes.post("/sign-in")
    def answer() -> ResponseReturnValue:
        if users is None:
            raise RequestError(N_("People sign in to this server elsewhere."))
        request.max_content_length = _MOST_FORM_BYTES
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        try:
            cookies.refuse_in_clear(settings)
            tries.count(name)
            known = users.verify(name, password)
            if known is None:
                note("sign_in_failed", "")
                raise SignInError(N_("The user name and the password do not belong together."))
        except CxrError as error:
            logger.info("a sign-in was refused: %s", error.code)
            return page(error, name)
        tries.forget(name)
        return welcome(User(known.name, known.role), known.seal)

    @routes.post("/sign-out")
    def leave() -> ResponseReturnValue:
        token = request.cookies.get(cookies.SESSION, "")
        session = sessions.find(token)
        if session:
            sessions.end(token)
            note("sign_out", session.name)
        return cookies.take_back(redirect(f"{settings.url_prefix}sign-in", 303), cookies.SESSION, settings)  # type: ignore[arg-type]

    if provider is not None:
        _add_ways_of(routes, provider, settings, sessions, welcome=welcome, page=page)
    return routes


def _add_ways_of(
    routes: Blueprint,
    provider: Provider,
    settings: Settings,
    sessions: Sessions,
    *,
    welcome: Callable[[User, str], Response],
    page: Callable[[CxrError], Response],
) -> None:
    """To the provider, and back from it."""

    @routes.get("/sign-in/start")
    def start() -> ResponseReturnValue:
        try:
            cookies.refuse_in_clear(settings)
            back = settings.oidc_redirect_url or (
                f"{request.scheme}://{request.host}{settings.url_prefix}sign-in/back"
            )
            address, waiting = provider.begin(back)
        except CxrError as error:
            return page(error)
        response = Response(status=303)
        response.headers["Location"] = address
        return cookies.give(response, cookies.WAITING, sessions.wait(waiting), settings)

    @routes.get("/sign-in/back")
    def back() -> ResponseReturnValue:
        waiting = sessions.came_back(request.cookies.get(cookies.WAITING, ""))
        try:
            user = provider.finish(waiting, request.args.to_dict())
        except CxrError as error:
            return page(error)
        return cookies.take_back(welcome(user, ""), cookies.WAITING, settings)
