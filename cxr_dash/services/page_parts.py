"""The browser half: modules that ``assets/js/page.js`` imports; each state of them has a name of its own."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

ENTRY: Final = "page.js"
BEGIN: Final = "begin.js"  # Dash's own way to them
_FOLDER: Final = "js"
_PART = re.compile(r'^import "\./([\w/-]+\.js)";\r?$', re.MULTILINE)
_DIGITS = 16  # 64 bits: no two states of the parts in the life of a browser's cache have the same


@dataclass(frozen=True, slots=True)
class PageParts:
    """Modules as they were when they were read.

    Parameters
    ----------
    texts : mapping of str to bytes
        By name below ``assets/js``, in the order in which they run, the entry last. Empty where there is
        no entry.
    missing : tuple of str
        Names that the entry imports and no file has.
    digest : str
        The same for the same names and texts, and for no others; 16 hexadecimal digits.
    """

    texts: Mapping[str, bytes]
    missing: tuple[str, ...]
    digest: str

    @property
    def whole(self) -> bool:
        """Whether a page can run them."""
        return bool(self.texts) and not self.missing


def read_page_parts(assets: Path) -> PageParts:
    """All of them, from the folder of page assets.

    Parameters
    ----------
    assets : Path
    """
    names = part_names(assets)
    found = {name: _text(assets / _FOLDER / name) for name in names}
    texts = {name: text for name, text in found.items() if text is not None}
    missing = tuple(name for name in names if name not in texts)
    return PageParts(MappingProxyType(texts), missing, _digest(texts))


def _digest(texts: Mapping[str, bytes]) -> str:
    found = hashlib.sha256()
    for name, text in texts.items():
        found.update(f"{name} {len(text)}\n".encode() + text)
    return found.hexdigest()[:_DIGITS]


def part_names(assets: Path) -> tuple[str, ...]:
    """What the entry imports, in order, and the entry itself; empty where it cannot be read.

    Parameters
    ----------
    assets : Path
        The folder of page assets.
    """
    entry = _text(assets / _FOLDER / ENTRY)
    return () if entry is None else (*_PART.findall(entry.decode("utf-8", "replace")), ENTRY)


def missing_parts(assets: Path) -> list[str]:
    """What the page lacks of its scripts, or may not read: paths below the folder of assets.

    A whole folder is named by its own name.

    Parameters
    ----------
    assets : Path
        The folder of page assets.
    """
    paths = [Path(_FOLDER, name) for name in (*(part_names(assets) or (ENTRY,)), BEGIN)]
    gone = [path for path in paths if not (os.access(assets / path, os.R_OK) and (assets / path).is_file())]
    said = [path if os.access(assets / path.parent, os.X_OK) else path.parent for path in gone]
    return list(dict.fromkeys(path.as_posix() for path in said))


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
