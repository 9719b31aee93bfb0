"""What a reader asked to take away, and how the screen was set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cxr_dash import imaging
from cxr_dash.domain import N_
from cxr_dash.errors import RequestError
from cxr_dash.services.exports.agreement import Agreement
from cxr_dash.services.exports.maps import MapSize

# Films in one list: what the page takes in, and what a request for a whole list may name.
MOST_FILMS = 500
# Of a window's figures, in whatever unit: beyond these no film has levels.
_MOST, _NARROWEST = 1e9, 1e-9
_UNITS, _CURVES = ("shown", "film"), ("linear", "sigmoid")


@dataclass(frozen=True, slots=True)
class Seen:
    """How the film stood on the screen.

    Attributes
    ----------
    window_width, window_level : float
        Of the grey window, in the 256 grey levels of the picture; 255 and 127.5 change nothing. A film of
        more bits has levels between these, and beyond both ends.
    invert : bool
        Whether the reader had swapped black and white.
    contours : bool
        Whether heat was drawn as lines, not as colours.
    unit : {"shown", "film"}
        Of the window: grey levels of the picture, or the film's own levels where it has more than 8 bits.
    curve : {"linear", "sigmoid"}
    table : int or None
        Which of the tables that the file brings was chosen, the first one is 1.
    applied : bool
        Whether the picture that is drawn on went through the window already: one of a film's own levels.
    """

    window_width: float = 255.0
    window_level: float = 127.5
    invert: bool = False
    contours: bool = False
    unit: str = "shown"
    curve: str = "linear"
    table: int | None = None
    applied: bool = False

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("window_width", self.window_width, _NARROWEST, _MOST),
            ("window_level", self.window_level, -_MOST, _MOST),
        ):
            if not least <= value <= most:
                raise RequestError(
                    N_("`{name}` must be between {least} and {most}; received {received}."),
                    name=name,
                    least=f"{least:g}",
                    most=f"{most:g}",
                    received=str(value),
                )

        for name, word, words in (("window_unit", self.unit, _UNITS), ("window_curve", self.curve, _CURVES)):
            if word not in words:
                raise RequestError(
                    N_("`{name}` must be one of {words}; received {received!r}."),
                    name=name,
                    words=", ".join(words),
                    received=word,
                )

    @property
    def whole(self) -> bool:
        """Whether the window is that of the film's first picture."""
        window = (self.window_width, self.window_level, self.unit, self.curve, self.table)
        return window == (255.0, 127.5, "shown", "linear", None)

    @property
    def plain(self) -> bool:
        """Whether the film stands as its first picture shows it."""
        return self.whole and not self.invert


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How the reader had set the screen for one picture.

    Attributes
    ----------
    colour_map : str
        One of :data:`cxr_dash.imaging.COLOUR_MAPS`.
    opacity : float
        0-1.
    threshold : float or None
        The reader's threshold, 0-1; the model's default where ``None``.
    anyway : bool
        Whether the reader asked for the figures of a film that the input gate refused.
    seen : Seen
    marks : tuple of Mark
        What the reader drew on the film.
    """

    colour_map: str = "inferno"
    opacity: float = 0.6
    threshold: float | None = None
    anyway: bool = False
    seen: Seen = field(default_factory=Seen)
    marks: tuple[imaging.Mark, ...] = ()

    def __post_init__(self) -> None:
        if self.colour_map not in imaging.COLOUR_MAPS:
            raise RequestError(
                N_("`colour_map` must be one of {maps}; received {received!r}."),
                maps=", ".join(imaging.COLOUR_MAPS),
                received=self.colour_map,
            )
        check_share("opacity", self.opacity)
        if self.threshold is not None:
            check_share("threshold", self.threshold)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the reader thought, before the model was shown unless ``seen_before``.

    Attributes
    ----------
    normal : bool
    labels : tuple of str
        Keys of what the reader saw; not necessarily labels of the model in force.
    at : str
        When it was given, ISO 8601.
    unsure : bool
    seen_before : bool
        Whether the model's answer had been on the screen before: the reading then was not first.
    after : Opinion or None
        The reading as changed after the model was seen; the first one stays as it was.
    """

    normal: bool
    labels: tuple[str, ...]
    at: str
    unsure: bool = False
    seen_before: bool = False
    after: Opinion | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The reader's verdicts on the findings of one film, made after the model's answer was shown.

    Attributes
    ----------
    verdicts : mapping of str to {"accepted", "rejected"}
        By label key; what is not in it was not judged.
    at : str
        When the last of them was made, ISO 8601; may be empty.
    """

    verdicts: Mapping[str, Literal["accepted", "rejected"]] = field(default_factory=dict)
    at: str = ""


@dataclass(frozen=True, slots=True)
class ChosenFilm:
    """One film of the reader's list.

    Attributes
    ----------
    number : int
        As in the list: ``film 03``.
    film : str or None
        Its key; ``None`` where the server has none, because the file could not be opened.
    label : str or None
        The finding in view on this film, where the reader chose one.
    anyway : bool
        Whether figures were asked for although the input gate refused the film.
    read : bool or None
        Whether the reader marked it as read; ``None`` where that is not known.
    opinion : Opinion or None
    judged : Judged or None
    problem : str
        Why there is no key, in words.
    problem_code : str
        The same as a stable code; empty where the page knows none.
    marks : tuple of Mark
        What the reader drew on it.
    film_label : str
        What the reader wrote on its row; for the report alone, and not kept.
    """

    number: int
    film: str | None = None
    label: str | None = None
    anyway: bool = False
    read: bool | None = None
    opinion: Opinion | None = None
    judged: Judged | None = None
    problem: str = ""
    problem_code: str = ""
    marks: tuple[imaging.Mark, ...] = ()
    film_label: str = ""

    @property
    def path(self) -> str:
        """How the film is called in tables: never by its file's name."""
        return f"film {self.number:02d}"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is taken away: films, as read by one model with the cuts in force.

    Attributes
    ----------
    model : str
    films : tuple of ChosenFilm
    thresholds : mapping of str to float
        The reader's cuts by label key, 0-1; the model's default where one is missing.
    split : str or None
        The held-out films whose figures the reader chose to see.
    prevalences : mapping of str to float
        How common findings are where the reader works, by label key, 0-1; the model's own where one is
        missing. Cuts are on the model's own scale whatever they are.
    colour_map : str
    opacity : float
        0-1.
    agreement : Agreement or None
        Of the reader and the model, where films were read first.
    seen : Seen
    maps : {"grid", "full"}
        How large raw maps in a ZIP are: as the model made them, or enlarged to the film.
    """

    model: str
    films: tuple[ChosenFilm, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    split: str | None = None
    colour_map: str = "inferno"
    opacity: float = 0.6
    agreement: Agreement | None = None
    prevalences: Mapping[str, float] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    maps: MapSize = "grid"

    def __post_init__(self) -> None:
        self.options(None)
        for key, value in self.thresholds.items():
            check_share(f"thresholds.{key}", value)
        numbers = [film.number for film in self.films]
        if len(set(numbers)) < len(numbers):
            raise RequestError(N_("`number` must differ from film to film; received one of them twice."))

    def options(
        self, label_key: str | None, *, anyway: bool = False, marks: tuple[imaging.Mark, ...] = ()
    ) -> ExportOptions:
        """How one picture is to be drawn."""
        threshold = self.thresholds.get(label_key) if label_key is not None else None
        return ExportOptions(self.colour_map, self.opacity, threshold, anyway, self.seen, marks)


def check_share(name: str, value: float) -> None:
    """Refuse what is not between 0 and 1; NaN is not."""
    if not 0.0 <= value <= 1.0:
        raise RequestError(
            N_("`{name}` must be between 0 and 1; received {received}."), name=name, received=str(value)
        )
