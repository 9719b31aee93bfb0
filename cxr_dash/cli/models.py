"""``cxr-dash models verify | lock | add``: whether bundles are as they were exported and fixed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from cxr_dash.cli.console import table
from cxr_dash.errors import BundleError, RequestError
from cxr_dash.inference.catalog import bundle_folders, read_bundle
from cxr_dash.inference.digests import DIGESTS_FILE, is_vouched_for, read_digests, write_digests


def verify(models_dir: Path) -> tuple[str, bool]:
    """Read every file of every bundle, and compare with the list of digests.

    Returns
    -------
    report : str
        A line for each bundle, also for one that the list knows and the folder has not.
    is_well : bool
        Whether all are there and as the list says; False too where it has nothing to compare one with.

    Raises
    ------
    BundleMismatchError
        When the list is damaged.
    """
    listed = read_digests(models_dir)
    rows: list[tuple[str, ...]] = [("STATE", "BUNDLE", "FOUND")]
    is_well = listed is not None
    for name in sorted({*bundle_folders(models_dir), *(listed or ())}):
        try:
            digest = read_bundle(models_dir, name).digest
            vouched_for = is_vouched_for(name, digest, listed)
            rows.append(("ok" if vouched_for else "?", name, digest))
            is_well &= vouched_for
        except BundleError as error:
            rows.append(("bad", name, str(error)))
            is_well = False
    lines = [table(rows)]
    if any(state == "?" for state, *_ in rows):
        what = "there is no list" if listed is None else "the list has nothing"
        lines.append(
            f"?: the files match their bundle.json, but {what} to compare that with ({DIGESTS_FILE}): where "
            "you know that it is as it should be, `cxr-dash models lock` writes it."
        )
    return "\n".join(lines), is_well


def lock(models_dir: Path) -> tuple[str, bool]:
    """Write the list of digests of the bundles as they are; nothing where one of them is not whole.

    Raises
    ------
    BundleError
        Of the first bundle that may not be read, or whose files do not match its ``bundle.json``.
    """
    digests = {name: read_bundle(models_dir, name).digest for name in bundle_folders(models_dir)}
    path = write_digests(models_dir, digests)
    return "\n".join(
        [*(f"{digest}  {name}" for name, digest in digests.items()), f"Written to {path}."]
    ), True


def add(folder: Path, models_dir: Path) -> str:
    """Copy a bundle into the models folder, whole or not at all, after its files were compared.

    Raises
    ------
    BundleError
        When the bundle may not be read, or its files do not match its ``bundle.json``.
    RequestError
        When one of that name is there, or the models folder cannot be written.
    """
    folder = folder.resolve()
    read_bundle(folder.parent, folder.name)
    target = models_dir / folder.name
    if target.exists():
        raise RequestError(
            f"`models add` must not replace a bundle; {str(target)!r} is there.",
            remedy="Move it away first; to go back, move it back.",
        )
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=models_dir) as made:
            copied = Path(made) / folder.name
            shutil.copytree(folder, copied)
            digest = read_bundle(copied.parent, copied.name).digest
            copied.rename(target)
    except OSError as error:
        raise RequestError(
            f"`models add` must be able to write {str(models_dir)!r}; received: {error.strerror}.",
            remedy="Run it as the user who may, or set CXR_MODELS_DIR.",
        ) from None
    return (
        f"{digest}  {folder.name}\nAdded to {models_dir}. `cxr-dash models lock` vouches for it once you "
        "have compared the digest; a server takes it at its next start."
    )
