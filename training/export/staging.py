"""A bundle is made beside the folder it will have, and put there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr_dash.errors import TrainingError


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuse to replace a bundle that nobody gave away.

    Raises
    ------
    TrainingError
        When there is one, and ``overwrite`` is not given.
    """
    if target.exists() and not overwrite:
        raise TrainingError(
            f"`models` must have no bundle {target.name!r} yet; {target} exists.", remedy="Pass --overwrite."
        )


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """An empty folder of the bundle's name, which takes its place when all went well.

    Parameters
    ----------
    target : Path
        The bundle's folder; an export that fails leaves the one that is there as it was.

    Yields
    ------
    Path
    """
    staging = target.parent / f".{target.name}.partial" / target.name
    shutil.rmtree(staging.parent, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
        if target.exists():
            shutil.rmtree(target)
        staging.rename(target)
    finally:
        shutil.rmtree(staging.parent, ignore_errors=True)
