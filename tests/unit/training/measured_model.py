"""A model for tests of measuring: no network, but it really looks at the film."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cxr_dash.domain import LocalisedText, PreparationSpec
from cxr_dash.inference.schema import Calibration, OperatingPoint
from training.evaluation.subject import Subject

LABELS = {"sigmoid": ["effusion", "finding"], "softmax": ["normal", "effusion"]}


def bright_bases(films: np.ndarray) -> np.ndarray:
    """How bright the lower third of a film is, as a logit; drawn effusions are white there."""
    return (films[:, 30:40, 8:40, 0].mean(axis=(1, 2)).astype(np.float64) - 142) / 4


def subject_of(activation: str = "sigmoid", **changes: object) -> Subject:
    """A subject of drawn films, 48 px."""
    labels = LABELS[activation]

    def forward(films: np.ndarray) -> np.ndarray:
        logit = bright_bases(films)
        other = 0.5 * logit + 0.1 if activation == "sigmoid" else logit
        first = logit if activation == "sigmoid" else np.zeros_like(logit)
        return np.stack([first, other], axis=1)

    points = [
        OperatingPoint(
            key=key,
            name=LocalisedText(en=key, es=key),
            explanation=LocalisedText(en="–", es="–"),
            thresholds=dict.fromkeys(labels, threshold),
            chosen_on="val",
        )
        for key, threshold in (("balanced", 0.55), ("sensitivity_95", 0.3))
    ]
    table: dict[str, object] = {
        "id": "drawn",
        "kind": "run",
        "folder": Path("drawn"),
        "labels": labels,
        "activation": activation,
        "preparation": PreparationSpec(version=1, height=48, width=48),
        "any_label": "finding" if activation == "sigmoid" else None,
        "negative_label": "no_finding" if activation == "sigmoid" else None,
        "calibration": Calibration(
            kind="platt",
            slopes=dict.fromkeys(labels, 1.0),
            intercepts=dict.fromkeys(labels, 0.0),
            fitted_on="val: 18 films, 9 patients",
        ),
        "operating_points": points,
        "default_point": "balanced",
        "model_sha256": "0" * 64,
        "forward": forward,
    }
    return Subject(**(table | changes))  # type: ignore[arg-type]
