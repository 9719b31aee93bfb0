"""The modules of the page, each at an address that no other state of them has.

A browser keeps what it has for good, and never runs a module of one version beside those of another: they
import one another by relative addresses, so that all of a page come from below the one that its index names.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort
from markupsafe import Markup

from cxr_dash.domain import N_
from cxr_dash.language import Translator
from cxr_dash.services.page_parts import PageParts, read_page_parts
from cxr_dash.settings import Settings
from cxr_dash.ui import ids

# a year; private, because they are behind the sign-in like all else
_FOR_GOOD = "private, max-age=31536000, immutable"

# What Dash finds among the assets and leaves alone: modules, which it would load once more, as scripts.
NO_ASSETS = r"^(?!begin\.js$).*\.js$"

# `assets/js/begin.js` waits for the modules; where even that did not come, Dash begins, and the page says so.
RENDERER = f"""(window.beginPage || ((begin) => {{
  const note = document.getElementById("{ids.PARTS_NOTE}");
  note.hidden = !note.textContent;
  begin();
}}))(() => new DashRenderer());"""

_NOTE = Markup('<p id="{id}" class="signed-out" role="alert" data-late="{late}" hidden>{failed}</p>')
_LATE = N_("The server has not answered for 5 s, still waiting…")
_FAILED = N_(
    "A part of this page did not come, so that it takes no films. Reload the page; if that does not help, "
    "tell whoever runs the server."
)


class ServedParts:
    """What this server serves as long as it runs, whatever comes to lie in its folder meanwhile.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parts = read_page_parts(settings.assets_dir)

    def now(self) -> PageParts:
        """The parts; read again as long as one is missing."""
        if not self._parts.whole:
            self._parts = read_page_parts(self._settings.assets_dir)
        return self._parts

    def preloads(self) -> str:
        """Links for the page's head: all modules come in one round of requests, not import after import."""
        parts = self.now()
        below = f"{self._settings.url_prefix}parts/{parts.digest}"
        return "\n".join(f'<link rel="modulepreload" href="{below}/{name}">' for name in parts.texts)

    def note(self, t: Translator) -> str:
        """For the page's body: what ``begin.js`` says of modules that are late, or that did not come.

        What is not there at all, the page says itself.
        """
        late, failed = (t(words) if self.now().whole else "" for words in (_LATE, _FAILED))
        return _NOTE.format(id=ids.PARTS_NOTE, late=late, failed=failed)


def parts_blueprint(served: ServedParts) -> Blueprint:
    """``GET /parts/<digest>/<name>``: a module of the page.

    Parameters
    ----------
    served : ServedParts
    """
    routes = Blueprint("parts", __name__, url_prefix="/parts")

    @routes.get("/<digest>/<path:name>")
    def part(digest: str, name: str) -> Response:
        parts = served.now()
        if digest != parts.digest or name not in parts.texts:
            abort(404)
        response = Response(parts.texts[name], mimetype="text/javascript")
        response.headers["Cache-Control"] = _FOR_GOOD
        return response

    return routes
