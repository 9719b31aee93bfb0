"""The reference library on disk: one folder with ``library.json``, pictures, and arrays for each model.

::

    library.json                     what is in it: :class:`LibrarySpec`
    pictures/00001.jpg               every case, at most 512 px, 8-bit, without metadata
    models/<id>/embeddings.npy       float32 (n, D), as the model gave them
    models/<id>/centre.npy           float32 (D,), their mean
    models/<id>/norms.npy            float32 (n,), lengths of the embeddings less their mean
    models/<id>/probabilities.npy    float32 (n, C), calibrated
    models/<id>/maps.npy             float16 (n, C, h, w), heat on the model's own grid, logits per cell
    models/<id>/basis.npy            of a large library, with first, first_rest, second and second_rest.npy:
                                     float32, :func:`cxr_dash.services.library.coarse.make_coarse`
    models/<id>/geometry.npy         int32 (n, 13): film, crop, content, input, tilt: :func:`geometry_row`

No file name is kept: names may carry a patient's. Cases are numbered in the order of the table of labels.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt, ValidationError, model_validator

from cxr_dash.domain import Box, Preparation
from cxr_dash.errors import LibraryError, LibraryNotFoundError
from cxr_dash.inference.schema_figures import Frozen, Key, Sha256
from cxr_dash.services.library.coarse import coarse_shapes
from cxr_dash.words import N_

SCHEMA_VERSION: Final = 2
SPEC_FILE: Final = "library.json"
_GEOMETRY_COLUMNS: Final = 13
_TILT_STEPS: Final = 100  # a degree: what a preparation is rounded to


class LibraryCase(Frozen):
    """One film of the library.

    ``labels`` and ``note`` stand as the site wrote them; ``width`` and ``height`` are those of its picture.
    """

    number: PositiveInt
    sha256: Sha256
    labels: list[str]
    note: str
    width: PositiveInt
    height: PositiveInt


class Likeness(Frozen):
    """What counts as alike here: similarities of the library's own films to their nearest six.

    ``very`` is their upper quartile, ``alike`` their lower one.
    """

    very: float
    alike: float


class LibraryModel(Frozen):
    """What one model made of the films.

    ``cases`` are their numbers, in the order of the arrays' rows; ``coarse`` says whether directions are
    kept a second time, shortened, for a search of many films.
    """

    id: Key
    version: str
    sha256: Sha256
    label_keys: list[Key]
    embedding_size: PositiveInt
    cam_grid: tuple[PositiveInt, PositiveInt]
    cases: list[PositiveInt]
    likeness: Likeness | None
    coarse: bool = False

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each array, by its name."""
        films, labels = len(self.cases), len(self.label_keys)
        return (coarse_shapes(films, self.embedding_size) if self.coarse else {}) | {
            "embeddings": (films, self.embedding_size),
            "centre": (self.embedding_size,),
            "norms": (films,),
            "probabilities": (films, labels),
            "maps": (films, labels, *self.cam_grid),
            "geometry": (films, _GEOMETRY_COLUMNS),
        }


class LibrarySpec(Frozen):
    """The whole of ``library.json``; ``build`` is new with every build."""

    schema_version: Literal[2] = SCHEMA_VERSION
    build: Key
    built_at: str
    app_version: str
    cases: list[LibraryCase]
    models: list[LibraryModel]

    @model_validator(mode="after")
    def _rows_are_cases(self) -> LibrarySpec:
        numbers = {case.number for case in self.cases}
        for model in self.models:
            if not set(model.cases) <= numbers or len(set(model.cases)) != len(model.cases):
                raise ValueError(f"`cases` of model {model.id} must be different numbers of cases")
        return self


def read_spec(folder: Path) -> LibrarySpec:
    """What is in the library.

    Raises
    ------
    LibraryNotFoundError
        When there is none.
    LibraryError
        When ``library.json`` cannot be read.
    """
    path = folder / SPEC_FILE
    try:
        return LibrarySpec.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise LibraryNotFoundError(
            N_("No reference library on this server."),
            remedy=N_("Its admin can build one: cxr-dash library build DIR"),
        ) from None
    except (OSError, ValidationError) as error:
        raise damaged(error) from error


