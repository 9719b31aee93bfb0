"""The layouts by name, and the one function that turns any of them into a checked manifest."""

from __future__ import annotations

import csv
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.imaging import read_header
from training.films.layouts.arrays import read_medmnist, read_nodule_patches
from training.films.layouts.base import LesionBox, Reader, ReadOptions
from training.films.layouts.folders import read_folders
from training.films.layouts.nih import read_nih
from training.films.manifest import Film
from training.films.manifest_writer import relative_path, write_manifest
from training.films.splits import SplitPlan, complete_splits
from training.writing import write_json

logger = logging.getLogger(__name__)

MANIFEST, BOXES, RECORD, FILMS = "manifest.csv", "boxes.csv", "import.json", "films"


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which collections are published."""

    description: str
    read: Reader


LAYOUTS = {
    "folders": Layout("CLASS/*.png, CLASS/images/*.png, or train/ val/ test/ of such", read_folders),
    "nih": Layout("ChestX-ray14: Data_Entry_2017.csv, lists, images_*/images, boxes", read_nih),
    "medmnist": Layout("MedMNIST .npz with its official split", read_medmnist),
    "luna16": Layout("HDF5 of 64 x 64 nodule patches", read_nodule_patches),
}


def import_layout(
    layout: str, source: Path, out: Path, plan: SplitPlan, options: ReadOptions | None = None
) -> list[Film]:
    """Read a collection into ``out``: ``manifest.csv``, ``import.json``, maybe ``boxes.csv`` and ``films/``.

    Parameters
    ----------
    layout : str
        Key of :data:`LAYOUTS`.
    source : Path
        The collection's folder or file; never written to.
    out : Path
        A folder without a manifest.
    plan : SplitPlan
        For what the collection does not split itself.
    options : ReadOptions, optional

    Returns
    -------
    list of Film
        As the written manifest reads.

    Raises
    ------
    TrainingError
        Naming the file and what was expected of it.
    """
    if layout not in LAYOUTS:
        raise TrainingError(f"`layout` must be one of {', '.join(LAYOUTS)}; received {layout!r}.")
    if (out / MANIFEST).exists():
        raise TrainingError(
            f"`out` must be a new folder; {out / MANIFEST} is there already.",
            remedy="Choose another folder; a manifest is never replaced.",
        )
    collection = LAYOUTS[layout].read(source, options or ReadOptions(films=out / FILMS))
    if not any(film.patient for film in collection.films):
        logger.warning("no patients are known in %s: films of one may be in two splits", source.name)
    films = write_manifest(complete_splits(collection.films, plan), out / MANIFEST)
    if collection.boxes:
        _write_boxes(collection.boxes, out)
    counts = Counter((film.split, label) for film in films for label in film.labels)
    record = {
        "layout": layout,
        "source": source.resolve().name,
        "official_splits": sorted({film.split for film in collection.films} - {""}),
        "made_splits": asdict(plan),
        "films": {
            split: sum(film.split == split for film in films) for split in sorted({f.split for f in films})
        },
        "labels": {f"{split}.{label}": count for (split, label), count in sorted(counts.items())},
    }
    write_json(record, out / RECORD)
    return films


def _write_boxes(boxes: Sequence[LesionBox], out: Path) -> None:
    """Boxes with the size of their films, so that they can be laid over a film of any other size."""
    sizes = {path: read_header(path.read_bytes()) for path in {box.path for box in boxes}}
    with (out / BOXES).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["path", "label", "x", "y", "w", "h", "img_w", "img_h", "patient_id"])
        for box in boxes:
            size = sizes[box.path]
            place = (f"{value:g}" for value in (box.x, box.y, box.width, box.height))
            file = relative_path(box.path, out)
            writer.writerow([file, box.label, *place, size.width, size.height, box.patient])
