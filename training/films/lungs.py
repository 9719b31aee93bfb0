"""The lungs of training films, found by the bundle that will find them when the model serves."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from cxr_dash.domain import Box, Preparation, PreparationSpec, Radiograph
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import lung_box, plan_preparation
from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.settings import Settings


@dataclass(frozen=True, slots=True)
class LungBoxes:
    """Boxes around the lungs, found once for each film.

    Attributes
    ----------
    bundle : SegmenterBundle
    runtimes : RuntimePool
    known : dict of str to Box or None
        By the digest of the film's file; None where it has no lungs.
    """

    bundle: SegmenterBundle
    runtimes: RuntimePool = field(default_factory=RuntimePool)
    known: dict[str, Box | None] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Which segmenter finds them."""
        return self.bundle.serving_sha256

    def of(self, radiograph: Radiograph) -> Box | None:
        """The box around a film's lungs, without a margin."""
        if radiograph.sha256 not in self.known:
            found = find_lungs(radiograph, self.bundle, self.runtimes)
            self.known[radiograph.sha256] = lung_box(found)
        return self.known[radiograph.sha256]

    def read(self, folder: Path) -> None:
        """Take over what this segmenter found for earlier runs with this folder."""
        path = self._file(folder)
        if path.is_file():
            table = json.loads(path.read_text(encoding="utf-8"))
            self.known.update({film: Box(**box) if box else None for film, box in table.items()})

    def write(self, folder: Path) -> None:
        """Keep what is known for later runs."""
        path = self._file(folder)
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        table = {film: asdict(box) if box else None for film, box in sorted(self.known.items())}
        partial.write_text(json.dumps(table) + "\n", encoding="utf-8")
        partial.replace(path)

    def _file(self, folder: Path) -> Path:
        return folder / f"lungs-{self.sha256[:16]}.json"


def installed_boxes() -> LungBoxes:
    """Boxes by the segmenter in the models folder (``CXR_MODELS_DIR``); the same object for the same folder.

    Raises
    ------
    TrainingError
        When there is none.
    """
    return _boxes_of(Settings().models_dir.resolve())


@cache
def _boxes_of(models_dir: Path) -> LungBoxes:
    bundle = Catalog(models_dir).tool("lungs")
    if bundle is None:
        raise TrainingError(
            f"`preparation.region` lungs needs a segmenter; {models_dir} has no bundle of that kind.",
            remedy="Train and export the recipe `lungs`, or set CXR_MODELS_DIR to a folder that has it.",
        )
    return LungBoxes(bundle)


def plan_film(radiograph: Radiograph, spec: PreparationSpec) -> Preparation:
    """Plan a film as the app does; the one way to do so in training.

    Raises
    ------
    TrainingError
        When the spec asks for lungs and no segmenter is installed.
    """
    box = installed_boxes().of(radiograph) if spec.region == "lungs" else None
    return plan_preparation(radiograph, spec, box)
