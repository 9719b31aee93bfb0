"""Figures of a bundle's heatmaps: how well they point at boxes, and that they depend on the weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from cxr_dash.inference.schema_figures import Frozen, Interval, Key, Probability


class LocalisedFinding(Frozen):
    """One finding on the films it is boxed on; flat maps count as misses.

    ``label`` is the label whose map was compared; ``lung_opacity`` boxes are compared with another label's
    where a model does not have that one.
    """

    finding: Key
    label: Key
    films: int
    patients: int
    flat: int
    pointing: Interval = Field(description="Share of films whose highest point lies inside a box.")
    pointing_tolerant: Interval = Field(
        description="The same within 15 pixels of a box, on a film whose longer side is 320."
    )
    energy: Interval = Field(description="Mean share of the heat that lies inside the boxes.")
    iou: Interval = Field(description="Mean IoU of the boxes with what is above the cut.")


FEWEST_BOXES = 10  # resampling fewer calls a few lucky hits certain
MAX_EXAMPLES = 12
MAX_OUTLINE_POINTS = 80
MAX_GRID = 32
_HEAT_ROW = r"^[0-9a-f]{1,32}$"

Point = tuple[Probability, Probability]
Outline = Annotated[list[Point], Field(min_length=3, max_length=MAX_OUTLINE_POINTS)]


class Frame(Frozen):
    """A rectangle on a film, as shares of its width and height; may reach beyond the film."""

    left: float
    top: float
    right: float
    bottom: float

    @model_validator(mode="after")
    def _has_an_area(self) -> Frame:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError("a frame must have left < right and top < bottom")
        return self


class LocalisationExample(Frozen):
    """One boxed finding of the measured films as geometry alone: no pixel, no name, no patient.

    ``place`` and ``rank`` say why it is here: its place when all ``ranked`` boxed findings are sorted by
    energy. Points and boxes are shares of the film's width and height.
    """

    place: Literal["best", "upper_quarter", "median", "lower_quarter", "worst"]
    rank: int = Field(ge=1, description="1 is the one with the most heat in its boxes.")
    ranked: int = Field(ge=1)
    finding: Key
    label: Key
    probability: Probability
    energy: Probability
    hit: bool = Field(description="Whether the highest point lies inside a box.")
    flat: bool
    aspect: PositiveFloat = Field(description="The film's width over its height.")
    boxes: list[Frame] = Field(min_length=1, max_length=16)
    lungs: list[Outline] = Field(max_length=2, description="Their outline, where a segmenter found them.")
    heat: list[Annotated[str, Field(pattern=_HEAT_ROW)]] = Field(
        max_length=MAX_GRID,
        description="The map's cells, row by row, one hexadecimal digit each: fifteenths of its peak.",
    )
    heat_frame: Frame = Field(description="Where those cells lie on the film.")
    peak: Point | None = Field(description="The highest point; None on a flat map.")


class LabelPlace(Frozen):
    """Whether one label's maps know where the finding lies better than a template does.

    The template is the average place: where boxes of the finding lie on train films. ``films`` counts the
    boxed findings of ``splits`` whose map is this label's; ``gain`` pairs map and template on each.
    """

    films: int
    splits: str
    pointing: Interval = Field(description="Share of boxed findings whose highest point lies in a box.")
    template: Interval = Field(description="The same of the template's highest point.")
    gain: Interval = Field(description="How much more often the map hits; patients resampled.")

    @property
    def better(self) -> bool:
        """Whether at least 10 boxes were compared and the whole 95 % interval of the gain lies above 0."""
        return self.films >= FEWEST_BOXES and self.gain.low is not None and self.gain.low > 0.0


class LocalisationFigures(Frozen):
    """One way to make maps, on the boxed films of one split; ``mean`` holds plain means over findings."""

    method: str = Field(description="`served`: as the bundle makes them; others to compare with.")
    split: str
    films: int
    patients: int
    flat: int
    cut: Probability = Field(description="Share of the peak that IoU is taken at, chosen on val.")
    mean: dict[str, Interval]
    findings: list[LocalisedFinding]
    places: dict[Key, LabelPlace] = Field(
        default_factory=dict, description="Of the maps as served, by label: against the template."
    )
    examples: list[LocalisationExample] = Field(
        default_factory=list,
        max_length=MAX_EXAMPLES,
        description="Of the maps as served: fixed places in the ranking by energy, never chosen by hand.",
    )


class MapSanity(Frozen):
    """Adebayo's test (2018): maps of the model, and of the same model with weights drawn anew from the top.

    ``stages`` says, by how much of the network was redrawn, how alike the maps still are: Spearman's
    correlation of cells and structural similarity, means over films. Maps that stay alike show the film, not
    what the model learned.
    """

    split: str
    films: int
    stages: dict[str, dict[str, Interval]]
    passed: bool
    limit: str
