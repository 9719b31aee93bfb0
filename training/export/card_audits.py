"""What a card says against its model: audits, known failures, and where its heatmaps point."""

from __future__ import annotations

from typing import Literal

from cxr_dash.inference.places import label_place
from cxr_dash.inference.schema import Audit, BundleSpec
from cxr_dash.inference.schema_localisation import FEWEST_BOXES
from cxr_dash.inference.schema_strength import LabelStrength
from training.export.card_figures import judged
from training.export.card_text import bullets, section, table
from training.metrics import figure

# the squares are seen in a terminal and on a web page, where Markdown has no colour
_MARKS = {"bad": "🟥 **BAD**", "caution": "🟨 **caution**", "ok": "🟩 ok"}
_COIN = 0.6
_MANY_MISSED = 0.6
_WEAK_GROUP = 0.1


def verdict_line(spec: BundleSpec) -> str:
    """One line for the top of the card that names every audit it did not pass."""
    bad = [audit.name for audit in spec.audits if audit.verdict == "bad"]
    careful = [audit.name for audit in spec.audits if audit.verdict == "caution"]
    if not spec.audits:
        return ""
    lines = []
    if bad:
        lines.append(f"> {_MARKS['bad']} in {len(bad)} of {len(spec.audits)} audits: {'; '.join(bad)}.")
    if careful:
        lines.append(f"> {_MARKS['caution']} in {len(careful)}: {'; '.join(careful)}.")
    return "\n>\n".join(lines or [f"> {_MARKS['ok']} in all {len(spec.audits)} audits."])


def audits(spec: BundleSpec) -> str:
    """Every audit, the worst first, with its limit and figures."""
    return section("Audits: what else it may be reading", *(_audit(audit) for audit in spec.audits))


def _audit(audit: Audit) -> str:
    rows = [[entry.name, entry.split, figure(entry.value)] for entry in audit.figures]
    parts = [
        f"### {_MARKS[audit.verdict]} · {audit.name}",
        f"{audit.headline}\n\nLimit: {audit.limit}.",
        bullets(audit.details),
        table(["Figure (95 % interval)", "Films", "Value"], rows),
    ]
    return "\n\n".join(part for part in parts if part)


def failures(spec: BundleSpec) -> str:
    """Where these figures say it fails: labels like a coin, many missed, weak groups, wrong probabilities."""
    names = {label.key: label.name.en for label in spec.labels}
    lines = []
    for split in judged(spec):
        for key, row in split.labels.items():
            low = row.auroc.low if row.auroc.low is not None else row.auroc.value
            if low < _COIN:
                lines.append(
                    f"{names[key]} on {split.split}: hardly told apart, AUROC {figure(row.auroc)}, "
                    f"{row.positives} positive films."
                )
            if row.sensitivity.value < _MANY_MISSED:
                lines.append(
                    f"{names[key]} on {split.split}: misses {1 - row.sensitivity.value:.0%} of "
                    f"{row.positives} positive films at the default threshold (sensitivity "
                    f"{figure(row.sensitivity)})."
                )
        whole = split.macro.get("auroc")
        lines += [
            f"{name.replace('=', ': ')} on {split.split}: AUROC {figure(group['auroc'])}, all films "
            f"{figure(whole)}."
            for name, group in split.subgroups.items()
            if whole and "auroc" in group and group["auroc"].value < whole.value - _WEAK_GROUP
        ]
    return section("Known failures", bullets(lines) or "None beyond what the figures above say.")


def localisation(spec: BundleSpec) -> str:
    """Where heatmaps point, on films with boxes, and whether they depend on the weights."""
    parts = []
    for found in spec.localisation:
        rows = [
            [
                entry.finding,
                f"{entry.films} ({entry.flat} flat)",
                figure(entry.pointing),
                figure(entry.pointing_tolerant),
                figure(entry.energy),
                figure(entry.iou),
            ]
            for entry in found.findings
        ]
        means = ", ".join(f"{name.replace('_', ' ')} {figure(value)}" for name, value in found.mean.items())
        parts += [
            f"**{found.method}, {found.split}**: {found.films} films of {found.patients} patients. Means "
            f"over findings: {means}.",
            table(
                ["Finding", "Films", "Peak in box", "within 15 px of 320", "Heat in box", "IoU at the cut"],
                rows,
            ),
        ]
    sanity = spec.map_sanity
    if sanity is not None:
        verdict = _MARKS["ok" if sanity.passed else "bad"]
        stages = "; ".join(
            f"{name}: " + ", ".join(f"{what} {figure(value)}" for what, value in stage.items())
            for name, stage in sanity.stages.items()
        )
        parts.append(f"{verdict} · With weights drawn anew the maps must change: {stages}. {sanity.limit}.")
    return section("Where its heatmaps point", _places(spec), *parts)


def _places(spec: BundleSpec) -> str:
    """Of which labels a place is named, and by which figures."""
    found = {label.key: place for label in spec.labels if (place := label_place(spec, label.key))}
    if not found:
        return ""
    rows = [
        [
            label.name.en,
            str(found[label.key].films),
            figure(found[label.key].pointing),
            figure(found[label.key].template),
            figure(found[label.key].gain),
            "yes" if found[label.key].better else "no",
        ]
        for label in spec.labels
        if label.key in found
    ]
    missing = [label.name.en for label in spec.labels if label.key not in found]
    unmeasured = f" Never measured, so no place either: {', '.join(missing)}." if missing else ""
    splits = ", ".join(sorted({place.splits for place in found.values()}))
    return (
        "A place is put into words only where the peak of the map lies in the box more often than that of a "
        "template, the average place of the finding's boxes on train films: the 95 % interval of the gain "
        f"must lie above 0, on at least {FEWEST_BOXES} boxes of {splits}.{unmeasured}\n\n"
        + table(["Label", "Boxes", "Peak in box", "Template's", "Gain", "Place named"], rows)
    )


def strength(spec: BundleSpec) -> str:
    """The fixed scale of each label's heat, and how often test films reach each word."""
    names = {label.key: label.name.en for label in spec.labels}
    rows = [
        [
            names[key],
            *(f"{limit:.3g}" for limit in (found.moderate, found.strong, found.full)),
            *(_words(found, kind) for kind in ("flagged_with", "unflagged_without")),
        ]
        for key, found in spec.strength.items()
    ]
    if not rows:
        return ""
    missing = [name for key, name in names.items() if key not in spec.strength]
    unscaled = f" Without a scale, drawn up to its own peak: {', '.join(missing)}." if missing else ""
    header = [
        "Label",
        "Moderate from",
        "Strong from",
        "Hottest",
        "Flagged rightly, test: weak / moderate / strong",
        "Left alone rightly, test",
    ]
    return section(
        "How strong its heat is",
        "Peaks in logits per cell, one fixed scale for each label. Weak is what 95 % of val films without "
        "the finding that are not flagged stay below; strong what half of the films flagged rightly reach "
        f"(of those that are not weak, where half of them are).{unscaled}",
        table(header, rows),
    )


def _words(found: LabelStrength, kind: Literal["flagged_with", "unflagged_without"]) -> str:
    counts = found.reached.get(kind)
    if counts is None or not counts.films:
        return "–"
    return " / ".join(str(number) for number in (counts.none + counts.weak, counts.moderate, counts.strong))