def read_array(folder: Path, model: LibraryModel, name: str) -> NDArray[Any]:
    """One of a model's arrays, mapped from the disk, not read: workers share its pages.

    Raises
    ------
    LibraryError
        When it is missing or of another shape than ``library.json`` says.
    """
    try:
        array: NDArray[Any] = np.load(array_path(folder, model.id, name), mmap_mode="r")
    except (OSError, ValueError) as error:
        raise damaged(error) from error
    if array.shape != model.shapes()[name]:
        raise damaged(ValueError(f"{name}.npy has shape {array.shape}"))
    return array


def damaged(cause: Exception) -> LibraryError:
    """The error for a library whose files do not fit together."""
    if isinstance(cause, OSError):
        reason = cause.strerror or type(cause).__name__
    elif isinstance(cause, ValidationError):
        reason = f"{SPEC_FILE}: {cause.errors()[0]['msg']}"
    else:
        reason = str(cause)
    return LibraryError(
        N_("The reference library cannot be read: {reason}."),
        remedy=N_("Its admin can build it again: cxr-dash library build DIR"),
        reason=reason,
    )


def array_path(folder: Path, model_id: str, name: str) -> Path:
    """Where one of a model's arrays lies."""
    return folder / "models" / model_id / f"{name}.npy"


def picture_path(folder: Path, number: int) -> Path:
    """Where a case's picture lies."""
    return folder / "pictures" / f"{number:05d}.jpg"


def geometry_row(preparation: Preparation) -> tuple[int, ...]:
    """Film, crop, content, input and tilt (hundredths of a degree) of a preparation as whole numbers."""
    p = preparation
    boxes = [n for box in (p.crop, p.content) for n in (box.x, box.y, box.width, box.height)]
    tilt = round(p.tilt_degrees * _TILT_STEPS)
    return (p.film_width, p.film_height, *boxes, p.input_width, p.input_height, tilt)


def preparation_of(row: NDArray[np.int32]) -> Preparation:
    """The geometry of a preparation, from :func:`geometry_row`; its grey levels are not kept."""
    width, height, *boxes, input_width, input_height, tilt = (int(number) for number in row)
    return Preparation(
        film_width=width,
        film_height=height,
        window_low=0.0,
        window_high=255.0,
        inverted=False,
        crop=Box(*boxes[:4]),
        content=Box(*boxes[4:]),
        input_width=input_width,
        input_height=input_height,
        pad_value=0.0,
        tilt_degrees=tilt / _TILT_STEPS,
    )


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new folder beside ``target``: takes its place when the block ends well, goes when it does not.

    Raises
    ------
    LibraryError
        When ``target`` is a folder of something else, or its parent cannot be written.
    """
    target = target.resolve()
    if target.exists() and not _may_be_replaced(target):
        raise LibraryError(
            f"`--out` must be a new folder or a library; received {str(target)!r}, which holds other files.",
            remedy="Choose another folder, or set CXR_LIBRARY_DIR.",
        )
    token = secrets.token_hex(4)
    fresh, old = (target.with_name(f".{target.name}-{token}-{word}") for word in ("new", "old"))
    try:
        fresh.mkdir(parents=True, mode=0o700)
        yield fresh
        _put_in_place(fresh, target, old)
    except OSError as error:
        raise LibraryError(
            f"The library must be written to {str(target)!r}; received {error.strerror}.",
            remedy="Choose a folder whose parent you may write, and free some space.",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _may_be_replaced(target: Path) -> bool:
    if not target.is_dir():
        return False
    return (target / SPEC_FILE).is_file() or not any(target.iterdir())


def _put_in_place(fresh: Path, target: Path, old: Path) -> None:
    """Two renames: folders cannot be exchanged in one. Whoever has the old arrays open keeps them."""
    existed = target.exists()
    if existed:
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if existed:
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def size_on_disk(folder: Path) -> int:
    """Bytes of all its files."""
    return sum((Path(parent) / name).stat().st_size for parent, _, names in os.walk(folder) for name in names)
