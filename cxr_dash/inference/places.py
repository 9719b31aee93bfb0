"""Whether the place of a label's heat may be put into words: only where its maps were found to know it."""

from __future__ import annotations

from typing import Final

from cxr_dash.domain import NoPlace
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_localisation import LabelPlace

SERVED: Final = "served"


def label_place(spec: BundleSpec, label_key: str) -> LabelPlace | None:
    """How often the peak of a label's map lies in the box, and a template's; None where nobody measured."""
    for found in spec.localisation:
        if found.method == SERVED and label_key in found.places:
            return found.places[label_key]
    return None


def why_no_place(spec: BundleSpec, label_key: str) -> NoPlace | None:
    """Why the place of a label's heat is not put into words; None where it is.

    A map is told from a template, the average place of the finding's boxes, by boxes that nothing was trained
    on: the 95 % interval of how much more often its peak lies in the box must lie above 0. What was never
    measured is not taken for better.
    """
    found = label_place(spec, label_key)
    if found is None:
        return "not_measured"
    return None if found.better else "no_better_than_template"
