"""How bundles and recipes had texts at first, ``title_en`` and ``title_es``: read here, and nowhere else.

Now a text is one entry, ``title = {en, es, ...}``: see :class:`cxr_dash.domain.LocalisedText`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_LANGUAGES: Final = ("en", "es")
# The words on whom a model was trained had the name of what programs read of it.
_CALLED_BEFORE: Final = {"trained_on": "population"}
_NOT_SAID: Final = "–"


def older_entries(table: Mapping[str, object], name: str) -> dict[str, str]:
    """The entries of a table that are a text in the older form, by language: ``{"en": "title_en"}``."""
    before = _CALLED_BEFORE.get(name, name)
    return {tag: f"{before}_{tag}" for tag in _LANGUAGES if f"{before}_{tag}" in table}


def texts_in_one_form(table: object, names: Iterable[str]) -> object:
    """A table with every text as one entry, whichever form it was written in.

    Parameters
    ----------
    table : object
        Of a bundle or a recipe; anything but a table is left to the schema.
    names : iterable of str
        Its texts, as they are called now.

    Raises
    ------
    ValueError
        When a text is there in both forms: nobody knows which is meant.
    """
    if not isinstance(table, Mapping):
        return table
    whole = dict(table)
    for name in names:
        older = older_entries(whole, name)
        if not older:
            continue
        if name in whole:
            raise ValueError(
                f"`{name}` must be written once, as {name} = {{en, es}}; received it and "
                f"{', '.join(older.values())}"
            )
        given = {tag: whole.pop(entry) for tag, entry in older.items()}
        # what was left blank said nothing, and a text that is not there is said in English
        said = {tag: text for tag, text in given.items() if not isinstance(text, str) or text.strip()}
        if "en" in given and "en" not in said:
            said["en"] = said.get("es", _NOT_SAID)
        whole[name] = said
    return whole
