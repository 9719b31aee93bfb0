"""Figures as JSON for machines and as a Markdown table for people: medians, spread and ratios."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import Any

# key -> (what a reader sees, unit, whether more is better)
ROWS: dict[str, tuple[str, str, bool]] = {
    "cold_first": ("Cold process to the first film's probabilities and one heatmap", "s", False),
    "cold_all": ("Cold process to the first film's probabilities and every heatmap", "s", False),
    "predict": ("Warm, model alone: probabilities", "ms", False),
    "one_heatmap": ("Warm, model alone: probabilities and one heatmap", "ms", False),
    "one_heatmap_built_once": ("The same, with the recipe's gradient model built only once", "ms", False),
    "all_heatmaps": ("Warm, model alone: probabilities and every heatmap", "ms", False),
    "film_to_one": ("Warm, from the film's bytes: decode, prepare, probabilities, one heatmap", "ms", False),
    "film_to_all": (
        "Warm, from the film's bytes: decode, prepare, probabilities, every heatmap",
        "ms",
        False,
    ),
    "process_pss": ("Memory of the process (PSS)", "MiB", False),
    "process_uss": ("Memory of the process (USS)", "MiB", False),
    "server_accepts": ("Cold gunicorn: start until it accepts a connection", "s", False),
    "server_first": ("Cold gunicorn: accepted connection to first analysed film and a heatmap", "s", False),
    "server_total": ("Cold gunicorn: start to first analysed film and a heatmap", "s", False),
    "server_throughput": ("gunicorn, 2 workers, 4 clients: films with a heatmap", "films/s", True),
    "server_pss": ("Memory of a gunicorn worker (PSS)", "MiB", False),
}


@dataclass
class Figures:
    """Samples by row and subject."""

    samples: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: {"ours": [], "reference": []})
    )

    def add(self, row: str, subject: str, value: float) -> None:
        """Keep one sample, in the row's unit."""
        if row not in ROWS:
            raise KeyError(row)
        self.samples[row][subject].append(value)

    def ratio(self, row: str) -> float:
        """How many times better ours is, from medians."""
        ours, reference = (median(self.samples[row][name]) for name in ("ours", "reference"))
        return ours / reference if ROWS[row][2] else reference / ours

    def as_data(self) -> dict[str, Any]:
        """For JSON: every sample, medians and ratio."""
        return {
            row: {
                "what": ROWS[row][0],
                "unit": ROWS[row][1],
                "samples": found,
                "median": {name: median(values) for name, values in found.items()},
                "ratio": self.ratio(row),
            }
            for row, found in self.samples.items()
        }

    def as_markdown(self) -> str:
        """For people; the spread is the smallest and the largest sample."""
        lines = [
            "| what | cxr-dash | Keras `predict` + keras.io Grad-CAM | cxr-dash is better by |",
            "|---|---|---|---|",
        ]
        for row, (what, unit, _) in ROWS.items():
            if row in self.samples:
                cells = [_cell(self.samples[row][name], unit) for name in ("ours", "reference")]
                lines.append(f"| {what} | {cells[0]} | {cells[1]} | {self.ratio(row):.1f} x |")
        return "\n".join(lines)


def _cell(values: list[float], unit: str) -> str:
    text = f"{_number(median(values))} {unit}"
    return text if len(values) == 1 else f"{text} ({_number(min(values))}-{_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
