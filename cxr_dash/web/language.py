"""Which language a reader of this request wants: chosen on the page, else asked for by the browser."""

from __future__ import annotations

from flask import has_request_context, request

from cxr_dash.language import LANGUAGES, SOURCE_LANGUAGE, Translator, negotiate, translator

# Set by the page when a language is chosen there; it says nothing about the reader.
COOKIE = "cxr-language"
# For links that are followed without a cookie.
PARAMETER = "lang"


def request_language() -> str:
    """A key of ``LANGUAGES``: from the link, the cookie, or the browser's list, in this order."""
    if not has_request_context():
        return SOURCE_LANGUAGE
    for chosen in (request.args.get(PARAMETER), request.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return negotiate(request.accept_languages.values())


def request_translator() -> Translator:
    """The translator for this request."""
    return translator(request_language())
