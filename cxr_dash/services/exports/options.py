"""What a reader asked to take away, and how the screen was set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cxr_dash import imaging
from cxr_dash.domain import N_
from cxr_dash.errors import RequestError
from cxr_dash.services.exports.agreement import Agreement

# Films in one list: what the page takes in, and what a request for a whole list may name.
MOST_FILMS = 500


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
    """

    colour_map: str = "inferno"
    opacity: float = 0.6
    threshold: float | None = None
    anyway: bool = False

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
    problem : str
        Why there is no key, in words.
    problem_code : str
        The same as a stable code; empty where the page knows none.
    """

    number: int
    film: str | None = None
    label: str | None = None
    anyway: bool = False
    read: bool | None = None
    opinion: Opinion | None = None
    problem: str = ""
    problem_code: str = ""

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
    """

    model: str
    films: tuple[ChosenFilm, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    split: str | None = None
    colour_map: str = "inferno"
    opacity: float = 0.6
    agreement: Agreement | None = None
    prevalences: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.options(None)
        for key, value in self.thresholds.items():
            check_share(f"thresholds.{key}", value)
        numbers = [film.number for film in self.films]
        if len(set(numbers)) < len(numbers):
            raise RequestError(N_("`number` must differ from film to film; received one of them twice."))

    def options(self, label_key: str | None, *, anyway: bool = False) -> ExportOptions:
        """How one picture is to be drawn."""
        threshold = self.thresholds.get(label_key) if label_key is not None else None
        return ExportOptions(self.colour_map, self.opacity, threshold, anyway)


def check_share(name: str, value: float) -> None:
    """Refuse what is not between 0 and 1; NaN is not."""
    if not 0.0 <= value <= 1.0:
        raise RequestError(
            N_("`{name}` must be between 0 and 1; received {received}."), name=name, received=str(value)
        )
