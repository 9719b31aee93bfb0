"""Figures of a bundle's heatmaps: how well they point at boxes, and that they depend on the weights."""

from __future__ import annotations

from pydantic import Field

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
