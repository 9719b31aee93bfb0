"""What ``localise`` prints and writes."""

from __future__ import annotations

from typing import Any

from cxr_dash.inference.schema_localisation import MapSanity
from training.localisation.baselines import BASELINES
from training.localisation.study import Localisation
from training.metrics import figure

_COLUMNS = (("pointing", "hit"), ("pointing_tolerant", "hit +15"), ("energy", "energy"), ("iou", "IoU"))


def localisation_lines(found: Localisation) -> list[str]:
    """A table of means over findings, then every finding of every method that is no baseline."""
    variant = f" ({found.variant})" if found.variant else ""
    lines = [
        f"{found.subject}{variant}, split {found.split}: "
        f"{found.figures[0].films} boxed films of {found.figures[0].patients} patients; means over findings",
        f"{'':34} " + " ".join(f"{title:>18}" for _, title in _COLUMNS) + "   cut  flat",
    ]
    for one in found.figures:
        row = " ".join(f"{figure(one.mean[key]):>18}" for key, _ in _COLUMNS)
        lines.append(f"{one.method:34} {row}  {one.cut:4.2f}  {one.flat:4d}")
    for one in found.figures:
        if one.method in BASELINES:
            continue
        lines += ["", f"{one.method}, by finding (label whose map is compared, where it is another)"]
        for finding in one.findings:
            name = (
                finding.finding
                if finding.finding == finding.label
                else f"{finding.finding} ({finding.label})"
            )
            row = " ".join(f"{figure(getattr(finding, key)):>18}" for key, _ in _COLUMNS)
            lines.append(f"  {name:32} {row}  {finding.films} films, {finding.flat} flat")
        beaten = ", ".join(
            f"{key} {figure(value)}"
            for key, value in found.gains[one.method].items()
            if key.startswith(("pointing over", "energy over"))
        )
        lines.append(f"  gains: {beaten}")
    if found.not_compared:
        lines += ["", f"not compared, no such label: {', '.join(found.not_compared)}"]
    if found.split == "val":
        lines += ["", "the cut of IoU is chosen on these same films: IoU is a little too good here"]
    return lines


def sanity_lines(sanity: MapSanity) -> list[str]:
    """One line for each stage, and the verdict."""
    lines = [f"maps with weights drawn anew, {sanity.films} films of {sanity.split}"]
    for stage, figures in sanity.stages.items():
        row = ", ".join(f"{name} {figure(value)}" for name, value in figures.items())
        lines.append(f"  {stage:34} {row}")
    verdict = "the maps depend on the weights" if sanity.passed else "the maps hardly depend on the weights"
    return [*lines, f"  {verdict} ({sanity.limit})"]


def localisation_json(found: Localisation, sanity: MapSanity | None) -> dict[str, Any]:
    """Everything, as it is written to ``localisation-<split>.json``."""
    return {
        "subject": found.subject,
        "variant": found.variant,
        "split": found.split,
        "opacity_label": found.opacity_label,
        "not_compared": found.not_compared,
        "figures": [one.model_dump(mode="json") for one in found.figures],
        "gains": {
            method: {key: value.model_dump(mode="json") for key, value in rows.items()}
            for method, rows in found.gains.items()
        },
        "map_sanity": None if sanity is None else sanity.model_dump(mode="json"),
    }
