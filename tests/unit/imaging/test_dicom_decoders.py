"""The child processes that decode: whatever happens to one, the next film is read."""

from __future__ import annotations

import os
import struct
import sys
import textwrap
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from dicom_files import encode, film_dataset, write

from cxr_dash.domain import DecodeLimits
from cxr_dash.errors import BusyError, CorruptFileError
from cxr_dash.imaging import chest_phantom, decode
from cxr_dash.imaging.formats.dicom import DICOM, decoders, worker
from cxr_dash.imaging.formats.dicom.decoders import DecoderPool, Job

PIXELS = chest_phantom(96, 80)
LOSSLESS_JPEG = "1.2.840.10008.1.2.4.70"
LIMITS = DecodeLimits()
QUICK = DecodeLimits(decoder_seconds=1.0)
# A child that misbehaves where the picture's first row says so, and decodes otherwise.
FAKE = """
import os, sys, time
sys.path.insert(0, {folder!r})
import worker
trouble = {trouble!r}
real = worker._CODECS["jpeg"]

def codec(data, request):
    if not os.path.exists({done!r}):
        open({done!r}, "w").close()
        exec(trouble)
    return real(data, request)

worker._CODECS["jpeg"] = codec
worker.main()
"""


def job(pixels: np.ndarray = PIXELS) -> Job:
    height, width = pixels.shape
    return Job("jpeg", encode(pixels, 8, LOSSLESS_JPEG), height, width, 1, 8, lossless=True)


@pytest.fixture
def troubled(tmp_path: Path) -> Iterator[Callable[[str], DecoderPool]]:
    """Makes a pool whose first film meets trouble, and every later one none."""
    pools: list[DecoderPool] = []

    def make(trouble: str) -> DecoderPool:
        script = tmp_path / "fake.py"
        script.write_text(
            FAKE.format(
                folder=str(Path(worker.__file__).parent),
                trouble=textwrap.dedent(trouble),
                done=str(tmp_path / "done"),
            )
        )
        pools.append(DecoderPool([sys.executable, "-P", str(script)]))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.mark.parametrize(
    "trouble",
    [
        "os.abort()",
        "os.kill(os.getpid(), 9)",
        "os.kill(os.getpid(), 11)",
        "os._exit(0)",
        "time.sleep(600)",
        "while True: pass",
        "held = [bytearray(1 << 20) for _ in range(1 << 20)]",
        "os.write(2, b'Corrupt JPEG data: premature end of data segment')",
        "raise RuntimeError('the decoder complains')",
        "sys.exit(1)",
        "worker.socket.socket(fileno=os.dup(0)).sendall(b'nonsense' * 4096)",
    ],
)
def test_a_decoder_in_trouble_makes_one_film_damaged_and_the_next_one_is_read(
    trouble: str, troubled: Callable[[str], DecoderPool]
) -> None:
    pool = troubled(trouble)
    with pytest.raises(CorruptFileError, match="pixels"):
        pool.decode(job(), QUICK)
    assert np.array_equal(pool.decode(job(), LIMITS), PIXELS)


def test_more_memory_than_the_limit_is_not_given() -> None:
    pool = DecoderPool()
    large = np.random.default_rng(0).integers(0, 255, (4000, 4000)).astype(np.uint8)
    try:
        with pytest.raises(CorruptFileError):
            pool.decode(job(large), DecodeLimits(decoder_memory_bytes=8 * 1024**2))
        assert np.array_equal(pool.decode(job(large), LIMITS), large)
    finally:
        pool.close()


def test_a_child_is_kept_from_film_to_film_and_ends_with_its_pool() -> None:
    pool = DecoderPool()
    pool.start()
    (child,) = pool._idle
    pool.start()
    pool.decode(job(), LIMITS)
    assert pool._idle == [child]
    pool.close()
    assert child._process.poll() is not None


def test_a_child_ends_by_itself_when_the_app_is_gone() -> None:
    pool = DecoderPool()
    pool.decode(job(), LIMITS)
    (child,) = pool._idle
    child.abandon()
    assert child._process.wait(timeout=30) == 0


def test_films_wait_for_a_free_child_and_all_are_read() -> None:
    pool = DecoderPool()
    read: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: read.append(pool.decode(job(), LIMITS)))
        for _ in range(3 * decoders.MAX_CHILDREN)
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(read) == len(threads)
        assert all(np.array_equal(one, PIXELS) for one in read)
        assert len(pool._idle) <= decoders.MAX_CHILDREN
    finally:
        pool.close()


