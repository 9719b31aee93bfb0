"""Which language a reader of this request wants: chosen on the page, else asked for by the browser.

An answer in words says that it depends on that, so that no proxy hands it to a reader of another language.
"""

from __future__ import annotations

from flask import Flask, Response, g, has_request_context, request

from cxr_dash.language import SOURCE_LANGUAGE, Translator, negotiate, offered, translator

# Set by the page when a language is chosen there; it says nothing about the reader.
COOKIE = "cxr-language"
# For links into the page and for downloads: it outweighs the cookie, and the page remembers it.
PARAMETER = "lang"
_YEAR_SECONDS = 365 * 24 * 3600


def request_language() -> str:
    """A key of ``languages()``: from the link, the cookie, or the browser's list, in this order."""
    if not has_request_context():
        return SOURCE_LANGUAGE
    if "language" not in g:
        g.language = _wanted()
    return str(g.language)


def request_translator() -> Translator:
    """The translator for this request."""
    return translator(request_language())


def _wanted() -> str:
    for chosen in (request.args.get(PARAMETER), request.cookies.get(COOKIE)):
        if found := offered(chosen or ""):
            return found
    return negotiate(tag for tag, quality in request.accept_languages if quality > 0)


def tell_language(server: Flask, url_prefix: str) -> None:
    """Name the language of every answer that was said in one, and keep it out of shared caches.

    Parameters
    ----------
    server : Flask
    url_prefix : str
        Where the browser finds the page; here it is always ``/``, because a proxy takes the prefix off. A
        language in the page's address is remembered, because what the page asks for afterwards does not
        carry it.
    """

    def add(response: Response) -> Response:
        if "language" not in g:
            return response
        response.headers["Content-Language"] = g.language
        response.vary.update(("Accept-Language", "Cookie"))
        if not response.headers.get("Cache-Control"):
            response.headers["Cache-Control"] = "private, no-cache"
        if request.path == "/" and offered(request.args.get(PARAMETER, "")) == g.language:
            response.set_cookie(COOKIE, g.language, max_age=_YEAR_SECONDS, path=url_prefix, samesite="Lax")
        return response

    server.after_request(add)
