"""What a server lacks of what its settings promise: it is then not ready, and its page says so."""

from __future__ import annotations

from pathlib import Path

from cxr_dash.domain import N_
from cxr_dash.errors import BundleNotFoundError, NotReadyError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services.page_parts import missing_parts
from cxr_dash.services.report.templates import report_templates
from cxr_dash.settings import Settings

_REMEDY = N_("Tell whoever runs the server: `cxr-dash doctor` says what to do.")
_TOOLS = {
    "gate": N_("The input gate is missing or was refused: a picture that is no chest film may be answered."),
    "lungs": N_("The lung segmenter is missing or was refused: films are not cropped to the lungs."),
}


def shortcomings(settings: Settings, catalog: Catalog) -> list[NotReadyError]:
    """What is missing, each with its words; empty where everything is as the settings say.

    Parameters
    ----------
    settings : Settings
    catalog : Catalog
    """
    found = _default_model(settings, catalog)
    if settings.require_tools:
        tools = {"gate": catalog.tool("gate"), "lungs": catalog.tool("lungs")}
        found += [NotReadyError(words, remedy=_REMEDY) for key, words in _TOOLS.items() if tools[key] is None]
    missing = [] if _has_files(settings.assets_dir / "css") else ["css"]
    missing += missing_parts(settings.assets_dir)
    if missing:
        words = N_("Parts of this page are missing, so that it cannot work as it should: {parts}.")
        found.append(NotReadyError(words, remedy=_REMEDY, parts=", ".join(missing)))
    try:
        report_templates(settings.report_templates)
    except NotReadyError as lack:
        found.append(lack)
    return found


def _default_model(settings: Settings, catalog: Catalog) -> list[NotReadyError]:
    wanted = settings.default_model
    if wanted in catalog.ids():
        return []
    try:
        instead = catalog.default_id(wanted)
    except BundleNotFoundError as error:
        return [NotReadyError(error.words.template, remedy=_REMEDY, **error.words.values)]
    if wanted in catalog.broken():
        words = N_("The model that this server opens with, {wanted}, was refused; what you see is {instead}.")
    else:
        words = N_("The model that this server opens with, {wanted}, is missing; what you see is {instead}.")
    return [NotReadyError(words, remedy=_REMEDY, wanted=wanted, instead=instead)]


def _has_files(folder: Path) -> bool:
    try:
        return any(file.is_file() for file in folder.iterdir())
    except OSError:
        return False
