"""The app's own tools, put beside a bundle that is to be served from a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr_dash.inference.catalog import Catalog


@contextmanager
def tools_beside(source: Path | None, out: Path, skip: Collection[str] = ()) -> Iterator[None]:
    """Copy the app's tools as :func:`copy_tools` does; what fails inside takes them away again.

    Parameters
    ----------
    source : Path or None
        None copies nothing.
    out : Path
    skip : collection of str
    """
    copied = copy_tools(source, out, skip) if source else []
    try:
        yield
    except BaseException:
        for name in copied:
            shutil.rmtree(out / name)
        raise


def copy_tools(source: Path, out: Path, skip: Collection[str] = ()) -> list[str]:
    """Copy the gate and the segmenter of lungs into a folder of bundles that has none.

    Without a gate, pictures that are no chest films are answered for; without lungs, no film is straightened
    and no audit asks what a covered lung changes.

    Parameters
    ----------
    source : Path
        Folder of bundles that has them.
    out : Path
        Folder of bundles; made if it is not there.
    skip : collection of str
        Kinds (``gate``, ``lungs``) and folders that are not copied: a bundle of such is being made.

    Returns
    -------
    list of str
        Folders of what was copied.
    """
    out.mkdir(parents=True, exist_ok=True)
    if not source.is_dir() or source.resolve() == out.resolve():
        return []
    theirs, ours = Catalog(source), Catalog(out)
    copied = []
    for kind in ("lungs", "gate"):
        tool = theirs.tool(kind)
        if tool is None or {kind, tool.path.name} & set(skip):
            continue
        if ours.tool(kind) is not None or (out / tool.path.name).exists():
            continue
        partial = out / f".{tool.path.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(tool.path, partial)
        partial.rename(out / tool.path.name)
        copied.append(tool.path.name)
    return copied
