"""The templates of the report text: the site's own, one a language, else the one shipped for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cxr_dash.domain import N_
from cxr_dash.errors import NotReadyError
from cxr_dash.language import languages, translator
from cxr_dash.settings import SHIPPED_TEMPLATES

_REMEDY = N_("Tell whoever runs the server: `cxr-dash doctor` says what to do.")
_MOST_BYTES = 65_536
_SHIPPED = SHIPPED_TEMPLATES / "shipped.txt"

# What every template is tried with before a reader meets it: nothing accepted, and two findings.
_MODEL = {"id": "model-id", "version": "1.2.3", "title": "A model", "sha256": "0" * 12}
_EMPTY: dict[str, Any] = {
    "film": {"name": "film 01", "sha256": "0" * 12},
    "model": _MODEL,
    "findings": [],
    "refused": False,
    "analysed": "1 Mar 2026, 10:00:00 UTC",
    "software": "cxr-dash",
}
_ONE = {"name": "Finding one", "inside": "finding one", "place": "picture left", "added": False}
_OTHER = {"name": "Finding two", "inside": "finding two", "place": "", "added": True}
_FIGURES = {"key": "one", "probability": "37 %", "threshold": "25 %"}
_TRIALS = (_EMPTY, _EMPTY | {"findings": [_ONE | _FIGURES, _OTHER | _FIGURES], "refused": True})


@dataclass(frozen=True, slots=True)
class ReportTemplates:
    """Templates that were tried.

    Attributes
    ----------
    by_language : mapping of str to Template
        For every language of the page.
    own : tuple of str
        Languages of which the site has its own.
    """

    by_language: Mapping[str, Template]
    own: tuple[str, ...]

    def fill(self, language: str, values: Mapping[str, Any]) -> str:
        """The text, without blank lines at its ends.

        Raises
        ------
        NotReadyError
            When the template cannot be filled with what this film has.
        """
        return _filled(self.by_language[language], values, language, f"{language}.txt").strip() + "\n"


@lru_cache(maxsize=4)
def report_templates(folder: Path) -> ReportTemplates:
    """Read ``<language>.txt`` of a folder and try each; a language that has none takes the shipped one.

    They are read once: a change needs a restart, as a change of settings does.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    NotReadyError
        For a folder without a template, and for a template that cannot be read or filled, asks for what it is
        not given, drops a finding that was accepted, or does not name the model and its version.
    """
    own = tuple(language for language in languages() if (folder / f"{language}.txt").is_file())
    if not own and folder.resolve() != SHIPPED_TEMPLATES.resolve():
        words = N_("`CXR_REPORT_TEMPLATES` must be a folder with one of {files}; received {folder}.")
        files = ", ".join(f"{language}.txt" for language in languages())
        raise NotReadyError(words, remedy=_REMEDY, files=files, folder=str(folder))
    # plain text, never HTML: there is nothing to escape
    environment = ImmutableSandboxedEnvironment(  # nosec B701
        autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found = {}
    for language in languages():
        path = folder / f"{language}.txt" if language in own else _SHIPPED
        found[language] = _tried(environment, path, language)
    return ReportTemplates(found, own)


def _tried(environment: ImmutableSandboxedEnvironment, path: Path, language: str) -> Template:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        # some editors begin a file with a mark of its encoding, which is no part of a report
        text = "" if len(data) > _MOST_BYTES else data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path.name, type(error).__name__) from error
    if len(data) > _MOST_BYTES:
        raise _unusable(path.name, f"longer than {_MOST_BYTES} bytes")
    try:
        template = environment.from_string(text)
    except TemplateSyntaxError as error:
        raise _unusable(path.name, f"line {error.lineno}: {error.message}") from error
    except Exception as error:
        # Python compiles what Jinja2 wrote, and has limits of its own
        raise _unusable(path.name, str(error) or type(error).__name__) from error
    for values in _TRIALS:
        said = _filled(template, values, language, path.name)
        wanted = [_MODEL["id"], _MODEL["version"], *(one["name"] for one in values["findings"])]
        if missing := [one for one in wanted if one not in said and one.lower() not in said]:
            words = N_(
                "The template of the report text, {name}, must say every accepted finding and the model's id "
                "and version; it leaves out {missing}."
            )
            raise NotReadyError(words, remedy=_REMEDY, name=path.name, missing=", ".join(missing))
    return template


def _filled(template: Template, values: Mapping[str, Any], language: str, name: str) -> str:
    speaker = translator(language)

    def t(sentence: str, /, **fields: object) -> str:
        return speaker(str(sentence), **fields)

    try:
        return template.render(values, t=t)
    except Exception as error:
        # whatever a site's template does: a server that is not ready says why
        raise _unusable(name, str(error) or type(error).__name__) from error


def _unusable(name: str, problem: str) -> NotReadyError:
    words = N_("The template of the report text, {name}, cannot be used: {problem}.")
    return NotReadyError(words, remedy=_REMEDY, name=name, problem=problem.rstrip("."))
