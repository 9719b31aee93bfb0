"""The bundles in the models folder."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Literal, overload

from cxr_dash.domain import N_, Words
from cxr_dash.errors import BundleError, BundleMismatchError, BundleNotFoundError
from cxr_dash.inference.bundle import SPEC_FILE, Bundle, SegmenterBundle, load_any
from cxr_dash.inference.digests import DIGESTS_FILE, is_vouched_for, read_digests

logger = logging.getLogger(__name__)

_TOOLS = {"lungs": "segmenter", "gate": "gate"}


class Catalog:
    """The usable bundles of one folder; each is read and verified once, when it is first asked about.

    A reader chooses among the classifiers alone; the app's own tools are handed out by :meth:`tool`.

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
        self._read: dict[str, Bundle | SegmenterBundle | BundleError] = {}

    def ids(self) -> list[str]:
        """Ids of the usable classifiers, sorted."""
        return [bundle.id for bundle in self.bundles() if bundle.kind == "classifier"]

    def bundles(self) -> list[Bundle | SegmenterBundle]:
        """Every usable bundle of any kind, sorted by id."""
        answers = [self._bundle(name) for name in bundle_folders(self._models_dir)]
        return [answer for answer in answers if not isinstance(answer, BundleError)]

    @overload
    def tool(self, name: Literal["lungs"]) -> SegmenterBundle | None: ...

    @overload
    def tool(self, name: Literal["gate"]) -> Bundle | None: ...

    def tool(self, name: Literal["lungs", "gate"]) -> Bundle | SegmenterBundle | None:
        """The app's own tool of that name, whichever bundle is one; None where none is installed.

        Of several, the one whose id is ``name``, otherwise the first.
        """
        known = self._read.get(name)
        if known is None and (self._models_dir / name / SPEC_FILE).is_file():
            # the usual case: no other bundle is read and hashed before the first film is answered
            known = self._bundle(name)
        if isinstance(known, Bundle | SegmenterBundle) and known.kind == _TOOLS[name]:
            return known
        found = [bundle for bundle in self.bundles() if bundle.kind == _TOOLS[name]]
        return next((bundle for bundle in found if bundle.id == name), found[0] if found else None)

    def broken(self) -> dict[str, str]:
        """Folder name and message of every bundle that was refused."""
        answers = {name: self._bundle(name) for name in bundle_folders(self._models_dir)}
        return {name: str(answer) for name, answer in answers.items() if isinstance(answer, BundleError)}

    def get(self, model_id: str) -> Bundle:
        """The classifier of that id.

        Raises
        ------
        BundleNotFoundError
            When there is none, naming those there are, when it is one of the app's own tools, or why that
            one was refused.
        """
        # every analysis asks: a bundle that was read before costs no look at the folder
        answer = self._read.get(model_id)
        if answer is None and model_id in bundle_folders(self._models_dir):
            answer = self._bundle(model_id)
        if isinstance(answer, Bundle) and answer.kind == "classifier":
            return answer
        if isinstance(answer, Bundle | SegmenterBundle):
            raise BundleNotFoundError(
                N_(
                    "`model` must be a classifier, one of: {known}; {model!r} is a {kind}, a tool that the "
                    "app uses by itself."
                ),
                remedy=N_("`cxr-dash models` lists every bundle with its kind."),
                known=self._known(),
                model=model_id,
                kind=answer.kind,
            )
        if answer is not None:
            raise BundleNotFoundError(
                N_("Model {model!r} was refused: {reason}"), model=model_id, reason=str(answer)
            ) from answer
        raise BundleNotFoundError(
            N_("`model` must be one of: {known}; received {model!r}."),
            remedy=N_("`cxr-dash models` lists the bundles; CXR_MODELS_DIR says where they are looked for."),
            known=self._known(),
            model=model_id,
        )

    def default_id(self, preferred: str) -> str:
        """``preferred`` when it is usable, else the first usable id.

        Raises
        ------
        BundleNotFoundError
            When the folder has no usable bundle at all.
        """
        ids = self.ids()
        if ids:
            return preferred if preferred in ids else ids[0]
        raise BundleNotFoundError(
            N_("The models folder must hold at least one usable bundle; {folder!r} has none."),
            remedy=N_("Set CXR_MODELS_DIR to a folder of bundles; `cxr-dash doctor` checks each."),
            folder=self._models_dir.name,
        )

    def _known(self) -> str | Words:
        return ", ".join(self.ids()) or Words(N_("none"))

    def _bundle(self, name: str) -> Bundle | SegmenterBundle | BundleError:
        """The bundle in that folder, or why it was refused."""
        with self._lock:
            if name not in self._read:
                try:
                    bundle = read_bundle(self._models_dir, name)
                    listed = read_digests(self._models_dir)
                    if not is_vouched_for(name, bundle.digest, listed) and listed is not None:
                        logger.warning("bundle %s is not in %s: nobody vouches for it", name, DIGESTS_FILE)
                    self._read[name] = bundle
                except BundleError as error:
                    self._read[name] = error
                    logger.warning("bundle %s refused: %s", name, error)
            return self._read[name]


def bundle_folders(models_dir: Path) -> list[str]:
    """Names of the folders that call themselves a bundle, sorted: no request can name another path."""
    found = models_dir.iterdir() if models_dir.is_dir() else ()
    return sorted(folder.name for folder in found if _calls_itself_a_bundle(folder))


def _calls_itself_a_bundle(folder: Path) -> bool:
    """Whether a folder has a ``bundle.json``; one that may not be looked into is a bundle, and is refused."""
    try:
        return (folder / SPEC_FILE).is_file()
    except PermissionError:
        return folder.is_dir()


def read_bundle(models_dir: Path, name: str) -> Bundle | SegmenterBundle:
    """The bundle in that folder, every file read.

    Raises
    ------
    BundleError
        Also when it may not be read.
    """
    try:
        return load_any(models_dir / name)
    except OSError as error:
        raise BundleMismatchError(
            f"The files of {name} must be readable for the server's user; received: {error.strerror}.",
            remedy="Give the folder and its files to that user, or let all read them (chmod -R a+rX).",
        ) from error
