"""``python -m releases [FOLDER]``: bill of materials and licences of what serves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from releases.bill import bill_of_materials
from releases.licences import licence_page, licences
from releases.parts import native_libraries, served_packages, shipped_models


def main(folder: Path) -> None:
    """Write ``sbom.cdx.json`` and ``licences.md`` into ``folder``."""
    packages = served_packages()
    natives = native_libraries(packages)
    folder.mkdir(parents=True, exist_ok=True)
    bill = bill_of_materials(packages, natives, shipped_models())
    (folder / "sbom.cdx.json").write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    page = licence_page(licences(packages), natives)
    (folder / "licences.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(*sys.argv[1:]) if sys.argv[1:] else Path("build/release"))
    except RuntimeError as error:
        raise SystemExit(f"releases: {error}") from None
