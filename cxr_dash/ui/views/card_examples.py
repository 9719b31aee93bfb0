"""Where the heatmaps point: hit rates beside those that never look at the film, and drawn examples.

An example is a sketch of measured geometry, an SVG picture made here; no film was at hand to make it from.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from dash import html
from dash.development.base_component import Component

from cxr_dash import imaging, palette
from cxr_dash.domain import N_
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_localisation import Frame, LocalisationExample, LocalisationFigures
from cxr_dash.language import Translator
from cxr_dash.ui.views import card_tables as tables
from cxr_dash.ui.views import card_words as words

_SERVED = "served"
_PLACES = {
    "best": N_("Best"),
    "upper_quarter": N_("Upper quarter"),
    "median": N_("Median"),
    "lower_quarter": N_("Lower quarter"),
    "worst": N_("Worst"),
}
_HEIGHT = 200.0  # of the drawing, in its own units
_LEVELS = 15


def places_part(spec: BundleSpec, t: Translator) -> list[Component]:
    """Hit rate, examples and the table by finding; empty for a bundle whose maps were not measured."""
    found = tables.localisation_table(spec, t)
    if found is None:
        return []
    served = [figures for figures in spec.localisation if figures.method == _SERVED]
    return [
        *(html.P(_hit_rate(spec, figures, t), className="card-lead") for figures in served),
        *(part for figures in served if figures.examples for part in _examples(spec, figures, t)),
        html.Details(
            [html.Summary(t("Every finding, and what never looks at the film")), found], className="card-more"
        ),
    ]


def _hit_rate(spec: BundleSpec, served: LocalisationFigures, t: Translator) -> str:
    places = next(
        (one for one in spec.localisation if one.method == "train_boxes" and one.split == served.split), None
    )
    rate = tables.percent_text(served.mean.get("pointing"), t)
    split = words.short_splits(served.split, t)
    hit = t.plural(
        "The highest point of a map lies inside a radiologist's box in {rate} of {n} film ({split}, mean "
        "over findings).",
        "The highest point of a map lies inside a radiologist's box in {rate} of {n} films ({split}, mean "
        "over findings).",
        served.films,
        rate=rate,
        split=split,
    )
    if places is None:
        return hit
    template = t(
        "The mean box of the training films, which never looks at a film, has {place}.",
        place=tables.percent_text(places.mean.get("pointing"), t),
    )
    return f"{hit} {template}"


def _examples(spec: BundleSpec, served: LocalisationFigures, t: Translator) -> list[Component]:
    sketches = t("Sketches, not films: patients' films may not be passed on.")
    split = words.short_splits(served.split, t)
    chosen = t.plural(
        "The {n} boxed finding of the split ({split}) is shown.",
        "The {n} boxed findings of the split ({split}) are sorted by the share of heat that lies in the "
        "boxes; shown are the best, the median, the worst and those half-way between. Nobody chose them.",
        served.examples[0].ranked,
        split=split,
    )
    rule = f"{sketches} {chosen}"
    return [
        html.P(rule, className="card-note"),
        html.Div([_example(spec, one, t) for one in served.examples], className="card-examples"),
        html.P(
            t(
                "White frame: the radiologist's box. Grey outline: the lungs, as our segmenter sees them. "
                "Squares: the map's cells, up to their own peak. Ring: its highest point where it hits; "
                "cross: where it misses."
            ),
            className="card-note",
        ),
    ]


def _example(spec: BundleSpec, one: LocalisationExample, t: Translator) -> Component:
    place = t("{place}, {rank} of {ranked}", place=t(_PLACES[one.place]), rank=one.rank, ranked=one.ranked)
    name = words.finding_name(spec, one.finding, t)
    facts = t(
        "{energy} of the heat in the box; probability {probability}",
        energy=t.percent(one.energy),
        probability=t.percent(one.probability),
    )
    return html.Figure(
        [
            html.Img(
                src=sketch_url(one),
                alt=t(
                    "Sketch of {name}: {verdict}. {facts}.", name=name, verdict=_verdict(one, t), facts=facts
                ),
                width=str(round(_HEIGHT * one.aspect)),
                height=str(round(_HEIGHT)),
            ),
            html.Figcaption(
                [
                    html.Span(place, className="example-place"),
                    html.Strong(name),
                    html.Span(_verdict(one, t), className=f"example-verdict {'hit' if one.hit else 'miss'}"),
                    html.Span(facts),
                ]
            ),
        ],
        className="card-example",
    )


def _verdict(one: LocalisationExample, t: Translator) -> str:
    if one.flat:
        return t("no localised evidence, counted as a miss")
    return t("the highest point lies in the box") if one.hit else t("the highest point misses the box")


def sketch_url(one: LocalisationExample) -> str:
    """The sketch as a picture inside the page."""
    return "data:image/svg+xml;base64," + base64.b64encode(sketch(one).encode()).decode("ascii")


def sketch(one: LocalisationExample) -> str:
    """The sketch as SVG: figures and colours alone, nothing that could be taken for a film."""
    width = _HEIGHT * one.aspect
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {_HEIGHT:.1f}">',
            f'<rect width="{width:.1f}" height="{_HEIGHT:.1f}" fill="{palette.GROUND}"/>',
            *(_polygon(outline, width) for outline in one.lungs),
            *_cells(one, width),
            *(_frame(box, width) for box in one.boxes),
            _peak(one, width),
            "</svg>",
        ]
    )


def _polygon(outline: Iterable[tuple[float, float]], width: float) -> str:
    points = " ".join(f"{x * width:.1f},{y * _HEIGHT:.1f}" for x, y in outline)
    return (
        f'<polygon points="{points}" fill="{palette.RAISED_MORE}" stroke="{palette.FAINT}" stroke-width="1"/>'
    )


def _cells(one: LocalisationExample, width: float) -> Iterable[str]:
    colours = imaging.colour_table(imaging.COLOUR_MAPS[0])
    grid, rows = one.heat_frame, len(one.heat)
    for row, digits in enumerate(one.heat):
        columns = len(digits)
        for column, digit in enumerate(digits):
            share = int(digit, 16) / _LEVELS
            if not share:
                continue
            left = (grid.left + (grid.right - grid.left) * column / columns) * width
            top = (grid.top + (grid.bottom - grid.top) * row / rows) * _HEIGHT
            wide = (grid.right - grid.left) / columns * width
            high = (grid.bottom - grid.top) / rows * _HEIGHT
            red, green, blue = (int(part) for part in colours[round(255 * share)])
            # as over a film: what is cold lets the ground through
            opacity = 0.8 * min(1.0, 2 * share)
            yield (
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" '
                f'fill="#{red:02x}{green:02x}{blue:02x}" fill-opacity="{opacity:.2f}"/>'
            )


def _frame(box: Frame, width: float) -> str:
    x, y = box.left * width, box.top * _HEIGHT
    size = f'width="{(box.right - box.left) * width:.1f}" height="{(box.bottom - box.top) * _HEIGHT:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="none" stroke="{palette.WHITE}" stroke-width="2"/>'


def _peak(one: LocalisationExample, width: float) -> str:
    if one.peak is None:
        return ""
    x, y = one.peak[0] * width, one.peak[1] * _HEIGHT
    if one.hit:
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" '
    else:
        shape = f'<path d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" fill="none" '
    # a dark edge keeps it visible on the hottest cell
    edge = f'{shape}stroke="{palette.BLACK}" stroke-width="5"/>'
    return f'{edge}{shape}stroke="{palette.ACCENT}" stroke-width="2"/>'
