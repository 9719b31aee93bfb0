"""``make translations``: the sentences of the source into the catalogues of each language.

``python -m cxr_dash.language.collect pt`` begins the catalogues of one more.

New sentences come in without a translation, and what is said no more goes. Nothing else in a file depends on
when, where or with which version of Babel it was written: collecting twice gives the same bytes.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from cxr_dash.domain import is_language
from cxr_dash.language import figures
from cxr_dash.language.catalogue import (
    SOURCE_LANGUAGE,
    TRANSLATIONS,
    folder_of,
    languages,
    read_messages,
)

ROOT = TRANSLATIONS.parent.parent
_KEYWORDS = {"t": None, "N_": None, "plural": (1, 2), "Counted": (1, 2)}
_METHODS = [
    ("cxr_dash/**.py", "python"),
    ("cxr_dash/report_templates/**.txt", "jinja2.ext:babel_extract"),
    ("assets/js/**.js", "javascript"),
]
# What a bundle says in English alone. Names, titles and explanations stand there by language.
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


def said_by_the_models(language: str, folder: Path = ROOT / "models") -> Catalog:
    """Every sentence of the shipped bundles, and every text that they do not bring in this language.

    Figures are numbered fields.
    """
    found = Catalog(charset="utf-8", fuzzy=False)
    for path in sorted(folder.glob("*/bundle.json")):
        bundle = json.loads(path.read_text(encoding="utf-8"))
        texts = [text["en"] for text in _texts(bundle) if language not in text]
        for sentence in (*_sentences(bundle), *texts):
            found.add(figures.apart(sentence)[0], locations=[(f"models/{path.parent.name}", None)])
    return found


def _sentences(bundle: dict[str, Any]) -> Iterator[str]:
    for key in _BUNDLE_SENTENCES:
        yield from bundle.get(key, [])
    for audit in bundle.get("audits", []):
        yield from (audit[key] for key in _AUDIT_SENTENCES)
        yield from audit.get("details", [])
        yield from (figure["name"] for figure in audit.get("figures", []))
    # only a classifier has a card on the page
    if bundle.get("kind") == "classifier":
        yield from (point["chosen_on"] for point in bundle["operating_points"])
        yield from (
            bundle["calibration"][key] for key in ("fitted_on", "chosen") if key in bundle["calibration"]
        )
        yield from (source[key] for source in bundle["sources"] for key in ("population", "licence"))


def _texts(bundle: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The texts of a classifier that stand in it by language, and that the page says."""
    if bundle.get("kind") == "classifier":
        # films that figures are of are described at length in English alone: see card_words.split_description
        yield from _by_language([value for key, value in bundle.items() if key != "metrics"])


def _by_language(entry: Any) -> Iterator[dict[str, str]]:
    if isinstance(entry, dict):
        if SOURCE_LANGUAGE in entry:
            yield entry
        else:
            yield from _by_language(list(entry.values()))
    elif isinstance(entry, list):
        for one in entry:
            if isinstance(one, dict | list):
                yield from _by_language(one)


def update(path: Path, language: str, said: Catalog) -> None:
    """Bring one catalogue up to date with what is said; translations and the notes at its head stay."""
    known = read_messages(path) if path.is_file() else Catalog(locale=language.replace("-", "_"))
    known.locale = language.replace("-", "_")
    known.update(said, no_fuzzy_matching=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_head(path, known) + _body(known), encoding="utf-8")


def _head(path: Path, known: Catalog) -> str:
    """The notes for translators that the file has, and what gettext's tools need to know."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    notes = [line.rstrip() for line in takewhile(lambda line: line.startswith("#"), lines)]
    fields = {
        "Project-Id-Version": "cxr-dash",
        "Language": str(known.locale),
        "Plural-Forms": known.plural_forms,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    entry = ['msgid ""', 'msgstr ""', *(f'"{name}: {value}\\n"' for name, value in fields.items())]
    return "\n".join([*notes, *entry, "", ""])


def _body(known: Catalog) -> str:
    for message in known:
        # Babel takes "27% of" for a field of the old kind; fields are in braces here
        message.flags.discard("python-format")
    stream = io.BytesIO()
    write_po(stream, known, width=110, omit_header=True, sort_output=True, ignore_obsolete=True)
    return stream.getvalue().decode("utf-8")


def main(begun: Sequence[str] = ()) -> None:
    """Update the catalogues of every language but that of the source, and begin those of others.

    Raises
    ------
    SystemExit
        When one to begin is not the tag of a language.
    """
    if wrong := [tag for tag in begun if not is_language(tag)]:
        raise SystemExit(f"A language must be named by its tag, such as pt or pt-BR; received {wrong[0]!r}.")
    for language in dict.fromkeys((*languages(), *begun)):
        if language != SOURCE_LANGUAGE:
            folder = folder_of(language)
            update(folder / "app.po", language, said_by_the_application())
            update(folder / "models.po", language, said_by_the_models(language))


if __name__ == "__main__":
    main(sys.argv[1:])
