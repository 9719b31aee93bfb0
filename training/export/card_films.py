"""Figures of a card about whole films: what presets flag, the film's score, the free-response curve."""

from __future__ import annotations

from cxr_dash.inference.schema import BundleSpec, FilmFigures, FreeResponse, Interval
from training.export.card_text import section, table
from training.films.split_names import split_place

# findings shown per film without one that the curve is read at
_READ_AT = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


def films(spec: BundleSpec) -> str:
    """What a reader of films meets: flags on films without a finding, and films with one that get none."""
    parts = [_points(spec), _score(spec), *(_curve(curve) for curve in spec.free_response)]
    if not any(parts):
        return ""
    return section(
        "What it does to whole films",
        "A film is flagged where any finding reaches its threshold. Shares are the wider of the bootstrap's "
        "interval over patients and Wilson's.",
        *(part for part in parts if part),
        f"How the false alarms were shared between findings: {spec.points_chosen}"
        if spec.points_chosen
        else "",
    )


def _points(spec: BundleSpec) -> str:
    rows = [
        [point.name.en, *_row(part)] for point in spec.operating_points for part in _in_order(point.achieved)
    ]
    header = [
        "Preset",
        "Films",
        "Without a finding, flagged",
        "With one, flagged",
        "Findings shown per film without one",
    ]
    return table(header, rows) if rows else ""


def _row(part: FilmFigures) -> list[str]:
    shown = part.shown
    return [
        f"{part.split}: {part.without_finding} / {part.with_finding}",
        _share(part.flagged),
        _share(part.found),
        f"{shown.value:.2f}" if shown else "–",
    ]


def _score(spec: BundleSpec) -> str:
    if spec.film_score is None:
        return ""
    names = {label.key: label.name.en for label in spec.labels}
    rows = [
        [point.name.en, f"{point.threshold:.3f}", *_row(part)[:3]]
        for point in spec.film_score.points
        for part in _in_order(point.achieved)
    ]
    header = ["Point", "Threshold", "Films", "Without a finding, above", "With one, above"]
    return (
        f"One score a film, for ordering a list: *{names[spec.film_score.label]}*.\n\n{table(header, rows)}"
        if rows
        else ""
    )


def _curve(curve: FreeResponse) -> str:
    """The curve at a few round numbers of findings shown."""
    rows = []
    for wanted in _READ_AT:
        at = max((k for k, shown in enumerate(curve.shown) if shown <= wanted), default=0)
        found = Interval(value=curve.found[at], low=curve.found_low[at], high=curve.found_high[at])
        rows.append([f"{wanted:g}", _share(found)])
    return (
        f"Free-response curve on {curve.split}: {curve.without_finding} films without a finding, "
        f"{curve.findings} true findings.\n\n"
        + table(["Findings shown per film without one, at most", "Share of true findings shown"], rows)
    )


def _in_order(parts: list[FilmFigures]) -> list[FilmFigures]:
    return sorted(parts, key=lambda part: split_place(part.split))


def _share(value: Interval | None) -> str:
    if value is None:
        return "–"
    if value.low is None or value.high is None:
        return f"{value.value:.1%}"
    return f"{value.value:.1%} ({value.low:.1%}–{value.high:.1%})"
