"""How many long answers a worker gives at once: some of its threads stay free for everything else."""

from __future__ import annotations

import threading

from flask import Response

from cxr_dash.domain import N_
from cxr_dash.errors import BusyError


class AtOnce:
    """Counts the answers that a worker is sending piece by piece.

    Parameters
    ----------
    threads : int
        Request threads of the worker; half of them may be at it, and one always.
    """

    def __init__(self, threads: int) -> None:
        self.most = max(1, threads // 2)
        self._free = threading.BoundedSemaphore(self.most)

    def admit(self, response: Response) -> Response:
        """The same answer, counted until it was sent, or until the reader went away.

        Raises
        ------
        BusyError
            When too many are under way; nothing of the answer was asked for then.
        """
        if not self._free.acquire(blocking=False):
            raise BusyError(
                N_("The server is already packing as many ZIP files as it can at once ({most})."),
                remedy=N_("Try again in a minute, or take the list as a table."),
                most=self.most,
            )
        # not at the end of the pieces: of a generator that was never begun no line is run
        response.call_on_close(self._free.release)
        return response
