"""Figures of a card: overall, per label, per subgroup, calibration, and what each operating point costs."""

from __future__ import annotations

from cxr_dash.inference.schema import BundleSpec, Interval, LabelMetrics, SplitMetrics
from training.export.card_text import bullets, section, table
from training.films.split_names import HELD_OUT_SPLITS, NATURAL, NATURAL_VAL, split_place
from training.metrics import figure

_AVERAGES = {
    "auroc": "AUROC, mean over labels",
    "auroc_within_source": "AUROC within one source, mean over labels that have such films",
    "auprc": "AUPRC, mean over labels",
    "balanced_recall": "Recall of the most probable class, mean over classes",
    "accuracy": "Most probable class right",
    "brier": "Brier score, mean over labels (0 is perfect)",
    "ece": "Calibration error, mean over labels (0 is perfect)",
}
_SPLIT_TITLES = {
    "test": "Test: new patients, same collections",
    "external": "External: other hospitals",
    NATURAL: "Test films at natural prevalence",
    NATURAL_VAL: "Val films at natural prevalence: calibrated and chosen on, optimistic",
    "val": "Val: used for choosing, optimistic",
}


def ordered(spec: BundleSpec) -> list[SplitMetrics]:
    """Splits, the most telling first."""
    return sorted(spec.metrics, key=lambda split: split_place(split.split))


def judged(spec: BundleSpec) -> list[SplitMetrics]:
    """External, natural and test: nothing was chosen on them."""
    return [split for split in ordered(spec) if split.split in HELD_OUT_SPLITS]


def summary(spec: BundleSpec) -> str:
    """Averages of every split side by side."""
    splits = ordered(spec)
    if not splits:
        return ""
    rows = [
        [title, *(figure(split.macro.get(name), digits=3) for split in splits)]
        for name, title in _names(splits).items()
        if any(name in split.macro for split in splits)
    ]
    header = ["Figure (95 % interval)", *(f"{split.split}, {split.films} films" for split in splits)]
    note = (
        "Intervals are the 2.5th and 97.5th percentile of 1,000 samples in which patients, not films, were "
        "drawn; those of shares of films are widened to Wilson's where that is wider. They show the chance "
        "of the draw only, not the difference between hospitals. An AUROC of 0.5 is a coin."
    )
    if not any(split.split == "external" for split in splits):
        note += " **No film of another hospital was measured: expect less there.**"
    return section("How well it does", table(header, rows), note)


def _names(splits: list[SplitMetrics]) -> dict[str, str]:
    extra = {
        name: "AUROC, mean over labels without `" + name.removeprefix("auroc_without_") + "`"
        for split in splits
        for name in split.macro
        if name.startswith("auroc_without_")
    }
    return {"auroc": _AVERAGES["auroc"], **extra, **_AVERAGES}


def split_section(spec: BundleSpec, metrics: SplitMetrics) -> str:
    """Every label on one split, and its subgroups."""
    names = {label.key: label.name.en for label in spec.labels}
    point = spec.operating_point()
    rows = [
        [
            names[key],
            f"{row.positives} / {row.negatives}",
            figure(row.auroc),
            figure(row.auroc_within_source),
            figure(row.auprc),
            figure(row.sensitivity),
            figure(row.specificity),
        ]
        for key, row in metrics.labels.items()
    ]
    header = ["Label", "Pos / neg", "AUROC", "Within source", "AUPRC", "Sensitivity", "Specificity"]
    missing = [names[key] for key in names if key not in metrics.labels]
    patients = f", {metrics.patients} patients" if metrics.patients else ", patients not fully known"
    return section(
        _SPLIT_TITLES.get(metrics.split, metrics.split),
        f"{metrics.films} films{patients}. {metrics.description.en} Sensitivity and specificity at the "
        f"operating point *{point.name.en}*, chosen on {point.chosen_on}.",
        table(header, rows),
        f"Not measurable here: {', '.join(missing)}." if missing else "",
        _subgroups(metrics) if metrics.split in HELD_OUT_SPLITS else "",
    )


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
    if not rows:
        return ""
    if not any("accuracy" in group for group in metrics.subgroups.values()):
        header, rows = header[:-1], [row[:-1] for row in rows]
    return table(header, rows) + (
        "\n\nGroups of fewer than 20 films are not shown; the mean is over labels with at least 5 films of "
        "each kind in the group, so that groups average over different labels."
    )


