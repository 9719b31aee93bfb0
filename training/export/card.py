"""``CARD.md``: a Model Facts page (Sendak et al. 2020) made from ``bundle.json`` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cxr_dash.inference.bundle import CARD_FILE, SPEC_FILE
from cxr_dash.inference.schema import BundleSpec, SplitMetrics
from training.metrics import figure
from training.writing import write_json

_AVERAGES = {
    "auroc": "AUROC, mean over labels",
    "auprc": "AUPRC, mean over labels",
    "balanced_recall": "Recall of the most probable class, mean over classes",
    "accuracy": "Most probable class right",
    "brier": "Brier score, mean over labels (0 is perfect)",
    "ece": "Calibration error, mean over labels (0 is perfect)",
}
_SPLIT_TITLES = {
    "test": "Test: new patients, same collections",
    "external": "External: other hospitals",
    "val": "Val: used for choosing, optimistic",
}


def write_bundle_texts(spec: BundleSpec, folder: Path) -> None:
    """Write ``bundle.json`` and the card that is made from it."""
    write_json(spec.model_dump(mode="json"), folder / SPEC_FILE)
    (folder / CARD_FILE).write_text(render_card(spec), encoding="utf-8")


def render_card(spec: BundleSpec) -> str:
    """The card of a bundle, Markdown.

    Parameters
    ----------
    spec : BundleSpec

    Returns
    -------
    str
    """
    sections = [
        f"# Model facts: {spec.title_en}\n\n`{spec.id}` version {spec.version}. Decision support for "
        f"people who "
        "can read the film themselves. Not a medical device, not a diagnosis.",
        _section("What it is for", _bullets(spec.intended_use)),
        _section("What it is not for", _bullets(spec.not_for)),
        _section("Read this before any figure", _bullets(spec.warnings)),
        _section("How well it does", _summary(spec)),
        *(_split(spec, metrics) for metrics in _ordered(spec.metrics)),
        _section("Audits", _bullets(f"**{a.name}** ({a.verdict}): {a.headline}" for a in spec.audits)),
        _section("Thresholds", _points(spec)),
        _section("Films it should not be asked about", _gate(spec)),
        _section("On whom it was trained and measured", _sources(spec)),
        _section("How it was made", _making(spec)),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _ordered(metrics: list[SplitMetrics]) -> list[SplitMetrics]:
    order = {"external": 0, "test": 1, "val": 2}
    return sorted(metrics, key=lambda split: order.get(split.split, 3))


def _summary(spec: BundleSpec) -> str:
    splits = _ordered(spec.metrics)
    rows = [
        [title, *(figure(split.macro.get(name), digits=3) for split in splits)]
        for name, title in _names(splits).items()
        if any(name in split.macro for split in splits)
    ]
    header = ["Figure (95 % interval)", *(f"{split.split}, {split.films} films" for split in splits)]
    note = (
        "Intervals are the 2.5th and 97.5th percentile of 1,000 samples in which patients, not films, were "
        "drawn; those of sensitivity and specificity are widened to Wilson's where that is wider. They show "
        "the chance of the draw only, not the difference between hospitals. An AUROC of 0.5 is a coin."
    )
    return f"{_table(header, rows)}\n\n{note}"


def _names(splits: list[SplitMetrics]) -> dict[str, str]:
    extra = {
        name: "AUROC, mean over labels without `" + name.removeprefix("auroc_without_") + "`"
        for split in splits
        for name in split.macro
        if name.startswith("auroc_without_")
    }
    return {"auroc": _AVERAGES["auroc"], **extra, **_AVERAGES}


def _split(spec: BundleSpec, metrics: SplitMetrics) -> str:
    names = {label.key: label.name_en for label in spec.labels}
    point = spec.operating_point()
    rows = [
        [
            names[key],
            f"{row.positives} / {row.negatives}",
            figure(row.auroc),
            figure(row.auprc),
            figure(row.sensitivity),
            figure(row.specificity),
            figure(row.ece),
        ]
        for key, row in metrics.labels.items()
    ]
    missing = [names[key] for key in names if key not in metrics.labels]
    patients = f", {metrics.patients} patients" if metrics.patients else ", patients not fully known"
    parts = [
        f"{metrics.films} films{patients}. {metrics.description_en} Sensitivity and specificity at the "
        f"operating "
        f"point *{point.name_en}*, chosen on {point.chosen_on}.",
        _table(
            ["Label", "Pos / neg", "AUROC", "AUPRC", "Sensitivity", "Specificity", "Calibration error"], rows
        ),
    ]
    if missing:
        parts.append(f"Not measurable here: {', '.join(missing)}.")
    if metrics.subgroups and metrics.split != "val":
        parts.append(_subgroups(metrics))
    return _section(_SPLIT_TITLES.get(metrics.split, metrics.split), "\n\n".join(parts))


def _subgroups(metrics: SplitMetrics) -> str:
    rows = [
        [
            name.replace("=", ": "),
            f"{group['films'].value:.0f}",
            figure(group.get("auroc")),
            f"{group['labels'].value:.0f}" if "labels" in group else "–",
            figure(group.get("accuracy")),
        ]
        for name, group in metrics.subgroups.items()
    ]
    header = ["Subgroup", "Films", "AUROC, mean", "over labels", "Class right"]
    if not any("accuracy" in group for group in metrics.subgroups.values()):
        header, rows = header[:-1], [row[:-1] for row in rows]
    return _table(header, rows) + (
        "\n\nGroups of fewer than 20 films are not shown; the mean is over labels with at least 5 films "
        "of each "
        "kind in the group, so that groups average over different labels."
    )


def _points(spec: BundleSpec) -> str:
    keys = [point.key for point in spec.operating_points]
    rows = [
        [label.name_en, *(f"{point.thresholds[label.key]:.3f}" for point in spec.operating_points)]
        for label in spec.labels
    ]
    notes = _bullets(
        f"**{p.name_en}**{' (default)' if p.key == spec.default_operating_point else ''}: {p.explanation_en}"
        for p in spec.operating_points
    )
    names = [point.name_en for point in spec.operating_points if point.key in keys]
    return (
        f"On calibrated probabilities, chosen on {spec.operating_points[0].chosen_on}.\n\n"
        f"{_table(['Label', *names], rows)}\n\n{notes}"
    )


def _gate(spec: BundleSpec) -> str:
    gate = spec.out_of_distribution
    if gate is None:
        return "This bundle has no check for strange films."
    return (
        f"A film whose embedding lies farther than {gate.warn_above:g} from the training films is shown with "
        f"a warning, beyond {gate.reject_above:g} it is refused. Fitted on "
        f"{gate.fitted_on}.\n\n{gate.measured}"
    )


def _sources(spec: BundleSpec) -> str:
    rows = [
        [s.name, f"{s.films} ({s.splits})", s.population, s.licence, s.attribution or "–"]
        for s in spec.sources
    ]
    table = _table(["Collection", "Films", "Who", "Licence", "Attribution"], rows)
    return f"{table}\n\nNone of these films is part of this project; the weights were computed from them."


def _making(spec: BundleSpec) -> str:
    made = spec.training
    prep = spec.preparation
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    fitted = {"temperature": "one temperature", "platt": "one line (Platt) per label"}[spec.calibration.kind]
    lines = [
        f"Network {made.recipe.get('network.name')}, {spec.activation}, film as {prep.width} x "
        f"{prep.height} grey "
        f"levels: window at the {prep.window_low_percentile:g}th and {prep.window_high_percentile:g}th "
        f"percentile, "
        "black borders cut off, never stretched.",
        f"Probabilities calibrated with {fitted} on {spec.calibration.fitted_on}.",
        f"Trained {made.date} in {made.minutes:g} minutes, seed {made.seed}, commit `{made.commit}`; "
        f"{versions}.",
        f"Heatmaps: Grad-CAM of the logit at layer `{spec.cam_layer}`, {spec.cam_grid[0]} x "
        f"{spec.cam_grid[1]} "
        "cells: coarse. They show what moved the score, not where disease is.",
        "sha256: " + ", ".join(f"`{name}` {digest[:16]}…" for name, digest in spec.files.items()),
    ]
    return _bullets(lines)
