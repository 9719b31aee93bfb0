"""The app's own tools, put beside a bundle that is to be served from a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from cxr_dash.inference.catalog import Catalog


def copy_tools(source: Path, out: Path) -> list[str]:
    """Copy the gate and the segmenter of lungs into a folder of bundles that has none.

    Without a gate, pictures that are no chest films are answered for; without lungs, no film is straightened
    and no audit asks what a covered lung changes.

    Parameters
    ----------
    source : Path
        Folder of bundles that has them.
    out : Path
        Folder of bundles; made if it is not there.

    Returns
    -------
    list of str
        Ids of what was copied.
    """
    out.mkdir(parents=True, exist_ok=True)
    if not source.is_dir() or source.resolve() == out.resolve():
        return []
    theirs, ours = Catalog(source), Catalog(out)
    copied = []
    for kind in ("lungs", "gate"):
        tool = theirs.tool(kind)
        if tool is None or ours.tool(kind) is not None or (out / tool.path.name).exists():
            continue
        partial = out / f".{tool.path.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(tool.path, partial)
        partial.rename(out / tool.path.name)
        copied.append(tool.id)
    return copied
