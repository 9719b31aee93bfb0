"""The segmenter among the bundles, as a function of a film."""

from __future__ import annotations

from pathlib import Path

from cxr_dash.domain import LungField, Radiograph
from cxr_dash.imaging import apply_preparation, plan_preparation
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.runtime.segmenter import KerasSegmenter, LiteRtSegmenter, SegmenterRuntime
from training.audits.material import FindLungs


def lung_finder(models: Path) -> FindLungs | None:
    """The segmenter of a folder of bundles; None where there is none."""
    bundle = Catalog(models).tool("lungs")
    if bundle is None:
        return None
    path = bundle.serving_path
    runtime: SegmenterRuntime = LiteRtSegmenter(path) if path else KerasSegmenter(bundle.model_path)
    spec = bundle.spec.preparation

    def find(radiograph: Radiograph) -> LungField:
        plan = plan_preparation(radiograph, spec)
        return LungField(runtime.run(apply_preparation(radiograph, plan)), plan)

    return find
