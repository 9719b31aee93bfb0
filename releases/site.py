"""``python -m releases.site``: the pages as a site, with every link followed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from cxr_dash.settings import ROOT

_PAGES = ("*.md", "docs/**/*.md", "models/*/*.md")
_CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#\s]+)|src=\"([^\"]+)\"")


def stage(root: Path, folder: Path) -> None:
    """Copy pages, and the files that they link to, to the same places below ``folder``.

    Raises
    ------
    RuntimeError
        If a link leads out of the checkout or to nothing, naming page and link.
    """
    shutil.rmtree(folder, ignore_errors=True)
    pages = sorted({page for pattern in _PAGES for page in root.glob(pattern)})
    for path in [*pages, *(file for page in pages for file in _linked(root, page))]:
        copy = folder / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _linked(root: Path, page: Path) -> list[Path]:
    """The files of the checkout that ``page`` links to, other pages left out."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    targets = {one or other for one, other in _LINK.findall(text)}
    files = []
    for target in sorted(targets):
        if "://" in target or target.startswith("mailto:"):
            continue
        path = (page.parent / unquote(target)).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            where = page.relative_to(root)
            raise RuntimeError(f"Links of a page must lead to files of the checkout; {where} has {target!r}.")
        if path.suffix != ".md":
            files.append(path)
    return files


def main() -> None:
    """Write the site into ``build/site``; a link or an anchor that leads nowhere is an error."""
    stage(ROOT, ROOT / "build" / "site-source")
    subprocess.run([sys.executable, "-m", "mkdocs", "build"], cwd=ROOT, check=True)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        raise SystemExit(f"site: {error}") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from None
