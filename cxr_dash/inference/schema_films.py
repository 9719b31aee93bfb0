"""``bundle.json``: what thresholds do to whole films, one score a film, and the prevalence stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from cxr_dash.domain import LocalisedText
from cxr_dash.inference.schema_figures import Frozen, Interval, Key, Probability, Worded

ONE_IN: Final[Mapping[str, int]] = {"one_in_20": 20, "one_in_10": 10, "one_in_5": 5}
"""Keys of points by how many films without a finding one may be flagged of, the strictest first."""


class FilmFigures(Frozen):
    """What thresholds do to the films of one split, film by film; a figure without films is ``None``.

    A film is flagged where any label that is no good news reaches its threshold. ``flagged`` is the share of
    films without a finding that are, ``found`` the share of films with one, ``shown`` how many findings a
    film without one shows on average (labels that only sum up others are not counted), ``sensitivity`` by
    label the share of films with it on which it is shown.
    """

    split: str
    without_finding: int
    with_finding: int
    flagged: Interval | None = None
    found: Interval | None = None
    shown: Interval | None = None
    sensitivity: dict[Key, Interval] = Field(default_factory=dict)


class FilmScorePoint(Worded):
    """A threshold on the film's score, named by the share of films without a finding that it flags."""

    key: Key
    name: LocalisedText
    threshold: Probability
    achieved: list[FilmFigures] = Field(default_factory=list)


class FilmScore(Frozen):
    """The one figure by which a list of films may be ordered: the calibrated probability of ``label``."""

    label: Key
    points: list[FilmScorePoint]
    chosen_on: str


class FreeResponse(Frozen):
    """Findings shown per film without a finding against the share of true findings shown (FROC).

    One entry a setting, from none shown to all: the thresholds of all labels move together, as they do
    between the joint operating points. ``found_low`` and ``found_high`` are the 95 % interval of ``found``.
    """

    split: str
    without_finding: PositiveInt
    findings: PositiveInt = Field(description="True ones, film by label.")
    shown: list[NonNegativeFloat]
    found: list[Probability]
    found_low: list[Probability]
    found_high: list[Probability]

    @model_validator(mode="after")
    def _as_long(self) -> FreeResponse:
        lengths = {len(part) for part in (self.shown, self.found, self.found_low, self.found_high)}
        if len(lengths) != 1 or not self.shown:
            raise ValueError(
                f"a free-response curve must have lists of one length; received {sorted(lengths)}"
            )
        return self


class CalibratedAt(Worded):
    """The films whose prevalence the probabilities are stated at, with the intervals of that prevalence."""

    films: int
    natural: bool = Field(description="Whether the films were taken as they came, not by what they show.")
    description: LocalisedText
    intervals: dict[Key, Interval] = Field(default_factory=dict)
