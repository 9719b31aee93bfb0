"""The segmenter among the bundles, as a function of a film."""

from __future__ import annotations

from pathlib import Path

from cxr_dash.domain import LungField, Radiograph
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool
from training.audits.material import FindLungs


def lung_finder(models: Path) -> FindLungs | None:
    """The segmenter of a folder of bundles; None where there is none."""
    bundle = Catalog(models).tool("lungs")
    if bundle is None:
        return None
    runtimes = RuntimePool()

    def find(radiograph: Radiograph) -> LungField:
        return find_lungs(radiograph, bundle, runtimes)

    return find
