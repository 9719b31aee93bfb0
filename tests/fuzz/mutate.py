"""A case out of a seed and a number: a file of the corpus, changed a little in one or a few ways."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

from fuzz import tokens
from fuzz.case import Case, Part, Seed
from fuzz.drawn import draw_film

DRAWN = "drawn"
"""The kind of file that is no mutated one, but a film with levels of any kind."""

# Larger than any file of the corpus by far: what grows by being doubled stops growing.
_MOST_BYTES = 200_000
_MOST_PARTS = 400


class Mutator:
    """Makes cases.

    Parameters
    ----------
    seed : int
    corpus : sequence of Seed
    """

    def __init__(self, seed: int, corpus: Sequence[Seed]) -> None:
        self.seed = seed
        self._by_kind: dict[str, list[Seed]] = {}
        for one in corpus:
            self._by_kind.setdefault(one.kind, []).append(one)
        self._all = tuple(corpus)

    def case(self, number: int, kinds: Sequence[str]) -> Case:
        """The case of this number: the same one always, whatever was made before.

        Parameters
        ----------
        number : int
        kinds : sequence of str
            Of the seed files that it may be made from, each as likely as the others.
        """
        random = Random(self.seed << 40 | number)  # noqa: S311 - to be repeated, not to be secret
        kind = random.choice(kinds)
        if kind == DRAWN:
            return Case(self.seed, number, kind, kind, draw_film(random))
        start = random.choice(self._by_kind[kind])
        data = start.data
        if start.join is not None and random.random() < 0.65:
            parts = list(start.parts)
            for _ in range(_few(random)):
                random.choice(_ON_PARTS)(random, parts, self._other(random, start))
                if not parts or len(parts) > _MOST_PARTS:
                    parts = list(start.parts)
            data = start.join(parts)[:_MOST_BYTES]
        if data == start.data or random.random() < 0.25:
            piece = bytearray(data)
            for _ in range(_few(random)):
                random.choice(_ON_BYTES)(random, piece, self._other(random, start).data)
            data = bytes(piece[:_MOST_BYTES])
        return Case(self.seed, number, start.kind, start.name, data)

    def _other(self, random: Random, start: Seed) -> Seed:
        """A second file to take from: mostly of the same kind."""
        return random.choice(self._by_kind[start.kind] if random.random() < 0.85 else self._all)


def _few(random: Random) -> int:
    return random.choice((1, 1, 1, 2, 2, 3, 5))


def _place(random: Random, data: bytearray) -> int:
    """Anywhere, and every other time near the beginning, where headers lie."""
    return random.randrange(min(len(data), 64) if random.random() < 0.5 else len(data)) if data else 0


def _flip_bit(random: Random, data: bytearray, _other: bytes) -> None:
    if data:
        data[_place(random, data)] ^= 1 << random.randrange(8)


def _set_byte(random: Random, data: bytearray, _other: bytes) -> None:
    if data:
        data[_place(random, data)] = random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, random.randrange(256)))


def _set_number(random: Random, data: bytearray, _other: bytes) -> None:
    """A figure at the edge of what fits, where a length may stand."""
    layout = random.choice(("<H", ">H", "<I", ">I"))
    size = struct.calcsize(layout)
    place = _place(random, data)
    if len(data) >= place + size:
        number = random.choice(tokens.NUMBERS) if random.random() < 0.8 else random.randrange(1 << 32)
        struct.pack_into(layout, data, place, number & ((1 << 8 * size) - 1))


def _nudge_number(random: Random, data: bytearray, _other: bytes) -> None:
    layout = random.choice(("<H", ">H", "<I", ">I"))
    size = struct.calcsize(layout)
    place = _place(random, data)
    if len(data) >= place + size:
        (number,) = struct.unpack_from(layout, data, place)
        struct.pack_into(layout, data, place, (number + random.randint(-16, 16)) & ((1 << 8 * size) - 1))


def _cut_end(random: Random, data: bytearray, _other: bytes) -> None:
    del data[_place(random, data) :]


def _remove(random: Random, data: bytearray, _other: bytes) -> None:
    place = _place(random, data)
    del data[place : place + random.choice((1, 2, 4, 16, random.randrange(1, 500)))]


def _insert_token(random: Random, data: bytearray, _other: bytes) -> None:
    place = _place(random, data)
    data[place:place] = random.choice(tokens.BYTES)


def _overwrite_token(random: Random, data: bytearray, _other: bytes) -> None:
    token, place = random.choice(tokens.BYTES), _place(random, data)
    data[place : place + len(token)] = token


def _repeat(random: Random, data: bytearray, _other: bytes) -> None:
    place = _place(random, data)
    piece = data[place : place + random.choice((1, 4, 32, random.randrange(1, 300)))]
    data[place:place] = piece * random.choice((1, 2, 20))


def _zero(random: Random, data: bytearray, _other: bytes) -> None:
    place = _place(random, data)
    size = min(random.randrange(1, 400), len(data) - place)
    data[place : place + size] = random.choice((b"\0", b"\xff")) * size


def _cross(random: Random, data: bytearray, other: bytes) -> None:
    """The beginning of one file, the end of another."""
    end = random.randrange(len(other)) if other else 0
    data[_place(random, data) :] = other[end:]


def _transplant(random: Random, data: bytearray, other: bytes) -> None:
    if other:
        start = random.randrange(len(other))
        piece = other[start : start + random.randrange(1, 200)]
        place = _place(random, data)
        data[place : place + len(piece)] = piece


_ON_BYTES: tuple[Callable[[Random, bytearray, bytes], None], ...] = (
    *(_flip_bit, _flip_bit, _set_byte, _set_byte, _set_number, _set_number, _nudge_number, _cut_end, _remove),
    *(_insert_token, _overwrite_token, _repeat, _zero, _cross, _transplant),
)


def _change_body(random: Random, parts: list[Part], other: Seed) -> None:
    """Bytes inside a part; its length and checksum are right again when it is written."""
    index = random.randrange(len(parts))
    body = bytearray(parts[index].body)
    mutator = random.choice(_ON_BYTES)
    mutator(random, body, random.choice(other.parts).body if other.parts else other.data)
    parts[index] = Part(parts[index].name, bytes(body), parts[index].extra)


def _change_extra(random: Random, parts: list[Part], _other: Seed) -> None:
    """A JPEG's coded data; a DICOM element's kind of value."""
    index = random.randrange(len(parts))
    part = parts[index]
    if len(part.name) == 1:
        extra = bytearray(part.extra)
        random.choice(_ON_BYTES)(random, extra, b"")
        parts[index] = Part(part.name, part.body, bytes(extra))
    elif _is_dicom(part):
        parts[index] = Part(
            part.name, part.body, random.choice(tokens.VRS) + random.choice((b"", b"", b"", b"u"))
        )


def _drop(random: Random, parts: list[Part], _other: Seed) -> None:
    del parts[random.randrange(len(parts))]


def _double(random: Random, parts: list[Part], _other: Seed) -> None:
    part = random.choice(parts)
    place = random.randrange(len(parts) + 1)
    parts[place:place] = [part] * random.choice((1, 1, 1, 3, 120))


def _move(random: Random, parts: list[Part], _other: Seed) -> None:
    part = parts.pop(random.randrange(len(parts)))
    parts.insert(random.randrange(len(parts) + 1), part)


def _borrow(random: Random, parts: list[Part], other: Seed) -> None:
    """A part of another file, beside or in place of one of this."""
    if other.parts:
        place = random.randrange(len(parts))
        parts[place : place + random.randrange(2)] = [random.choice(other.parts)]


def _rename(random: Random, parts: list[Part], _other: Seed) -> None:
    index = random.randrange(len(parts))
    part = parts[index]
    parts[index] = Part(random.choice(_names_like(part)), part.body, part.extra)


def _new_part(random: Random, parts: list[Part], _other: Seed) -> None:
    like = random.choice(parts)
    extra = like.extra
    body = random.choice((*tokens.BYTES, struct.pack("<H", random.choice(tokens.NUMBERS) & 0xFFFF)))
    if _is_dicom(like):
        extra = random.choice(tokens.VRS)
        body = _dicom_value(random)
    place = random.randrange(len(parts) + 1)
    parts.insert(place, Part(random.choice(_names_like(like)), body, extra))


def _new_value(random: Random, parts: list[Part], _other: Seed) -> None:
    """A value of the dictionary in a DICOM element; figures at the edge elsewhere."""
    index = random.randrange(len(parts))
    part = parts[index]
    if _is_dicom(part):
        parts[index] = Part(part.name, _dicom_value(random), part.extra)
    else:
        body = bytearray(part.body)
        _set_number(random, body, b"")
        parts[index] = Part(part.name, bytes(body), part.extra)


def _dicom_value(random: Random) -> bytes:
    chance = random.random()
    if chance < 0.6:
        return random.choice(tokens.DICOM_VALUES)
    numbers = [random.choice(tokens.NUMBERS) for _ in range(random.choice((1, 1, 2, 3, 6)))]
    if chance < 0.9:
        return b"".join(struct.pack("<H", number & 0xFFFF) for number in numbers)
    return b"".join(struct.pack("<I", number) for number in numbers)


def _is_dicom(part: Part) -> bool:
    """A tag's bytes are no letters."""
    return len(part.name) == 4 and not part.name.strip().isalnum()


def _names_like(part: Part) -> Sequence[bytes]:
    if len(part.name) == 1:
        return tokens.JPEG_NAMES
    if _is_dicom(part):
        return tokens.DICOM_TAGS
    return tokens.PNG_NAMES if part.name in tokens.PNG_NAMES else tokens.WEBP_NAMES


_ON_PARTS: tuple[Callable[[Random, list[Part], Seed], None], ...] = (
    *(_change_body, _change_body, _change_body, _change_body, _change_extra, _change_extra, _drop, _double),
    *(_move, _borrow, _borrow, _rename, _new_part, _new_value, _new_value),
)
