"""``boxes.csv``: what radiologists drew around findings, joined with the manifest that splits the films.

Kinds of box. ``nih_bbox`` names one of eight NIH findings, which is the label whose map it is compared
with. ``rsna_opacity`` marks, on films of the RSNA pneumonia challenge, every opacity that a radiologist held
for suspicious of pneumonia. It is compared with the map of ``lung_opacity`` where a model has that label, and
else of ``pneumonia``, the question that the boxes were drawn for; ``consolidation`` and ``infiltration``, the
words reports use for the same shadows, only stand in where a model has neither. ``active`` and ``obsolete``
are those of TBX11K, both of them tuberculosis.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from cxr_dash.errors import TrainingError
from training.films.manifest import Film, read_manifest
from training.labels import label_key
from training.recipe import Recipe

OPACITY = "lung_opacity"
OPACITY_LABELS = (OPACITY, "pneumonia", "consolidation", "infiltration")
_COLUMNS = ("path", "kind", "x", "y", "w", "h", "img_w", "img_h")
# None: the column `label` names the finding
_KINDS: dict[str, str | None] = {
    "nih_bbox": None,
    "rsna_opacity": OPACITY,
    "active": "tuberculosis",
    "obsolete": "tuberculosis",
}


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle on a film, as shares (0-1) of its width and height: ``left <= x < right``."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class BoxedFilm:
    """One finding on one film, with every box of it.

    Attributes
    ----------
    film : Film
    finding : str
        Label key of the finding; :data:`OPACITY` for boxes of kind ``rsna_opacity``.
    regions : tuple of Region
    """

    film: Film
    finding: str
    regions: tuple[Region, ...]


def read_boxes(boxes: Path, manifest: Path) -> list[BoxedFilm]:
    """Every boxed finding, in the order of the file.

    Parameters
    ----------
    boxes : Path
        CSV with the columns path, kind, x, y, w, h, img_w, img_h, pixels of the stored film, and ``label``
        where the kind does not say it.
    manifest : Path
        ``manifest.csv`` of the same films.

    Raises
    ------
    TrainingError
        When the file is missing, lacks a column, names a film that the manifest does not have, or holds a box
        that does not lie on its film.
    """
    if not boxes.is_file():
        raise TrainingError(
            f"Boxes must be a CSV file; there is none at {boxes}.",
            remedy="Pass the folder of the data with --data: it holds findings/boxes.csv.",
        )
    listed = read_manifest(manifest, negative_label="no_finding", own_labels=None)
    films = {film.path: film for film in listed}
    found: dict[tuple[Path, str], list[Region]] = defaultdict(list)
    with boxes.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or [])]
        if missing:
            raise TrainingError(f"{boxes} must have the columns {', '.join(_COLUMNS)}; missing {missing}.")
        for number, row in enumerate(reader, start=2):
            path = boxes.parent / row["path"]
            where = f"{boxes.name} row {number}"
            if path not in films:
                raise TrainingError(
                    f"{where}: `path` must be a film of {manifest}; received {row['path']!r}."
                )
            found[path, _finding(row, where)].append(_region(row, where))
    return [
        BoxedFilm(film=films[path], finding=finding, regions=tuple(regions))
        for (path, finding), regions in found.items()
    ]


def boxes_of(recipe: Recipe, data_root: Path) -> list[BoxedFilm]:
    """The boxed films of a recipe, which may be those of any of its manifests.

    Raises
    ------
    TrainingError
        As :func:`read_boxes`.
    """
    boxes = str(recipe.data.boxes)
    return read_boxes(data_root / boxes, data_root / manifest_of(boxes))


def manifest_of(boxes: str) -> str:
    """The manifest of boxed films, from the data folder: it lies beside their ``boxes.csv``."""
    return str(PurePosixPath(boxes).parent / "manifest.csv")


def label_for(finding: str, labels: Sequence[str]) -> str | None:
    """The label of a model whose map is compared with a finding's boxes; None where it has none."""
    wanted = OPACITY_LABELS if finding == OPACITY else (finding,)
    return next((key for key in wanted if key in labels), None)


def box_mask(regions: Sequence[Region], height: int, width: int) -> NDArray[np.bool_]:
    """The pixels whose centre lies in any box; at least the one at a box's own centre."""
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    inside = np.zeros((height, width), dtype=bool)
    for region in regions:
        columns = (x >= region.left) & (x < region.right)
        rows = (y >= region.top) & (y < region.bottom)
        columns[min(int((region.left + region.right) / 2 * width), width - 1)] = True
        rows[min(int((region.top + region.bottom) / 2 * height), height - 1)] = True
        inside |= rows[:, None] & columns[None, :]
    return inside


def _finding(row: dict[str, str], where: str) -> str:
    if row["kind"] not in _KINDS:
        raise TrainingError(f"{where}: `kind` must be one of {', '.join(_KINDS)}; received {row['kind']!r}.")
    return _KINDS[row["kind"]] or label_key(row.get("label") or "", None)


def _region(row: dict[str, str], where: str) -> Region:
    try:
        x, y, w, h, width, height = (float(row[key]) for key in ("x", "y", "w", "h", "img_w", "img_h"))
    except ValueError as error:
        raise TrainingError(f"{where}: a box must be numbers; received {error}.") from error
    region = Region(
        left=max(x / width, 0.0),
        top=max(y / height, 0.0),
        right=min((x + w) / width, 1.0),
        bottom=min((y + h) / height, 1.0),
    )
    if region.left >= region.right or region.top >= region.bottom:
        raise TrainingError(
            f"{where}: a box must lie on its film of {width:g} x {height:g} pixels; received "
            f"x={x:g}, y={y:g}, w={w:g}, h={h:g}."
        )
    return region
