"""The bytes of one request as they come: where its head ends, and whether all of it is there.

Nothing is decided here about what a request means. gunicorn's own parser reads the bytes again, strictly,
once they are whole. Where this reading finds anything but one plain length or plain chunks, the end it names
is `unsure`: the two readings may differ, so nothing that comes behind on the connection is read.
"""

from __future__ import annotations

import re

from cxr_dash.intake.limits import MOST_HEAD_BYTES

_HEAD_END = b"\r\n\r\n"
_LINE_END = b"\r\n"
# Any line that could be read as one of the two, beside those that are plain.
_FRAMING = re.compile(rb"[\r\n][ \t]*(?:content-length|transfer-encoding)[^\r\n:]*:", re.IGNORECASE)
_FOLDED = re.compile(rb"\r\n[ \t]")
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*(?=\r\n)", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?")
_MOST_CHUNK_LINE = 4096
# Each chunk, and each line of a trailer, costs the loop some microseconds: a client that sends films in
# pieces of one byte would have it to itself. Programs send kilobytes, and gunicorn takes 100 headers.
_CHUNKS_TOGETHER = 1000
_FEWEST_BYTES_OF_THEM = 64 * _CHUNKS_TOGETHER
_MOST_TRAILER_LINES = 100


class IncomingRequest:
    """One request on its way in.

    Attributes
    ----------
    data : bytearray
        What has come, of this request and perhaps of the next.
    head_bytes : int
        Length of first line and headers with the empty line after them; 0 while they are not whole.
    end : int or None
        Where the request ends in ``data``; ``None`` while it is not whole.
    declared_bytes : int
        Length of the body as its head says; 0 for none, or where only its end will tell.
    unsure : bool
        Whether another reading of the same bytes might find another end.
    in_small_pieces : bool
        Whether the body comes in so many tiny chunks, or lines of a trailer, that it is not read on.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.head_bytes = 0
        self.end: int | None = None
        self.declared_bytes = 0
        self.expects_continue = False
        self.unsure = False
        self.in_small_pieces = False
        self._chunked = False
        # of a body in chunks: where the next line of a size, or of the trailer, begins
        self._next_line = 0
        self._in_trailer = False
        # where the last thousand chunks begin
        self._chunks_begin = 0
        self._chunks = self._trailer_lines = 0

    @property
    def body_bytes(self) -> int:
        """How much of the body has come."""
        return len(self.data) - self.head_bytes if self.head_bytes else 0

    @property
    def first_line(self) -> list[str]:
        """Method, address and version, as far as the line has them."""
        line, _, _ = bytes(self.data[:MOST_HEAD_BYTES]).lstrip(b"\r\n").partition(_LINE_END)
        return line.decode("latin-1").split(" ")

    @property
    def head_too_long(self) -> bool:
        """Whether more came than any head needs, without an end of it."""
        return not self.head_bytes and len(self.data) > MOST_HEAD_BYTES

    def add(self, piece: bytes | bytearray | memoryview) -> None:
        """Take what has come."""
        searched = max(0, len(self.data) - len(_HEAD_END))
        self.data += piece
        if not self.head_bytes:
            # empty lines before a request belong to none
            begin = len(self.data) - len(self.data.lstrip(b"\r\n"))
            found = self.data.find(_HEAD_END, max(begin, searched))
            if found < 0:
                return
            self._read_head(found + len(_HEAD_END))
        if self.end is None:
            self._look_for_end()

    def drop_body(self) -> None:
        """Keep the head alone, of a request that is turned away; what came behind it is lost too."""
        del self.data[self.head_bytes :]
        self.end = None

    def _read_head(self, head_bytes: int) -> None:
        self.head_bytes = self._next_line = self._chunks_begin = head_bytes
        head = bytes(self.data[:head_bytes])
        lengths, chunked = _CONTENT_LENGTH.findall(head), _CHUNKED.findall(head)
        self._chunked = bool(chunked)
        self.expects_continue = _CONTINUE.search(head) is not None
        framing = len(_FRAMING.findall(head))
        plain = framing == len(lengths) + len(chunked) <= 1
        self.unsure = not plain or _FOLDED.search(head) is not None
        # no length, several, or one that is no number: gunicorn says what is wrong with it
        if not chunked and len(lengths) == 1:
            self.declared_bytes = int(lengths[0])

    def _look_for_end(self) -> None:
        if not self._chunked:
            whole = self.head_bytes + self.declared_bytes
            self.end = whole if len(self.data) >= whole else None
            return
        while self.end is None:
            line_end = self.data.find(_LINE_END, self._next_line, self._next_line + _MOST_CHUNK_LINE)
            if line_end < 0:
                if len(self.data) - self._next_line >= _MOST_CHUNK_LINE:
                    self._end_unsure()
                return
            line = bytes(self.data[self._next_line : line_end])
            take = self._take_trailer_line if self._in_trailer else self._take_chunk
            if not take(line, line_end + len(_LINE_END)):
                return

    def _take_trailer_line(self, line: bytes, after: int) -> bool:
        """One line behind the last chunk. Whether there is more to look at."""
        self._next_line = after
        self._trailer_lines += 1
        if not line:
            self.end = after
        elif b"\n" in line or b"\r" in line:
            self._end_unsure()
        elif self._trailer_lines > _MOST_TRAILER_LINES:
            self._end_in_small_pieces()
        return self.end is None

    def _take_chunk(self, line: bytes, after: int) -> bool:
        """A chunk, which begins with the line of its size. Whether there is more to look at."""
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            self._end_unsure()
            return False
        length = int(size[1], 16)
        if length == 0:
            self._in_trailer = True
            self._next_line = after
            return True
        chunk_end = after + length + len(_LINE_END)
        if len(self.data) < chunk_end:
            return False
        if self.data[chunk_end - len(_LINE_END) : chunk_end] != _LINE_END:
            self._end_unsure()
            return False
        self._next_line = chunk_end
        self._chunks += 1
        if self._chunks % _CHUNKS_TOGETHER == 0:
            if chunk_end - self._chunks_begin < _FEWEST_BYTES_OF_THEM:
                self._end_in_small_pieces()
            self._chunks_begin = chunk_end
        return self.end is None

    def _end_unsure(self) -> None:
        """Wait for no more of a body that makes no sense; gunicorn says what is wrong with it."""
        self.end, self.unsure = len(self.data), True

    def _end_in_small_pieces(self) -> None:
        self.in_small_pieces = True
        self._end_unsure()
