"""The one place where what went wrong becomes an HTTP answer: JSON for programs, a page for people."""

from __future__ import annotations

from http import HTTPStatus

from dash.exceptions import DependencyException
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from cxr_dash.domain import N_
from cxr_dash.errors import (
    AddressError,
    AuditError,
    BackendMissingError,
    BundleNotFoundError,
    BusyError,
    CaseNotFoundError,
    CxrError,
    FilmTooLargeError,
    HostError,
    LabelNotFoundError,
    LibraryMismatchError,
    LibraryNotFoundError,
    MethodError,
    NoLevelsError,
    NotAllowedError,
    QuestionError,
    QuotaError,
    RequestError,
    RequestTooLargeError,
    SignInError,
    SignInUnsetError,
    StorageError,
    TooManyError,
    UnforeseenError,
    UnsupportedFormatError,
    UploadBrokenError,
    UploadSlowError,
    UploadTypeError,
    UsersError,
)
from cxr_dash.settings import Settings
from cxr_dash.ui.facts import error_in_words
from cxr_dash.web.answers_for_people import read_by_a_person
from cxr_dash.web.error_page import error_page
from cxr_dash.web.language import request_translator
from cxr_dash.web.metrics import Metrics
from cxr_dash.web.seen_before import SeenBefore

_STATUS: tuple[tuple[type[CxrError], int], ...] = (
    (QuestionError, 400),
    (SignInError, 401),
    (NotAllowedError, 403),
    (HostError, 421),
    (TooManyError, 429),
    (AuditError, 503),
    (SignInUnsetError, 503),
    (UsersError, 503),
    (UploadBrokenError, 400),
    (UploadSlowError, 408),
    (AddressError, 404),
    (CaseNotFoundError, 404),
    (BundleNotFoundError, 404),
    (LabelNotFoundError, 404),
    (LibraryNotFoundError, 404),
    (NoLevelsError, 404),
    (MethodError, 405),
    (LibraryMismatchError, 409),
    (FilmTooLargeError, 413),
    (RequestTooLargeError, 413),
    (UnsupportedFormatError, 415),
    (UploadTypeError, 415),
    (QuotaError, 429),
    (BackendMissingError, 503),
    (BusyError, 503),
    (StorageError, 503),
)
_UNPROCESSABLE = 422
_UNAVAILABLE = 503
# A queue is empty again after that long, and an administrator has not come before.
_RETRY_AFTER_SECONDS = {BusyError: 5, StorageError: 30, AuditError: 30}
_SECONDS_TO_WAIT = 60
# An address may be as long as a line of HTTP; of a longer one its beginning is said back.
_MOST_SAID = 120


def handle_errors(server: Flask, settings: Settings, metrics: Metrics) -> None:
    """Answer errors of ours, addresses that are not there and methods that they do not take, in words.

    Parameters
    ----------
    server : Flask
    settings : Settings
        ``max_upload_bytes`` for what is too large; ``url_prefix`` for the way home.
    metrics : Metrics
        Counts films that could not be kept.
    """
    seen = SeenBefore()

    def answer(error: CxrError) -> Response:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), _UNPROCESSABLE)
        if isinstance(error, StorageError) and request.method == "POST":
            metrics.not_kept(error.code)
        t = request_translator()
        if read_by_a_person():
            response = Response(error_page(error, settings.url_prefix, t), mimetype="text/html")
        else:
            response = jsonify(error=error_in_words(error, t))
        response.status_code = status
        if status == _UNAVAILABLE:
            response.retry_after = _RETRY_AFTER_SECONDS.get(type(error))
        response.vary.add("Accept")
        return response

    def not_found(_error: Exception) -> ResponseReturnValue:
        return answer(
            AddressError(
                N_("There is nothing at this address: {address}"),
                remedy=N_("Check it for a slip, or begin again from the first page."),
                address=_shortened(request.path),
            )
        )

    def wrong_method(error: MethodNotAllowed) -> ResponseReturnValue:
        allowed = ", ".join(sorted(error.valid_methods or ()))
        response = answer(
            MethodError(
                N_("This address takes {allowed}; received {method}."),
                remedy=N_("The documentation of this server lists what programs may ask for."),
                allowed=allowed,
                method=_shortened(request.method),
            )
        )
        response.headers["Allow"] = allowed
        return response

    def too_large(_error: HTTPException) -> ResponseReturnValue:
        return answer(
            FilmTooLargeError(
                N_("A film file must be at most {most:g} MB; the one received is larger."),
                remedy=N_("Export it at a lower resolution, or as JPEG."),
                most=settings.max_upload_bytes / 2**20,
            )
        )

    def too_many(_error: HTTPException) -> ResponseReturnValue:
        response = answer(
            TooManyError(
                N_("You ask more of this server in a short time than one may."),
                remedy=N_("Wait a minute, and go on."),
            )
        )
        response.retry_after = _SECONDS_TO_WAIT
        return response

    def other(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < HTTPStatus.BAD_REQUEST:
            return error  # a redirection, which is none of ours
        answered = answer(RequestError(N_("The server cannot make sense of this request.")))
        answered.status_code = status
        return answered

    def unforeseen(error: Exception) -> ResponseReturnValue:
        seen.log(error, request.endpoint or "no route")
        answered = answer(
            UnforeseenError(
                N_("Something went wrong in the server that nobody foresaw; its log says where."),
                remedy=N_("Try again; if it stays so, tell whoever runs the server."),
            )
        )
        answered.status_code = HTTPStatus.INTERNAL_SERVER_ERROR
        return answered

    server.register_error_handler(CxrError, answer)
    server.register_error_handler(HTTPException, other)
    server.register_error_handler(Exception, unforeseen)
    # Dash raises it for scripts that it does not have
    server.register_error_handler(DependencyException, not_found)
    server.register_error_handler(404, not_found)
    server.register_error_handler(405, wrong_method)
    server.register_error_handler(413, too_large)
    server.register_error_handler(429, too_many)


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SAID else text[:_MOST_SAID] + "…"
