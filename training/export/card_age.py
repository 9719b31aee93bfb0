"""The gate's answer `a child or an adult` on its card: how it was made, and what it does to whom."""

from __future__ import annotations

from cxr_dash.inference.schema import BundleSpec, Interval
from training.export.card_text import bullets, section, table
from training.metrics import figure


def age_group(spec: BundleSpec) -> str:
    """Limits and figures of the age group's head; empty where the gate has none."""
    group = spec.age_group
    if group is None:
        return ""
    rows = [
        [
            row.collection,
            str(row.children),
            _share(row.children_found),
            _share(row.children_taken_for_adults),
            str(row.adults),
            _share(row.adults_found),
            _share(row.adults_taken_for_children),
        ]
        for row in group.figures
    ]
    header = [
        "Collection",
        "Children",
        "Refused by adults' models",
        "Refused by children's models",
        "Adults",
        "Refused by children's models",
        "Refused by adults' models",
    ]
    return section(
        "A child or an adult",
        "Asked only where the file does not say the age, and a reader may ask for the figures all the same. "
        f"A linear head on the features of `{group.trunk.id}` (compiled graph `{group.trunk.sha256[:12]}`); "
        f"from {group.child_above:g} on a film seems to be of a child, below {group.adult_below:g} of an "
        f"adult, and between them nothing is said. Chosen on {group.chosen_on}.",
        table(header, rows),
        bullets(
            [
                f"It learned from patients younger than {group.children_below_years} and from patients of "
                f"{group.adults_from_years} or older. Those in between are nobody it was measured on: expect "
                "either answer, or none.",
                "Within one hospital there are few small children here: the collection of children alone "
                "differs from those of adults in more than age, so its figure is the better one, and that of "
                "the collections with both is the one to believe.",
                "Not measured: newborns, children outside the hospitals above, adults of small stature.",
            ]
        ),
    )


def _share(value: Interval | None) -> str:
    return figure(value, digits=2)
