"""What the scans of a JPEG have sent: each coefficient with all its bits, in units of its components."""

from __future__ import annotations

import pytest

from cxr_dash.errors import CorruptFileError
from cxr_dash.imaging.formats import jpeg
from cxr_dash.imaging.formats.jpeg_scans import Component, Scans

GREY = (Component(1, 1),)
COLOUR = (Component(1, 2), Component(2, 1), Component(3, 1))


def _scan(keys: tuple[int, ...], first: int = 0, last: int = 63, bits: int = 0) -> bytes:
    return bytes([len(keys), *(byte for key in keys for byte in (key, 0)), first, last, bits])


def test_one_scan_sends_all_of_a_baseline_picture_whatever_it_says_of_coefficients() -> None:
    scans = Scans(GREY, progressive=False)
    with pytest.raises(CorruptFileError, match="1 of 1 incomplete"):
        scans.check_complete()
    scans.add(_scan((1,), 5, 7, 3))
    scans.check_complete()
    assert scans.unit_height == 8


def test_a_progressive_picture_needs_every_coefficient_to_its_last_bit() -> None:
    scans = Scans(COLOUR, progressive=True)
    scans.add(_scan((1, 2, 3), 0, 0, 0x01))
    assert scans.unit_height == 16
    for key in (1, 2, 3):
        scans.add(_scan((key,), 1, 63, 0x12))
    with pytest.raises(CorruptFileError, match="3 of 3 incomplete"):
        scans.check_complete()
    scans.add(_scan((1, 2, 3), 0, 0, 0x10))
    scans.add(_scan((1,), 1, 63, 0x20))
    scans.add(_scan((2,), 1, 63, 0x20))
    scans.add(_scan((3,), 1, 62, 0x20))
    with pytest.raises(CorruptFileError, match="1 of 3 incomplete"):
        scans.check_complete()
    scans.add(_scan((3,), 63, 63, 0x20))
    scans.check_complete()
    assert scans.unit_height == 16


def test_the_first_scan_says_how_high_a_unit_is() -> None:
    alone = Scans(COLOUR, progressive=False)
    alone.add(_scan((1,)))
    alone.add(_scan((1, 2)))
    assert alone.unit_height == 8
    both = Scans(COLOUR, progressive=False)
    both.add(_scan((2, 3)))
    assert both.unit_height == 16


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" + bytes(3),
        _scan((1,))[:-1],
        _scan((1,)) + b"\0",
        bytes([5, *(1, 0) * 5, 0, 63, 0]),
        _scan((4,)),
        _scan((1, 4)),
        _scan((1,), 6, 5),
        _scan((1,), 0, 64),
    ],
)
def test_a_scan_that_contradicts_itself_or_its_frame_is_damage(body: bytes) -> None:
    with pytest.raises(CorruptFileError):
        Scans(COLOUR, progressive=True).add(body)


def test_four_components_and_the_last_coefficient_alone_are_allowed() -> None:
    four = tuple(Component(key, 1) for key in range(1, 5))
    scans = Scans(four, progressive=True)
    scans.add(_scan((1, 2, 3, 4), 63, 63))
    assert {tuple(rest[-2:]) for rest in scans.missing.values()} == {(255, 0)}


def _coded(scans: int, end: bytes = b"\xff\xd9") -> bytes:
    """A beginning, scans of a few coded bytes each, an end."""
    return b"\xff\xd8" + scans * (b"\xff\xda\0\4\7\7" + b"\1\2\xff\0\3\xff\xd0\4") + end


def test_as_many_scans_as_are_allowed_are_walked_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg, "_MAX_SCANS", 3)
    assert [marker for marker, *_ in jpeg.segments(_coded(3))] == [0xDA] * 3 + [0xD9]
    with pytest.raises(CorruptFileError, match="more than 3 scans"):
        list(jpeg.segments(_coded(4)))


def test_segments_say_where_their_body_lies_whatever_fills_the_room_between() -> None:
    data = b"\xff\xd8" + b"\xff\xff\xff\xfe\0\5abc" + b"\xff\x01" + b"\xff\xdb\0\2" + b"\xff\xff\xd9more"
    bodies = [(marker, data[start:end]) for marker, start, end in jpeg.segments(data)]
    assert bodies == [(0xFE, b"abc"), (0xDB, b""), (0xD9, b"")]
    assert list(jpeg.segments(data))[-1][1:] == (len(data) - 4,) * 2


@pytest.mark.parametrize(
    "data",
    [
        _coded(1, b""),
        _coded(1, b"\xff"),
        _coded(0, b""),
        _coded(0, b"\xff"),
        _coded(0, b"\xfe\xff\xd9"),
        _coded(0, b"\xff\xfe\0\1\xff\xd9"),
        _coded(0, b"\xff\xfe\0\5\xff\xd9"),
        _coded(0, b"\xff\xfe\0"),
    ],
)
def test_a_jpeg_that_ends_early_or_in_a_segment_is_damage(data: bytes) -> None:
    with pytest.raises(CorruptFileError):
        list(jpeg.segments(data))
