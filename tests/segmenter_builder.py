"""Bundles of segmenters for tests: valid by construction, then broken on purpose."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

FILE = "serving.tflite"


def segmenter_dict(bundle_id: str = "lungs", **changes: Any) -> dict[str, Any]:
    """A ``bundle.json`` that fits the schema; ``changes`` replace top-level entries."""
    interval = {"value": 0.9, "low": 0.8, "high": 0.95}
    spec: dict[str, Any] = {
        "schema_version": 1,
        "kind": "segmenter",
        "id": bundle_id,
        "version": "1.0.0",
        "title": {"en": "Lungs", "es": "Pulmones"},
        "trained_on": {"en": "nobody", "es": "nadie"},
        "preparation": {"height": 32, "width": 32, "crop_borders": False, "polarity": "keep"},
        "grid": [32, 32],
        "metrics": [{"split": "test", "films": 4, "patients": 2, "dice": interval, "lowest": 0.7}],
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


def write_segmenter(
    folder: Path, bundle_id: str = "lungs", content: bytes = b"no graph", file: str = FILE, **changes: Any
) -> Path:
    """Write a bundle folder whose one file has the right hash."""
    path = folder / bundle_id
    path.mkdir(parents=True)
    (path / file).write_bytes(content)
    files = {file: hashlib.sha256(content).hexdigest()}
    spec = segmenter_dict(bundle_id, **({"files": files} | changes))
    (path / "bundle.json").write_text(json.dumps(spec), encoding="utf-8")
    return path
