"""The lungs of training films and how far they lean, by the bundle that finds them when the model serves."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from cxr_dash.domain import Box, Preparation, PreparationSpec, Radiograph
from cxr_dash.errors import TrainingError
from cxr_dash.imaging import lung_box, measure_tilt, plan_preparation, tilt_to_undo
from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.settings import Settings
from training.writing import write_text

# Goes up with every change of what is kept of a film.
_LAYOUT = 2


@dataclass(frozen=True, slots=True)
class FilmLungs:
    """What the preparation asks of a film's lungs.

    Attributes
    ----------
    box : Box or None
        Around the lungs, without a margin; None where it has none.
    tilt : float or None
        Degrees, of :func:`cxr_dash.imaging.measure_tilt`.
    """

    box: Box | None
    tilt: float | None


@dataclass(frozen=True, slots=True)
class LungBoxes:
    """Boxes around the lungs and how far films lean, found once for each film.

    Attributes
    ----------
    bundle : SegmenterBundle
    runtimes : RuntimePool
    known : dict of str to FilmLungs
        By the digest of the film's file.
    """

    bundle: SegmenterBundle
    runtimes: RuntimePool = field(default_factory=RuntimePool)
    known: dict[str, FilmLungs] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Which segmenter finds them."""
        return self.bundle.serving_sha256

    def of(self, radiograph: Radiograph) -> FilmLungs:
        """What was found of a film."""
        if radiograph.sha256 not in self.known:
            found = find_lungs(radiograph, self.bundle, self.runtimes)
            self.known[radiograph.sha256] = FilmLungs(lung_box(found), measure_tilt(found))
        return self.known[radiograph.sha256]

    def read(self, folder: Path) -> None:
        """Take over what this segmenter found for earlier runs with this folder."""
        path = self._file(folder)
        if path.is_file():
            table = json.loads(path.read_text(encoding="utf-8"))
            for film, found in table.items():
                box = Box(**found["box"]) if found["box"] else None
                self.known[film] = FilmLungs(box, found["tilt"])

    def write(self, folder: Path) -> None:
        """Keep what is known for later runs."""
        table = {film: asdict(found) for film, found in sorted(self.known.items())}
        write_text(json.dumps(table) + "\n", self._file(folder))

    def _file(self, folder: Path) -> Path:
        return folder / f"lungs-{_LAYOUT}-{self.sha256[:16]}.json"


def installed_boxes() -> LungBoxes:
    """Boxes by the segmenter in the models folder (``CXR_MODELS_DIR``); the same object for the same folder.

    Raises
    ------
    TrainingError
        When there is none.
    """
    return _boxes_of(_models_dir(os.environ.get("CXR_MODELS_DIR"), Path.cwd()))


@cache
def _models_dir(_said: str | None, _here: Path) -> Path:
    """Read once for what the environment says: every film asks, and all settings take milliseconds."""
    return Settings().models_dir.resolve()


@cache
def _boxes_of(models_dir: Path) -> LungBoxes:
    bundle = Catalog(models_dir).tool("lungs")
    if bundle is None:
        raise TrainingError(
            f"`preparation.region` lungs and `preparation.straighten` need a segmenter; {models_dir} has no "
            "bundle of that kind.",
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
    if not looks_at_lungs(spec):
        return plan_preparation(radiograph, spec)
    found = installed_boxes().of(radiograph)
    return plan_preparation(radiograph, spec, found.box, tilt=tilt_to_undo(found.tilt))


def looks_at_lungs(spec: PreparationSpec) -> bool:
    """Whether a spec prepares films by their lungs: crops to them, or straightens by their axis."""
    return spec.region == "lungs" or spec.straighten
