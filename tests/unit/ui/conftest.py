from __future__ import annotations

from pathlib import Path

import pytest
from bundle_builder import spec_dict, write_bundle

from cxr_dash.inference.bundle import Bundle, load_bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.schema import BundleSpec


@pytest.fixture
def spec() -> BundleSpec:
    """Two findings, one operating point, four held-out films, two warnings."""
    return BundleSpec.model_validate(spec_dict(warnings=["Children were left out.", "One hospital only."]))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """The same, as files."""
    path = write_bundle(tmp_path / "models", warnings=["Children were left out."])
    (path / "CARD.md").write_text("# Facts about this model", encoding="utf-8")
    return load_bundle(path)


@pytest.fixture
def catalog(bundle: Bundle) -> Catalog:
    return Catalog(bundle.path.parent)
