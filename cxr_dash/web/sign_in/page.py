"""The page where people sign in: one form or one link, in the reader's language, without a script."""

from __future__ import annotations

from markupsafe import Markup, escape

from cxr_dash import palette
from cxr_dash.errors import CxrError
from cxr_dash.language import Translator, languages

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{home}assets/favicon.ico">
<style>
  html {{ color-scheme: dark; background: {GROUND}; color: {INK}; font: 15px/1.5 system-ui, sans-serif; }}
  body {{ display: grid; place-content: center; min-height: 100vh; margin: 0; }}
  main {{ width: min(22rem, calc(100vw - 48px)); padding: 24px 0; }}
  .brand {{ margin: 0 0 20px; color: {DIM}; font-weight: 600; }}
  h1 {{ margin: 0 0 8px; font-size: 20px; font-weight: 600; }}
  p {{ margin: 0 0 20px; color: {INK_SOFT}; }}
  .problem {{ padding: 10px 12px; border: 1px solid {ACCENT_LINE}; border-radius: 6px; color: {INK}; }}
  label {{ display: block; margin: 0 0 4px; }}
  input {{ box-sizing: border-box; width: 100%; margin: 0 0 16px; padding: 9px 11px; font: inherit;
           color: {INK}; background: transparent; border: 1px solid {DIM}; border-radius: 6px; }}
  button, a.way {{ display: block; box-sizing: border-box; width: 100%; padding: 10px 14px; font: inherit;
           font-weight: 600; text-align: center; border: 1px solid {ACCENT_LINE}; border-radius: 6px;
           background: {ACCENT_GROUND}; color: {ON_ACCENT}; text-decoration: none; cursor: pointer; }}
  :focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 2px; }}
  nav {{ margin: 28px 0 0; }}
  nav a {{ color: {INK_SOFT}; }}
</style>
</head>
<body>
<main>
<p class="brand">cxr-dash</p>
<h1>{title}</h1>
{problem}
{way}
<nav>{others}</nav>
</main>
</body>
</html>
"""
_FORM = """<form method="post" action="{here}" autocomplete="on">
<label for="name">{name}</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64"
 required autofocus value="{given}">
<label for="password">{password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
<button type="submit">{title}</button>
</form>"""
_LINK = '<p>{words}</p>\n<a class="way" href="{here}/start">{title}</a>'
_OTHER = '<a href="{here}?lang={tag}" hreflang="{tag}" lang="{tag}">{name}</a>'


def sign_in_page(
    home: str, t: Translator, *, with_form: bool, problem: CxrError | None = None, name: str = ""
) -> str:
    """The page as HTML; whatever it is given is escaped.

    Parameters
    ----------
    home : str
        Where the browser finds the application: ``url_prefix``.
    t : Translator
    with_form : bool
        A form for name and password, else a link to the provider.
    problem : CxrError, optional
        Why the last attempt failed.
    name : str
        What was given as one's name then.
    """
    here = f"{home}sign-in"
    title = t("Sign in")
    if with_form:
        way = _FORM.format(
            here=escape(here),
            name=escape(t("User name")),
            password=escape(t("Password")),
            given=escape(name),
            title=escape(title),
        )
    else:
        words = t("Your hospital's sign-on asks who you are, and brings you back here.")
        way = _LINK.format(here=escape(here), words=escape(words), title=escape(title))
    others = [
        _OTHER.format(here=escape(here), tag=escape(tag), name=escape(name))
        for tag, name in languages().items()
        if tag != t.language
    ]
    return _PAGE.format(
        **palette.colours(),
        language=escape(t.language),
        home=escape(home),
        here=escape(here),
        title=escape(title),
        problem=_problem(problem, t) if problem else "",
        way=way,
        others=" · ".join(others),
    )


def _problem(problem: CxrError, t: Translator) -> Markup:
    words = f"{t.say(problem.words)} {t.say(problem.remedy_words)}".strip()
    return Markup('<p class="problem" role="alert">{}</p>').format(words)