def calibration(spec: BundleSpec) -> str:
    """Calibration error and Brier score of every label, and stated against observed in tenths."""
    made = spec.calibration
    parts = [f"Fitted on {made.fitted_on}. {made.chosen or _KINDS[made.kind]} {_prevalence(spec)}"]
    names = {label.key: label.name.en for label in spec.labels}
    for split in judged(spec):
        header = ["Label", "Calibration error", "Brier", "Stated → observed, by tenth (films)"]
        rows = [
            [names[key], figure(row.ece, digits=3), figure(row.brier, digits=3), _tenths(row)]
            for key, row in split.labels.items()
        ]
        parts += [f"**{split.split}**", table(header, rows)]
    return section("Do the probabilities mean what they say?", *parts)


def _prevalence(spec: BundleSpec) -> str:
    """What the probabilities are stated at."""
    stated = spec.calibrated_at
    if stated is None or not stated.natural:
        return (
            "Prevalence in these films is arbitrary: where fewer patients have the finding, every "
            "probability here is too high."
        )
    shares = ", ".join(
        f"{label.name.en} {spec.prevalence[label.key]:.1%}" for label in spec.labels if spec.prevalence
    )
    return (
        f"Stated at the prevalence of {stated.description.en}: {shares}. At another prevalence the log odds "
        "shift by the difference of its log odds; the page, `analyse` and `score` do that when told."
    )


_KINDS = {
    "temperature": "One temperature.",
    "platt": "One line (Platt) per label.",
    "isotonic": "Isotonic curves where films suffice, lines elsewhere.",
}


def _tenths(row: LabelMetrics) -> str:
    return ", ".join(
        f"{part.stated:.0%} → {part.observed.value:.0%} ({part.films})" for part in row.reliability
    )


def points(spec: BundleSpec) -> str:
    """Every threshold with what it costs on test and in other hospitals."""
    notes = bullets(
        f"**{p.name.en}**{' (default)' if p.key == spec.default_operating_point else ''}: {p.explanation.en}"
        for p in spec.operating_points
    )
    parts = [
        f"Thresholds on calibrated probabilities, chosen on {spec.operating_points[0].chosen_on}, and what "
        "they do to films that nothing was chosen on.",
        notes,
    ]
    measured = [split for split in judged(spec) if any(row.points for row in split.labels.values())]
    if not measured:
        header = ["Label", *(point.name.en for point in spec.operating_points)]
        rows = [
            [label.name.en, *(f"{point.thresholds[label.key]:.3f}" for point in spec.operating_points)]
            for label in spec.labels
        ]
        return section("Operating points", *parts, table(header, rows))
    for split in measured:
        for point in spec.operating_points:
            parts += [f"**{point.name.en}, {split.split}**", _consequences(spec, split, point.key)]
    parts.append(
        "PPV and NPV here rest on these films' own share of positives; those at a stated prevalence are "
        "carried over by Bayes' rule, with the ends of both intervals, so they are wider than 95 %."
    )
    return section("Operating points and what they cost", *parts)


def _consequences(spec: BundleSpec, split: SplitMetrics, key: str) -> str:
    found = [
        (label.name.en, split.labels[label.key].points[key])
        for label in spec.labels
        if label.key in split.labels and key in split.labels[label.key].points
    ]
    if not found:
        return ""
    stated = f"{found[0][1].prevalence:.0%}"
    header = [
        "Label",
        "Threshold",
        "Sensitivity",
        "Specificity",
        "PPV here",
        "NPV here",
        f"PPV at {stated}",
        f"NPV at {stated}",
    ]
    return table(
        header,
        [
            [
                name,
                f"{row.threshold:.3f}",
                *(_percent(v) for v in (row.sensitivity, row.specificity, row.ppv, row.npv)),
                # at a low prevalence an NPV is told from another by its decimals
                *(_percent(v, 1) for v in (row.ppv_at_prevalence, row.npv_at_prevalence)),
            ]
            for name, row in found
        ],
    )


def _percent(value: Interval | None, digits: int = 0) -> str:
    if value is None:
        return "–"
    low, high = value.low, value.high
    ends = f" ({low:.{digits}%}–{high:.{digits}%})" if low is not None and high is not None else ""
    return f"{value.value:.{digits}%}{ends}"
