"""Loads the default model in the background, in each worker, after the fork."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress

from cxr_dash.errors import CxrError
from cxr_dash.imaging.formats.dicom import start_decoder
from cxr_dash.services import AnalysisService
from cxr_dash.services.readiness import shortcomings

logger = logging.getLogger(__name__)


class WarmUp:
    """Whether this worker can analyse, and the thread that sees to it.

    The state is kept per process: a worker forked from a parent that had already warmed up (``--preload``)
    starts its own thread, because threads do not survive a fork.

    Parameters
    ----------
    service : AnalysisService
    """

    def __init__(self, service: AnalysisService) -> None:
        self._service = service
        self._pid: int | None = None
        self._thread: threading.Thread | None = None
        self._error: str | None = None

    def ensure_started(self) -> None:
        """Start once per process, when the settings ask for it; safe to call on every request."""
        if self._service.settings.warm_up and self._pid != os.getpid():
            self.start_warm_up()

    def start_warm_up(self) -> None:
        """Load the default model in a background thread of this process."""
        self._pid = os.getpid()
        self._error = None
        self._thread = threading.Thread(target=self._run, name="cxr-warm-up", daemon=True)
        self._thread.start()

    def state(self) -> tuple[bool, str]:
        """Whether the default model can answer, and a word on it."""
        if self._pid == os.getpid() and self._thread is not None and self._thread.is_alive():
            return False, "loading the default model"
        if self._error is not None:
            return False, self._error
        catalog, wanted = self._service.catalog, self._service.settings.default_model
        try:
            catalog.default_id(wanted)
            return True, catalog.get(wanted).id
        except CxrError as error:
            return False, str(error)

    def _run(self) -> None:
        try:
            catalog = self._service.catalog
            for lack in shortcomings(self._service.settings, catalog):
                logger.error("not ready: %s", lack)
            bundle = catalog.get(self._service.settings.default_model)
            self._service.runtimes.warm_up(bundle)
            for tool in (catalog.tool("lungs"), catalog.tool("gate")):
                if tool is not None:
                    self._service.runtimes.warm_up(tool)
            # whose answers come with those of the default model: a first film need not look for them
            for other in self._service.examiner.sharing(bundle):
                with suppress(CxrError):  # whoever asks that model is told
                    self._service.runtimes.warm_up(other)
            start_decoder()
        except CxrError as error:
            logger.error("warm-up failed: %s", error)
            self._error = str(error)
        except Exception:
            # The thread's last frame: whatever went wrong must reach the log and /readyz, not vanish.
            logger.exception("warm-up failed")
            self._error = "the default model did not load; the log says why"
