"""The licences of what serves, as a page."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import groupby

from cxr_dash import __version__
from releases.parts import Native

_HEAD = f"""# Licences of cxr-dash {__version__} as it serves

cxr-dash itself: MIT (`LICENSE`). The text of every licence below lies in the image and in the environment: in
`site-packages/NAME.dist-info` of its package, and for the typeface in `cxr_dash/typeface/OFL.txt`.
"""
_OBLIGED = """
## Inside the wheels, under other licences than their packages'

Shared libraries, loaded as they are and not changed; whoever passes an image on passes them on too. The LGPL
asks that its text and this notice go along, and that a user may put another build of the library in its
place: they are files of their own, in `NAME.libs` beside their package.

| whose | licence | in the wheel of | files |
|---|---|---|---|
"""
_TYPEFACE = """
## Beside the code

| what | licence | where |
|---|---|---|
| Inter, typeface | OFL-1.1 (SIL Open Font License) | `cxr_dash/typeface/`, `assets/fonts/` |

It may go along with software, and may not be sold by itself.
"""


@dataclass(frozen=True, slots=True)
class Licence:
    """What a package says of itself."""

    package: str
    version: str
    licence: str
    url: str


def licences(packages: dict[str, str]) -> list[Licence]:
    """What each package of ``packages`` is under, as ``pip-licenses`` reads it.

    Raises
    ------
    RuntimeError
        When one says nothing, or is under a licence that would reach over this project.
    """
    command = [
        sys.executable,
        "-m",
        "piplicenses",
        "--format=json",
        "--with-urls",
        "--with-system",
        "--packages",
        *packages,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    told = [
        Licence(one["Name"], one["Version"], one["License"], one["URL"]) for one in json.loads(done.stdout)
    ]
    refuse(told)
    if len(told) != len(packages):
        raise RuntimeError(f"{len(packages)} packages must have a licence; received {len(told)}.")
    return told


def refuse(told: list[Licence]) -> None:
    """Stop at a package without a licence, or one of the GPL family: it must be looked at first.

    Raises
    ------
    RuntimeError
    """
    odd = [one for one in told if "UNKNOWN" in one.licence or "GPL" in one.licence or "Affero" in one.licence]
    if odd:
        named = ", ".join(f"{one.package} ({one.licence})" for one in odd)
        raise RuntimeError(f"a package that serves must say a permissive licence; received {named}.")


def licence_page(told: list[Licence], natives: list[Native]) -> str:
    """The report, in Markdown."""
    rows = "\n".join(f"| [{one.package}]({one.url}) | {one.version} | {one.licence} |" for one in told)
    packages = f"\n## Packages\n\n| package | version | licence |\n|---|---|---|\n{rows}\n"
    return _HEAD + _OBLIGED + "\n".join(_obliged(natives)) + "\n" + _TYPEFACE + packages


def _obliged(natives: list[Native]) -> list[str]:
    def key(one: Native) -> tuple[str, str, str]:
        return (one.project or "", one.licence or "", one.package)

    asking = sorted((one for one in natives if one.licence is not None), key=key)
    return [
        f"| {whose} | {licence} | {package} | {', '.join(f'`{one.file}`' for one in files)} |"
        for (whose, licence, package), files in groupby(asking, key)
    ]
