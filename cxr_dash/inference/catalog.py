"""The bundles in the models folder."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from cxr_dash.errors import BundleError, BundleNotFoundError
from cxr_dash.inference.bundle import SPEC_FILE, Bundle, load_bundle

logger = logging.getLogger(__name__)


class Catalog:
    """The usable bundles of one folder; each is read and verified once, when it is first asked about.

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
        self._read: dict[str, Bundle | BundleError] = {}

    def ids(self) -> list[str]:
        """Ids of the usable bundles, sorted."""
        return [name for name in self._folders() if isinstance(self._bundle(name), Bundle)]

    def broken(self) -> dict[str, str]:
        """Folder name and message of every bundle that was refused."""
        answers = {name: self._bundle(name) for name in self._folders()}
        return {name: str(answer) for name, answer in answers.items() if isinstance(answer, BundleError)}

    def get(self, model_id: str) -> Bundle:
        """The bundle of that id.

        Raises
        ------
        BundleNotFoundError
            When there is none, naming those there are, or why that one was refused.
        """
        # every analysis asks: a bundle that was read before costs no look at the folder
        answer = self._read.get(model_id)
        if answer is None and model_id in self._folders():
            answer = self._bundle(model_id)
        if isinstance(answer, Bundle):
            return answer
        if answer is not None:
            raise BundleNotFoundError(f"Model {model_id!r} was refused: {answer}") from answer
        raise BundleNotFoundError(
            f"`model` must be one of: {', '.join(self.ids()) or 'none'}; received {model_id!r}.",
            remedy="`cxr-dash models` lists the bundles; CXR_MODELS_DIR says where they are looked for.",
        )

    def default_id(self, preferred: str) -> str:
        """``preferred`` when it is usable, else the first usable id.

        Raises
        ------
        BundleNotFoundError
            When the folder has no usable bundle at all.
        """
        if preferred in self._folders() and isinstance(self._bundle(preferred), Bundle):
            return preferred
        for model_id in self.ids():
            return model_id
        raise BundleNotFoundError(
            f"The models folder must hold at least one usable bundle; {self._models_dir.name!r} has none.",
            remedy="Set CXR_MODELS_DIR to a folder of bundles; `cxr-dash doctor` checks each.",
        )

    def _folders(self) -> list[str]:
        """Names of the folders that call themselves a bundle, sorted: no request can name another path."""
        found = self._models_dir.iterdir() if self._models_dir.is_dir() else ()
        return sorted(folder.name for folder in found if (folder / SPEC_FILE).is_file())

    def _bundle(self, name: str) -> Bundle | BundleError:
        """The bundle in that folder, or why it was refused."""
        with self._lock:
            if name not in self._read:
                try:
                    self._read[name] = load_bundle(self._models_dir / name)
                except BundleError as error:
                    logger.warning("bundle %s refused: %s", name, error)
                    self._read[name] = error
            return self._read[name]
