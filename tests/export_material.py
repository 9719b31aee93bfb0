"""Films, analyses and a service for what readers take away: drawn and computed, no model is run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from bundle_builder import spec_dict

from cxr_dash import imaging
from cxr_dash.domain import Analysis, Finding, PreparationSpec, Quality, Reason, ReasonCode, Verdict
from cxr_dash.errors import CaseNotFoundError
from cxr_dash.explain import make_heatmap
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.settings import Settings

REFUSAL = Reason(ReasonCode.NO_LUNGS)
REFUSAL_WORDS = "No lungs were found in the picture."


def bundle_of(labels: Sequence[tuple[str, str, str]], **changes: Any) -> Bundle:
    """A bundle with these labels (key, English, Spanish): default cut 0.5, forty held-out films."""
    keys = [key for key, _, _ in labels]
    shares = [index / 40 for index in range(40)]
    spec = spec_dict(
        "tiny",
        labels=[{"key": key, "name": {"en": english, "es": spanish}} for key, english, spanish in labels],
        heat_reference=dict.fromkeys(keys, 1.0),
        calibration={
            "kind": "platt",
            "slopes": dict.fromkeys(keys, 1.0),
            "intercepts": dict.fromkeys(keys, 0.0),
            "fitted_on": "val",
        },
        held_out=[
            {
                "split": "test",
                "description": {"en": "forty films", "es": "cuarenta placas"},
                "probabilities": dict.fromkeys(keys, shares),
                "truths": dict.fromkeys(keys, [0] * 20 + [1] * 20),
            }
        ],
        files={"serving.tflite": "5" * 64},
    )
    (point,) = spec["operating_points"]
    point["thresholds"] = dict.fromkeys(keys, 0.5)
    return Bundle(path=Path("tiny"), spec=BundleSpec.model_validate(spec | changes))


def film_file(seed: int = 0, size: tuple[int, int] = (180, 150)) -> bytes:
    """A drawn film as a PNG file; ``size`` is height and width."""
    return imaging.encode_png(imaging.chest_phantom(*size, seed), {})


def analysis_of(
    data: bytes,
    bundle: Bundle,
    probabilities: Sequence[float],
    *,
    verdict: Verdict = Verdict.OK,
    flat: Sequence[str] = (),
) -> Analysis:
    """What a model could have said about a film; heat in the upper left of every label not in ``flat``."""
    radiograph = imaging.decode(data)
    preparation = imaging.plan_preparation(radiograph, PreparationSpec(height=64, width=64))
    spot = np.zeros((8, 8), np.float32)
    spot[2:4, 2:4] = 2.0
    quality = Quality(verdict) if verdict is Verdict.OK else Quality(verdict, (REFUSAL,))
    return Analysis(
        model_id=bundle.id,
        model_version=bundle.spec.version,
        model_sha256=bundle.serving_sha256,
        film_sha256=hashlib.sha256(data).hexdigest(),
        preparation=preparation,
        quality=quality,
        findings=tuple(
            Finding(label, 0.0, probability, 0.5)
            for label, probability in zip(bundle.spec.labels, probabilities, strict=True)
        ),
        heatmaps={
            key: make_heatmap(np.zeros_like(spot) if key in flat else spot, 1.0, preparation)
            for key in bundle.spec.label_keys
        },
        milliseconds={"total": 1.0},
        analysed_at="2026-03-01T10:20:30+00:00",
    )


@dataclass
class FilmsAtHand:
    """What exports use of the service: films by key with their analyses; ``asked`` keeps the questions."""

    bundle: Bundle
    films: dict[str, tuple[bytes, Analysis]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)

    @property
    def catalog(self) -> Any:
        return SimpleNamespace(get=lambda _model: self.bundle)

    @property
    def cases(self) -> Any:
        return SimpleNamespace(film=lambda key: SimpleNamespace(data=self.films[key][0]))

    def analyse(self, key: str, _model: str) -> Analysis:
        self.asked.append(key)
        if key not in self.films:
            raise CaseNotFoundError("This film is no longer kept.", remedy="Add it again.")
        return self.films[key][1]

    def explained(self, key: str, model: str) -> Analysis:
        return self.analyse(key, model)
