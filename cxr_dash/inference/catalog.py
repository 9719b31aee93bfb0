"""The bundles in the models folder."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from cxr_dash.errors import BundleError, BundleNotFoundError
from cxr_dash.inference.bundle import SPEC_FILE, Bundle, load_bundle

logger = logging.getLogger(__name__)


class Catalog:
    """Every usable bundle of one folder, read and verified once, on the first question.

    A bundle that does not verify is left out, logged, and named by :meth:`broken`: one bad copy must not
    keep a hospital from its other models.

    Parameters
    ----------
    models_dir : Path
        Folder with one folder per bundle.
    """

    def __init__(self, models_dir: Path) -> None:
        self._models_dir = models_dir
        self._lock = threading.Lock()
        self._read: tuple[dict[str, Bundle], dict[str, str]] | None = None

    def ids(self) -> list[str]:
        """Ids of the usable bundles, sorted."""
        return sorted(self._bundles()[0])

    def broken(self) -> dict[str, str]:
        """Folder name and message of every bundle that was refused."""
        return dict(self._bundles()[1])

    def get(self, model_id: str) -> Bundle:
        """The bundle of that id.

        Raises
        ------
        BundleNotFoundError
            When there is none, naming those there are, or why that one was refused.
        """
        usable, broken = self._bundles()
        if model_id in usable:
            return usable[model_id]
        if model_id in broken:
            raise BundleNotFoundError(f"Model {model_id!r} was refused: {broken[model_id]}")
        known = ", ".join(sorted(usable)) or "none"
        raise BundleNotFoundError(
            f"`model` must be one of: {known}; received {model_id!r}.",
            remedy="`cxr-dash models` lists the bundles; CXR_MODELS_DIR says where they are looked for.",
        )

    def default_id(self, preferred: str) -> str:
        """``preferred`` when it is usable, else the first usable id.

        Raises
        ------
        BundleNotFoundError
            When the folder has no usable bundle at all.
        """
        ids = self.ids()
        if preferred in ids:
            return preferred
        if ids:
            return ids[0]
        raise BundleNotFoundError(
            f"The models folder must hold at least one usable bundle; {self._models_dir.name!r} has none.",
            remedy="Set CXR_MODELS_DIR to a folder of bundles; `cxr-dash doctor` checks each.",
        )

    def _bundles(self) -> tuple[dict[str, Bundle], dict[str, str]]:
        with self._lock:
            if self._read is None:
                self._read = self._scan()
            return self._read

    def _scan(self) -> tuple[dict[str, Bundle], dict[str, str]]:
        usable: dict[str, Bundle] = {}
        broken: dict[str, str] = {}
        folders = sorted(self._models_dir.iterdir()) if self._models_dir.is_dir() else []
        for folder in folders:
            if not (folder / SPEC_FILE).is_file():
                continue
            try:
                usable[folder.name] = load_bundle(folder)
            except BundleError as error:
                logger.warning("bundle %s refused: %s", folder.name, error)
                broken[folder.name] = str(error)
        return usable, broken