def test_a_film_that_finds_no_free_child_in_time_is_told_to_come_again() -> None:
    pool = DecoderPool()
    for _ in range(decoders.MAX_CHILDREN):
        pool._turns.acquire()
    with pytest.raises(BusyError, match="at once"):
        pool.decode(job(), DecodeLimits(decoder_seconds=0.05))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_worker_has_a_child_of_its_own() -> None:
    pool = DecoderPool()
    pool.decode(job(), LIMITS)
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = b"failed"
        try:
            alone = not pool._idle
            same = np.array_equal(pool.decode(job(), LIMITS), PIXELS)
            pool.close()
            told = b"read" if alone and same else b"wrong"
        finally:
            os.write(write_end, told)
            os._exit(0)
    os.waitpid(pid, 0)
    try:
        assert os.read(read_end, 10) == b"read"
        assert np.array_equal(pool.decode(job(), LIMITS), PIXELS)
    finally:
        pool.close()
        os.close(read_end)
        os.close(write_end)


def test_the_child_loads_nothing_of_the_app() -> None:
    import subprocess

    show = "import runpy, sys; sys.stdin.close(); sys.argv = ['worker']\n"
    show += f"names = runpy.run_path({worker.__file__!r})\n"
    show += "import imagecodecs, numpy; imagecodecs.jpeg8_decode\n"
    show += "kept = ('cxr_dash', 'cv2', 'pydicom', 'flask')\n"
    show += "print(sorted(m for m in sys.modules if m.partition('.')[0] in kept))"
    ran = subprocess.run([sys.executable, "-P", "-c", show], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("syntax", "bits"), [("1.2.840.10008.1.2.4.50", 8), ("1.2.840.10008.1.2.4.51", 12), (LOSSLESS_JPEG, 12)]
)
def test_a_third_of_wrong_bytes_in_a_jpeg_or_more_are_noticed(syntax: str, bits: int) -> None:
    rng = np.random.default_rng(5)
    pixels = np.clip(
        chest_phantom(256, 256) * 2.0 ** (bits - 8) + rng.normal(0, 2 ** (bits - 7), (256, 256)),
        0,
        2**bits - 1,
    ).astype(np.uint8 if bits == 8 else np.uint16)
    frame = encode(pixels, bits, syntax)
    noticed = 0
    for _ in range(40):
        at = int(rng.integers(len(frame) // 10, len(frame) - 2))
        wrong = frame[:at] + bytes([frame[at] ^ int(rng.integers(1, 256))]) + frame[at + 1 :]
        try:
            decode(write(film_dataset(pixels, bits), pixels, syntax, frame=wrong))
        except CorruptFileError:
            noticed += 1
    assert noticed >= 14


@pytest.mark.parametrize("end", ["5", "4.50", "4.57", "4.70"])
def test_a_small_frame_that_promises_a_large_picture_is_never_decoded(
    monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    syntax = f"1.2.840.10008.1.2.{end}"
    asked: list[object] = []
    monkeypatch.setattr(DICOM, "pool", types.SimpleNamespace(decode=lambda *job: asked.append(job)))
    frame = bytearray(encode(PIXELS, 8, syntax))
    mark = {"4.50": b"\xff\xc0"}.get(end, b"\xff\xc3")
    if end != "5":
        struct.pack_into(">HH", frame, frame.find(mark) + 5, 6500, 6500)
    dataset = film_dataset(PIXELS, 8, Rows=6500, Columns=6500)
    with pytest.raises(CorruptFileError):
        decode(write(dataset, PIXELS, syntax, frame=bytes(frame)))
    assert asked == []


@pytest.mark.parametrize("end", ["5", "4.50", "4.70"])
def test_a_film_of_two_tones_is_small_and_sound(end: str) -> None:
    pixels = np.full((1200, 1000), 128, np.uint8)
    pixels[600:] = 129
    film = decode(write(film_dataset(pixels, 8), pixels, f"1.2.840.10008.1.2.{end}"))
    assert film.pixels.shape == pixels.shape


def test_the_apps_own_pool_reads_films_one_after_another() -> None:
    for syntax in ("1.2.840.10008.1.2.4.90", LOSSLESS_JPEG, "1.2.840.10008.1.2.4.80"):
        data = write(film_dataset(PIXELS, 8, WindowCenter=128, WindowWidth=256), PIXELS, syntax)
        assert np.array_equal(decode(data).pixels, PIXELS)
    assert len(DICOM.pool._idle) == 1
