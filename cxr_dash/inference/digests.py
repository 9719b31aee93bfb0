"""One digest for all of a bundle, and the list of digests that an administrator has fixed.

The hashes in ``bundle.json`` say whether its files are those that were exported; nothing in the bundle can
say whether ``bundle.json`` itself, with its thresholds, is. ``DIGESTS`` beside the bundles does: one line
each, as ``sha256sum`` writes them, made by ``cxr-dash models lock``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from cxr_dash.errors import BundleMismatchError

DIGESTS_FILE = "DIGESTS"
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)")


def bundle_digest(spec_bytes: bytes) -> str:
    """The digest of a bundle whose files match the hashes in its ``bundle.json``: that of ``bundle.json``.

    Parameters
    ----------
    spec_bytes : bytes
        The file as it was read. It names every file that is used with its hash: its own digest covers all.
    """
    return hashlib.sha256(spec_bytes).hexdigest()


def read_digests(models_dir: Path) -> dict[str, str] | None:
    """Digests by bundle id; ``None`` where no list is kept.

    Raises
    ------
    BundleMismatchError
        When the list cannot be read: a damaged list must not count as none.
    """
    path = models_dir / DIGESTS_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(str(error)) from error
    found = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise _damaged(line[:80])
        found[match[2]] = match[1]
    return found


def write_digests(models_dir: Path, digests: Mapping[str, str]) -> Path:
    """Write the list anew; an interrupted write leaves the old one."""
    path = models_dir / DIGESTS_FILE
    partial = path.with_name(f".{DIGESTS_FILE}.partial")
    partial.write_text(
        "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())), encoding="utf-8"
    )
    partial.replace(path)
    return path


def is_vouched_for(name: str, digest: str, listed: Mapping[str, str] | None) -> bool:
    """Whether the list has the bundle as it is; one that was added since, the list does not know.

    Parameters
    ----------
    name : str
        The bundle's id.
    digest : str
        Of :func:`bundle_digest`.
    listed : mapping of str to str, optional
        Of :func:`read_digests`.

    Raises
    ------
    BundleMismatchError
        When the list has it with another digest.
    """
    if listed is None or name not in listed:
        return False
    if listed[name] != digest:
        raise BundleMismatchError(
            f"{name} must have the digest {listed[name][:12]}… of {DIGESTS_FILE}; received {digest[:12]}….",
            remedy="It was changed: copy it again; if the change was meant, `cxr-dash models lock`.",
        )
    return True


def _damaged(received: str) -> BundleMismatchError:
    return BundleMismatchError(
        f"{DIGESTS_FILE} must have lines `sha256  id`; received {received!r}.",
        remedy="Restore it, or write it anew with `cxr-dash models lock`.",
    )
