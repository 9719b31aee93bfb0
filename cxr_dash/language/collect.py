"""``make translations``: the sentences of the source into the catalogues of each language.

New sentences come in without a translation, changed ones are marked fuzzy, and what is said no more goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from cxr_dash.language.catalogue import TRANSLATIONS, read_messages
from cxr_dash.language.translator import LANGUAGES, SOURCE_LANGUAGE

ROOT = TRANSLATIONS.parent.parent
_KEYWORDS = {"t": None, "N_": None, "plural": (1, 2)}
_METHODS = [("cxr_dash/**.py", "python"), ("assets/js/**.js", "javascript")]
# What a bundle says in sentences; names, populations and operating points stand there in both languages.
_BUNDLE_SENTENCES = ("warnings", "intended_use", "not_for")
_AUDIT_SENTENCES = ("name", "headline", "limit")


def said_by_the_application() -> Catalog:
    """Every sentence of the Python sources and browser scripts, with the files that say it."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for folder in ("cxr_dash", "assets"):
        methods = [
            (pattern.split("/", 1)[1], method) for pattern, method in _METHODS if pattern.startswith(folder)
        ]
        for name, _line, message, _comments, _context in extract_from_dir(
            ROOT / folder, methods, keywords=_KEYWORDS
        ):
            # without line numbers: they would change with every edit above a sentence
            found.add(message, locations=[(f"{folder}/{name}", None)])
    return found


def said_by_the_models(folder: Path = ROOT / "models") -> Catalog:
    """Every sentence of the shipped bundles."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for path in sorted(folder.glob("*/bundle.json")):
        for sentence in _sentences(json.loads(path.read_text(encoding="utf-8"))):
            found.add(sentence, locations=[(f"models/{path.parent.name}", None)])
    return found


def _sentences(bundle: dict[str, object]) -> Iterator[str]:
    for key in _BUNDLE_SENTENCES:
        yield from bundle.get(key, [])  # type: ignore[misc]
    for audit in bundle.get("audits", []):  # type: ignore[attr-defined]
        yield from (audit[key] for key in _AUDIT_SENTENCES)
        yield from audit.get("details", [])
        yield from (figure["name"] for figure in audit.get("figures", []))


def update(path: Path, language: str, said: Catalog) -> None:
    """Bring one catalogue up to date with what is said."""
    known = read_messages(path) if path.is_file() else Catalog(locale=language)
    known.locale = language
    known.update(said, no_fuzzy_matching=True)
    known.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        write_po(stream, known, width=110, omit_header=False, sort_output=True, ignore_obsolete=True)


def main() -> None:
    """Update the catalogues of every language but that of the source."""
    for language in LANGUAGES:
        if language != SOURCE_LANGUAGE:
            folder = TRANSLATIONS / language / "LC_MESSAGES"
            update(folder / "app.po", language, said_by_the_application())
            update(folder / "models.po", language, said_by_the_models())


if __name__ == "__main__":
    main()
