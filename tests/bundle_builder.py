"""Small bundles for tests: valid by construction, then broken on purpose."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

KEYS = ("effusion", "nodule")


def spec_dict(bundle_id: str = "tiny", **changes: Any) -> dict[str, Any]:
    """A ``bundle.json`` for two findings that fits the schema; ``changes`` replace top-level entries."""
    table = dict.fromkeys(KEYS, 0.4)
    spec: dict[str, Any] = {
        "schema_version": 1,
        "id": bundle_id,
        "version": "1.0.0",
        "title": {"en": "Tiny", "es": "Diminuto"},
        "trained_on": {"en": "nobody", "es": "nadie"},
        "labels": [{"key": key, "name": {"en": key.title(), "es": key.title()}} for key in KEYS],
        "activation": "sigmoid",
        "preparation": {"height": 64, "width": 64},
        "cam_layer": "features",
        "cam_grid": [2, 2],
        "embedding_size": 3,
        "heat_reference": dict.fromkeys(KEYS, 1.0),
        "calibration": {
            "kind": "platt",
            "slopes": {"effusion": 2.0, "nodule": 1.0},
            "intercepts": {"effusion": -1.0, "nodule": 0.0},
            "fitted_on": "val",
        },
        "operating_points": [
            {
                "key": "balanced",
                "name": {"en": "Balanced", "es": "Equilibrado"},
                "explanation": {"en": "Youden", "es": "Youden"},
                "thresholds": table,
                "chosen_on": "val",
            }
        ],
        "default_operating_point": "balanced",
        "held_out": [
            {
                "split": "test",
                "description": {"en": "four films", "es": "cuatro placas"},
                "probabilities": {key: [0.1, 0.4, 0.6, 0.9] for key in KEYS},
                "truths": {"effusion": [0, 0, 1, 1], "nodule": [0, 1, -1, 1]},
            }
        ],
        "metrics": [],
        "out_of_distribution": None,
        "sources": [],
        "intended_use": ["tests"],
        "not_for": ["patients"],
        "warnings": [],
        "training": {
            "recipe": {},
            "commit": "0" * 40,
            "seed": 0,
            "date": "2026-01-01",
            "versions": {},
            "minutes": 0.0,
        },
        "files": {},
    }
    return spec | changes


def write_bundle(folder: Path, bundle_id: str = "tiny", **changes: Any) -> Path:
    """Write a bundle folder whose one file has the right hash; the file itself is no model."""
    path = folder / bundle_id
    path.mkdir(parents=True)
    content = b"not a graph: for tests that never run it"
    (path / "serving.tflite").write_bytes(content)
    files = {"serving.tflite": hashlib.sha256(content).hexdigest()}
    spec = spec_dict(bundle_id, **({"files": files} | changes))
    (path / "bundle.json").write_text(json.dumps(spec), encoding="utf-8")
    return path
