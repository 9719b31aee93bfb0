"""Which coefficients the scans of a JPEG have sent, and which are still to come (ITU-T T.81, annex G)."""

from __future__ import annotations

from dataclasses import dataclass, field

from cxr_dash.domain import N_, Words
from cxr_dash.imaging.formats.base import corrupt

_COEFFICIENTS = 64
_NOT_SENT = 255


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a frame: its identifier, and its rows of blocks in a unit."""

    key: int
    down: int


@dataclass(slots=True)
class Scans:
    """What the scans seen so far have sent.

    Attributes
    ----------
    components : tuple of Component
        Of the frame, in its order.
    progressive : bool
        Whether a scan may hold part of the coefficients.
    missing : dict of int to list of int
        By component, for each of 64 coefficients the bits still to come; 255 where nothing came yet.
    unit_height : int
        Rows of pixels that the first scan codes together, from left to right; 0 before the first scan.
    """

    components: tuple[Component, ...]
    progressive: bool
    missing: dict[int, list[int]] = field(default_factory=dict)
    unit_height: int = 0

    def __post_init__(self) -> None:
        self.missing = {part.key: [_NOT_SENT] * _COEFFICIENTS for part in self.components}

    def add(self, body: bytes) -> None:
        """Note one scan, from the body of its header.

        Raises
        ------
        CorruptFileError
            If the header contradicts itself or the frame.
        """
        count = body[0] if body else 0
        if not 1 <= count <= 4 or len(body) != 4 + 2 * count:
            raise corrupt(N_("A JPEG scan header must be whole"), Words(N_("a shorter one")))
        keys = [body[1 + 2 * index] for index in range(count)]
        first, last, bits = body[-3], body[-2], body[-1] & 15
        if not self.progressive:
            first, last, bits = 0, _COEFFICIENTS - 1, 0
        if any(key not in self.missing for key in keys) or not first <= last < _COEFFICIENTS:
            received = Words(N_("components {keys}, coefficients {first}-{last}"))
            values = {"keys": keys, "first": first, "last": last}
            raise corrupt(N_("A JPEG scan must be of its frame"), Words(received.template, values))
        for key in keys:
            self.missing[key][first : last + 1] = [bits] * (last + 1 - first)
        if not self.unit_height:
            self.unit_height = 8 * (max(part.down for part in self.components) if len(keys) > 1 else 1)

    def check_complete(self) -> None:
        """Make sure that every coefficient of every component has come, with all its bits.

        Raises
        ------
        CorruptFileError
            If scans are missing: the picture would be blurred, or grey.
        """
        lacking = sum(any(rest) for rest in self.missing.values())
        if lacking:
            received = Words(N_("{lacking} of {count} incomplete"))
            values = {"lacking": lacking, "count": len(self.missing)}
            raise corrupt(
                N_("A JPEG must hold all scans of its components"), Words(received.template, values)
            )
