"""What a serving installation is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cxr_dash.settings import ROOT

# Native libraries in wheels whose licence is another than their package's and asks something of whoever
# passes them on; by how their files are called. The wheel's own licence files say the same.
_COPYLEFT = (
    (
        re.compile(r"lib(avcodec|avformat|avutil|avdevice|avfilter|swresample|swscale)\b"),
        "FFmpeg",
        "LGPL-2.1-or-later",
    ),
    (re.compile(r"libquadmath\b"), "libquadmath", "LGPL-2.1-or-later"),
    (
        re.compile(r"lib(gfortran|gomp|gcc_s|stdc\+\+)\b"),
        "GCC runtime",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
    ),
)


@dataclass(frozen=True, slots=True)
class Native:
    """A shared library that a wheel brings.

    Attributes
    ----------
    package : str
        Canonical name of the wheel's package.
    file : str
        Its file's name.
    sha256 : str
    project : str or None
        Whose it is, where it asks more than its package's licence does.
    licence : str or None
        SPDX expression, with ``project``.
    """

    package: str
    file: str
    sha256: str
    project: str | None
    licence: str | None


@dataclass(frozen=True, slots=True)
class Model:
    """A bundle that is shipped, with the digest that vouches for it."""

    name: str
    digest: str


def served_packages(lock: Path = ROOT / "requirements" / "serve.lock") -> dict[str, str]:
    """Canonical name and version of every package that serving takes on this machine.

    Raises
    ------
    RuntimeError
        When what is installed is another version than the lock's, or is missing.
    """
    pinned = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not re.match(r"[A-Za-z0-9]", line):
            continue
        wanted = Requirement(line.rstrip(" \\"))
        if wanted.marker is None or wanted.marker.evaluate():
            pinned[canonicalize_name(wanted.name)] = str(wanted.specifier).removeprefix("==")
    installed = {canonicalize_name(one.name): one.version for one in metadata.distributions()}
    differing = sorted(name for name, version in pinned.items() if installed.get(name) != version)
    if differing:
        raise RuntimeError(
            f"what is installed must be what {lock.name} names; received others of: {', '.join(differing)}. "
            "Run `make setup`."
        )
    return pinned


def native_libraries(packages: dict[str, str]) -> list[Native]:
    """Every shared library that wheels of ``packages`` carry in a folder ``NAME.libs``."""
    found = []
    for name in sorted(packages):
        for file in metadata.distribution(name).files or ():
            if file.parts[0].endswith(".libs") and ".so" in file.name:
                digest = sha256(Path(str(file.locate())).read_bytes()).hexdigest()
                found.append(Native(name, file.name, digest, *_whose(file.name)))
    return found


def shipped_models(digests: Path = ROOT / "models" / "DIGESTS") -> list[Model]:
    """The bundles in ``models/`` as ``DIGESTS`` vouches for them."""
    pairs = (line.split() for line in digests.read_text(encoding="utf-8").splitlines() if line.strip())
    return [Model(name, digest) for digest, name in pairs]


def _whose(file: str) -> tuple[str | None, str | None]:
    for called, project, licence in _COPYLEFT:
        if called.match(file):
            return project, licence
    return None, None
