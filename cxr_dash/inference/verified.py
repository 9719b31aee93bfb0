"""A model's file as it is at the moment it is loaded, and no other."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cxr_dash.errors import BundleMismatchError


def read_verified(path: Path, sha256: str | None) -> bytes:
    """The file's bytes, where they have the digest; of no digest, as they are.

    Raises
    ------
    BundleMismatchError
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleMismatchError(
            f"{path.parent.name}/{path.name} must be readable; received: {error.strerror}.",
            remedy="Copy the bundle again.",
        ) from error
    received = hashlib.sha256(data).hexdigest()
    if sha256 is not None and received != sha256:
        raise BundleMismatchError(
            f"{path.parent.name}/{path.name} must have sha256 {sha256[:12]}… when it is loaded; received "
            f"{received[:12]}….",
            remedy="It was changed after the server had looked at it: copy the bundle again, and restart.",
        )
    return data
