"""The child process that runs native decoders; started by `decoders`, never imported by the app.

It is run as a file of its own, so that it loads NumPy and the codecs and nothing of the app. It reads
requests from its standard input, which is a socket, and answers there; it ends when the socket closes. What a
decoder writes to the standard error stream is caught: libraries complain there, and what a decoder complains
of is damage.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
import sys
from typing import Any

_LENGTH = struct.Struct(">I")
# Replace or follow the end of a JPEG's data; hold no marker. The first begins with a bit 1, because the
# decoder goes on with zeros where data are missing. See `_is_whole`.
_PROBES = (bytes(range(0xD2, 0xB2, -1)), bytes(range(0x21, 0x41)), bytes(range(0x6D, 0x8D)))
_SHORTEST_SCAN = 64
_END_OF_IMAGE = b"\xff\xd9"


def _receive(connection: socket.socket, size: int) -> bytearray:
    buffer = bytearray(size)
    view = memoryview(buffer)
    while view:
        count = connection.recv_into(view)
        if count == 0:
            raise EOFError
        view = view[count:]
    return buffer


def _jpeg(data: bytes, request: dict[str, Any]) -> Any:
    from imagecodecs import jpeg8_decode  # noqa: PLC0415

    space = {1: "GRAYSCALE", 3: "RGB"}[request["samples"]]
    if request["samples"] == 3 and request["converted"]:
        space = "YCBCR"

    def decode(data: bytes) -> Any:
        # Colour stays as it was stored: the data set says what it is.
        return jpeg8_decode(data, colorspace=space, outcolorspace=space)

    pixels = decode(data)
    if not _is_whole(data, pixels, decode, lossless=request["lossless"]):
        raise ValueError("not whole")
    return pixels


def _is_whole(data: bytes, pixels: Any, decode: Any, *, lossless: bool) -> bool:
    """Whether a JPEG's data end where its pixels do.

    The decoder says nothing of data that end early or are left over, which is what nearly all damage to a
    Huffman stream comes to. Bytes added behind whole data change no pixel; where they do, some were missing.
    Other bytes in place of the last ones change the last pixels; where they do not, the decoder never got
    there. Without loss the last byte is enough, because its first bit belongs to a pixel's code and no two
    codes mean the same; with loss a coefficient may vanish in rounding, so four bytes are replaced, in three
    ways.
    """
    end = data.rfind(_END_OF_IMAGE)
    if end < 0:
        return False
    # A byte FF in front of a probe would make a marker of its first byte.
    body = data[:end].rstrip(b"\xff")

    def unchanged(start: bytes, probe: bytes) -> bool:
        try:
            return _same(decode(start.rstrip(b"\xff") + probe + _END_OF_IMAGE), pixels)
        except Exception:
            return False

    if not unchanged(body, _PROBES[0]):
        return False
    scan = body.rfind(b"\xff\xda")
    if len(body) - scan < _SHORTEST_SCAN:
        return True
    if lossless:
        stuffed = body.endswith(b"\xff\0")
        last = 0xFF if stuffed else body[-1]
        other = (last ^ 0x80) & 0xFE
        return not unchanged(body[: -2 if stuffed else -1], bytes([other]) + _PROBES[0])
    return not all(unchanged(body[:-4], probe) for probe in _PROBES)


def _same(first: Any, second: Any) -> bool:
    return first.shape == second.shape and bool((first == second).all())


def _jpegls(data: bytes, _request: dict[str, Any]) -> Any:
    from imagecodecs import jpegls_decode  # noqa: PLC0415

    return jpegls_decode(data)


def _jpeg2000(data: bytes, _request: dict[str, Any]) -> Any:
    from imagecodecs import jpeg2k_decode  # noqa: PLC0415

    # By far the slowest codec, and the only one that can share its work.
    return jpeg2k_decode(data, numthreads=2)


def _rle(data: bytes, request: dict[str, Any]) -> Any:
    import numpy as np  # noqa: PLC0415
    from imagecodecs import packbits_decode  # noqa: PLC0415

    samples, width = request["samples"], request["bits_allocated"] // 8
    count = samples * width
    plane = request["height"] * request["width"]
    header = struct.unpack_from("<16L", data)
    if header[0] != count:
        raise ValueError("segments")
    offsets = [*header[1 : count + 1], len(data)]
    planes = np.empty((samples, plane, width), np.uint8)
    for segment in range(count):
        raw = packbits_decode(data[offsets[segment] : offsets[segment + 1]])
        if not plane <= len(raw) <= plane + 1:
            raise ValueError("segment of another length")
        # Most significant byte first (PS3.5, annex G.2).
        planes[segment // width, :, width - 1 - segment % width] = np.frombuffer(raw, np.uint8, plane)
    levels = planes.reshape(-1).view("<u2" if width == 2 else np.uint8)
    picture = levels.reshape(samples, request["height"], request["width"])
    return picture[0] if samples == 1 else np.moveaxis(picture, 0, -1)


_CODECS = {"jpeg": _jpeg, "jpegls": _jpegls, "jpeg2000": _jpeg2000, "rle": _rle}


def _limit(request: dict[str, Any], idle_bytes: int) -> None:
    most = idle_bytes + request["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(usage.ru_utime + usage.ru_stime + request["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
        return int(statm.read().split()[0]) * resource.getpagesize()


def _answer(request: dict[str, Any], data: bytes, complaints: int) -> tuple[dict[str, Any], Any]:
    import numpy as np  # noqa: PLC0415

    try:
        pixels = np.ascontiguousarray(_CODECS[request["codec"]](data, request))
    except MemoryError:
        return {"error": "memory"}, b""
    except Exception as error:
        return {"error": type(error).__name__}, b""
    complained = os.fstat(complaints).st_size
    if complained:
        os.ftruncate(complaints, 0)
        os.lseek(complaints, 0, os.SEEK_SET)
        return {"error": "complaint"}, b""
    head = {"shape": pixels.shape, "dtype": pixels.dtype.str, "bytes": pixels.nbytes}
    return head, pixels.reshape(-1).view(np.uint8) if pixels.nbytes else b""


def main() -> None:
    """Answer requests until the other end closes."""
    import imagecodecs  # noqa: PLC0415

    # Loaded now, so that a first film does not wait and the limit on memory is counted from here.
    for name in ("jpeg8_decode", "jpegls_decode", "jpeg2k_decode", "packbits_decode"):
        getattr(imagecodecs, name)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    complaints = os.memfd_create("complaints")
    os.dup2(complaints, 2)
    connection = socket.socket(fileno=os.dup(0))
    connection.sendall(b"\1")
    idle_bytes = _address_space()
    while True:
        try:
            request = json.loads(_receive(connection, _LENGTH.unpack(_receive(connection, 4))[0]))
            data = bytes(_receive(connection, request["bytes"]))
        except EOFError:
            return
        _limit(request, idle_bytes)
        head, pixels = _answer(request, data, complaints)
        # The next film's bytes must find room before its own limit is set.
        resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)
        encoded = json.dumps(head).encode()
        connection.sendall(_LENGTH.pack(len(encoded)) + encoded)
        connection.sendall(pixels)


if __name__ == "__main__":
    main()
    sys.exit(0)
