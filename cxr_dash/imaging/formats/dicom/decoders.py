"""Native decoders in child processes, so that a crash or a bomb takes nothing else down ([ADR 6])."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import N_, DecodeLimits
from cxr_dash.errors import BusyError
from cxr_dash.imaging.formats.dicom.refuse import damaged_pixels

MAX_CHILDREN = 2
"""Decoders at once in one process of the app; a further film waits for its turn."""

_START_SECONDS = 60.0
_LENGTH = struct.Struct(">I")
_BUFFER_BYTES = 1 << 20
_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("worker.py")))
# One thread each: the app gives its cores to readers, not to libraries.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True, slots=True)
class Job:
    """One encoded frame and what is known of it.

    Attributes
    ----------
    codec : str
        As `TransferSyntax.codec`.
    frame : bytes
    height, width, samples, bits_allocated : int
    converted : bool
        Whether a JPEG stores luminance and chroma.
    lossless : bool
        Whether a JPEG is of the lossless process.
    """

    codec: str
    frame: bytes
    height: int
    width: int
    samples: int
    bits_allocated: int
    converted: bool = False
    lossless: bool = False


class _Child:
    """One child process and the socket to it."""

    def __init__(self, command: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
                list(command),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
                # Ctrl-C at a terminal is for the app, which closes the socket as it ends.
                start_new_session=True,
            )
        self._socket = ours
        self._ready = False

    def decode(self, job: Job, limits: DecodeLimits) -> NDArray[Any] | None:
        """The pixels, None where the decoder complained; `OSError`, `EOFError` where the child is gone."""
        if not self._ready:
            self._receive(memoryview(bytearray(1)), time.monotonic() + _START_SECONDS)
            self._ready = True
        deadline = time.monotonic() + limits.decoder_seconds
        request = {
            "codec": job.codec,
            "bytes": len(job.frame),
            "height": job.height,
            "width": job.width,
            "samples": job.samples,
            "bits_allocated": job.bits_allocated,
            "converted": job.converted,
            "lossless": job.lossless,
            "memory_bytes": limits.decoder_memory_bytes,
            "seconds": limits.decoder_seconds,
        }
        encoded = json.dumps(request).encode()
        self._socket.settimeout(limits.decoder_seconds)
        self._socket.sendall(_LENGTH.pack(len(encoded)) + encoded)
        self._socket.sendall(job.frame)
        return self._answer(job, deadline)

    def _answer(self, job: Job, deadline: float) -> NDArray[Any] | None:
        prefix = bytearray(_LENGTH.size)
        self._receive(memoryview(prefix), deadline)
        encoded = bytearray(min(_LENGTH.unpack(prefix)[0], 4096))
        self._receive(memoryview(encoded), deadline)
        head = json.loads(encoded)
        if "error" in head:
            return None
        dtype = np.dtype(head["dtype"])
        # The child is not trusted either: an array of another size is never allocated.
        expected = (job.height, job.width) if job.samples == 1 else (job.height, job.width, job.samples)
        if tuple(head["shape"]) != expected or dtype.kind not in "iu" or dtype.itemsize > 2:
            raise EOFError
        pixels = np.empty(expected, dtype)
        self._receive(pixels.reshape(-1).view(np.uint8).data, deadline)
        return pixels

    def _receive(self, view: memoryview, deadline: float) -> None:
        while view:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            count = self._socket.recv_into(view)
            if count == 0:
                raise EOFError
            view = view[count:]

    def abandon(self) -> None:
        """Close this process's end only: after a fork the child belongs to the parent."""
        self._socket.close()

    def end(self) -> None:
        """Kill the child and wait for it."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


class DecoderPool:
    """Child processes that decode, started when first needed and replaced when one dies.

    Safe for threads. After a fork the new process starts children of its own.

    Parameters
    ----------
    command : sequence of str
        What a child runs; tests give others.
    """

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._command = command
        self._begin()
        # A lock held at the moment of a fork would stay held, and children belong to the process that made
        # them.
        os.register_at_fork(after_in_child=self._after_fork)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(MAX_CHILDREN)
        self._idle: list[_Child] = []

    def start(self) -> None:
        """Start one child now, so that the first film need not wait for it; do not wait either."""
        with self._lock:
            if not self._idle:
                self._idle.append(_Child(self._command))

    def decode(self, job: Job, limits: DecodeLimits) -> NDArray[Any]:
        """Decode one frame.

        Returns
        -------
        ndarray of 8 or 16 bits, shape (height, width) or (height, width, samples)
            As the decoder gives it: unmasked, colour as it was stored.

        Raises
        ------
        CorruptFileError
            If the decoder complains, crashes, or needs more memory or time than `limits` allow.
        BusyError
            If no child is free within `limits.decoder_seconds`.
        """
        if not self._turns.acquire(timeout=limits.decoder_seconds):
            raise BusyError(
                N_("At most {most} compressed films can be decoded at once; received one more."),
                remedy=N_("Try again in a moment."),
                most=MAX_CHILDREN,
            )
        try:
            return self._decode(job, limits)
        finally:
            self._turns.release()

    def close(self) -> None:
        """End the children that are not at work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _decode(self, job: Job, limits: DecodeLimits) -> NDArray[Any]:
        with self._lock:
            child = self._idle.pop() if self._idle else None
        child = child or _Child(self._command)
        try:
            pixels = child.decode(job, limits)
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            # Gone, silent for too long, or talking nonsense: the next film gets a new one.
            child.end()
            raise damaged_pixels() from None
        except BaseException:
            child.end()
            raise
        with self._lock:
            self._idle.append(child)
        if pixels is None:
            raise damaged_pixels()
        return pixels

    def _after_fork(self) -> None:
        inherited = self._idle
        self._begin()
        for child in inherited:
            child.abandon()
