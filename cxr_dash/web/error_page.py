"""A small page for a reader whose browser asked for something that is not there."""

from __future__ import annotations

from markupsafe import escape

from cxr_dash import palette, typeface
from cxr_dash.errors import CxrError
from cxr_dash.language import Translator

# Without the application's own style sheets: those lay out the reading room.
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cxr-dash</title>
<link rel="icon" href="{home}assets/favicon.ico">
<style>
  @font-face {{ font-family: {family}; src: url("{home}assets/fonts/inter.woff2"); font-weight: 400 700; }}
  html {{ color-scheme: dark; background: {GROUND}; color: {INK}; font: 1rem/1.5 {stack}; }}
  body {{ display: grid; place-content: center; min-height: 100vh; margin: 0; }}
  main {{ max-width: 34rem; padding: 24px; }}
  .brand {{ margin: 0 0 20px; color: {DIM}; font-weight: 600; }}
  h1 {{ margin: 0 0 8px; font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }}
  p {{ margin: 0 0 20px; color: {INK_SOFT}; }}
  a {{ display: inline-block; padding: 8px 14px; border: 1px solid {ACCENT_LINE}; border-radius: 6px;
       background: {ACCENT_GROUND}; color: {ON_ACCENT}; text-decoration: none; }}
  a:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 2px; }}
</style>
</head>
<body>
<main>
<p class="brand">cxr-dash</p>
<h1>{message}</h1>
<p>{remedy}</p>
<a href="{home}">{link}</a>
</main>
</body>
</html>
"""


def error_page(error: CxrError, home: str, t: Translator) -> str:
    """The error in the reader's words, and the way to the page.

    Parameters
    ----------
    error : CxrError
    home : str
        Where the browser finds the page: ``url_prefix``.
    t : Translator

    Returns
    -------
    str
        HTML; whatever the words hold is escaped.
    """
    return _PAGE.format(
        **palette.colours(),
        family=typeface.FAMILY,
        stack=typeface.STACK,
        language=escape(t.language),
        home=escape(home),
        message=escape(t.say(error.words)),
        remedy=escape(t.say(error.remedy_words)),
        link=escape(t("Open cxr-dash")),
    )
