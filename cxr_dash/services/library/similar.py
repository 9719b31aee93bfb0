"""Similar cases: the films of the site's own library that lie nearest to a film, as its model sees them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_dash import imaging
from cxr_dash.domain import Analysis, Heatmap
from cxr_dash.errors import LibraryMismatchError, LibraryNotFoundError
from cxr_dash.explain import content_heat
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services.heat import label_heatmap
from cxr_dash.services.library.answer import (
    LikenessWord,
    Similar,
    SimilarCase,
    case_labels,
    count_labels,
)
from cxr_dash.services.library.files import (
    SPEC_FILE,
    LibraryCase,
    LibraryModel,
    LibrarySpec,
    damaged,
    picture_path,
    preparation_of,
    read_array,
    read_spec,
)
from cxr_dash.services.library.likeness import NEAREST
from cxr_dash.services.library.nearest import nearest
from cxr_dash.stages import stage
from cxr_dash.words import N_

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Shelf:
    """One model's part of a library; the arrays are mapped, not read.

    ``rows`` are the arrays' rows by a case's number, ``same`` by a film's digest.
    """

    model: LibraryModel
    arrays: dict[str, NDArray[Any]]
    counts: dict[str, int]
    rows: dict[int, int]
    same: dict[str, tuple[int, ...]]

    def heatmap(self, row: int, index: int, bundle: Bundle) -> Heatmap:
        cam = np.asarray(self.arrays["maps"][row, index], dtype=np.float32)
        key = self.model.label_keys[index]
        return label_heatmap(bundle.spec, key, cam, preparation_of(self.arrays["geometry"][row]))

    def word(self, similarity: float) -> LikenessWord | None:
        bounds = self.model.likeness
        if bounds is None:
            return None
        if similarity >= bounds.very:
            return "very"
        return "alike" if similarity >= bounds.alike else "loosely"


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A library as it was when its ``library.json`` had this stamp."""

    stamp: tuple[int, int]
    spec: LibrarySpec
    cases: dict[int, LibraryCase]
    shelves: dict[str, _Shelf]


class SimilarCases:
    """Answers from the reference library of a folder; opened when first asked, and again when it is rebuilt.

    Parameters
    ----------
    folder : Path
    catalog : Catalog
    """

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder = folder
        self._catalog = catalog
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    @stage("similar")
    def nearest(self, analysis: Analysis, most: int = NEAREST) -> Similar:
        """The cases nearest to a film; the film itself is not among them.

        Raises
        ------
        LibraryNotFoundError
            When there is no library, or it does not know the model.
        LibraryMismatchError
            When it was built with another version of the model.
        LibraryError
            When it is damaged.
        """
        library = self._open()
        bundle = self._catalog.get(analysis.model_id)
        shelf = self._shelf(library, bundle)
        if analysis.embedding is None:
            raise ValueError("an analysis must keep its embedding to be compared")
        same = shelf.same.get(analysis.film_sha256, ())
        rows, found = nearest(analysis.embedding, shelf.arrays, most + len(same))
        near = [(int(row), float(likeness)) for row, likeness in zip(rows, found, strict=True)]
        return Similar(
            build=library.spec.build,
            size=len(shelf.model.cases),
            counts=shelf.counts,
            itself=bool(same),
            cases=tuple(
                _case(library, shelf, bundle, row, likeness)
                for row, likeness in [one for one in near if one[0] not in same][:most]
            ),
        )

    def picture(self, model_id: str, number: int, build: str | None = None) -> bytes:
        """A case's picture, JPEG.

        Raises
        ------
        LibraryNotFoundError, LibraryMismatchError, LibraryError
        """
        library = self._open()
        self._row(library, self._shelf(library, self._catalog.get(model_id)), number, build)
        try:
            picture = picture_path(self._folder, number).read_bytes()
        except OSError as error:
            raise damaged(error) from error
        self._check_still(library)
        return picture

    def heat_layer(self, model_id: str, number: int, label_key: str, build: str | None = None) -> bytes:
        """The heat of one label over a case's crop: 8-bit grey PNG, 255 is the map's own peak.

        Raises
        ------
        LabelNotFoundError, LibraryNotFoundError, LibraryMismatchError, LibraryError
        """
        library = self._open()
        bundle = self._catalog.get(model_id)
        shelf = self._shelf(library, bundle)
        row = self._row(library, shelf, number, build)
        heat = content_heat(shelf.heatmap(row, bundle.label_index(label_key), bundle))
        return imaging.encode_png(np.rint(heat * 255.0).astype(np.uint8), {})

    def _row(self, library: _Opened, shelf: _Shelf, number: int, build: str | None) -> int:
        if build not in (None, library.spec.build):
            # the numbers of another build are other patients' films
            raise _built_anew()
        if number not in shelf.rows:
            raise LibraryNotFoundError(
                N_("The library has no case {number} for this model."), remedy=N_("Ask again."), number=number
            )
        return shelf.rows[number]

    def _open(self) -> _Opened:
        stamp = self._stamp()
        with self._lock:
            if self._opened is None or self._opened.stamp != stamp:
                self._opened = None
                spec = read_spec(self._folder)
                self._opened = _Opened(stamp, spec, {case.number: case for case in spec.cases}, {})
                logger.info("opened a library of %d cases", len(spec.cases))
            return self._opened

    def _stamp(self) -> tuple[int, int]:
        try:
            status = (self._folder / SPEC_FILE).stat()
        except OSError:
            return (0, 0)
        return (status.st_mtime_ns, status.st_ino)

    def _check_still(self, library: _Opened) -> None:
        """Refuse what was just read when the library was replaced meanwhile: it may be of another film."""
        if self._stamp() != library.stamp:
            raise _built_anew()

    def _shelf(self, library: _Opened, bundle: Bundle) -> _Shelf:
        model = next((one for one in library.spec.models if one.id == bundle.id), None)
        if model is None:
            raise LibraryNotFoundError(
                N_("The reference library was built without the model {model}."),
                remedy=N_("Its admin can build it again: cxr-dash library build DIR"),
                model=bundle.id,
            )
        if model.sha256 != bundle.serving_sha256:
            raise LibraryMismatchError(
                N_(
                    "The reference library was built with version {built} ({before}…) of {model}; "
                    "the one here is {now} ({here}…)."
                ),
                remedy=N_("Its admin can build it again: cxr-dash library build DIR"),
                model=bundle.id,
                built=model.version,
                before=model.sha256[:8],
                now=bundle.spec.version,
                here=bundle.serving_sha256[:8],
            )
        with self._lock:
            if bundle.id not in library.shelves:
                arrays = {name: read_array(self._folder, model, name) for name in model.shapes()}
                self._check_still(library)
                counts = count_labels([library.cases[number] for number in model.cases], bundle.spec.labels)
                rows = {number: row for row, number in enumerate(model.cases)}
                library.shelves[bundle.id] = _Shelf(model, arrays, counts, rows, _same(library, model))
            return library.shelves[bundle.id]


def _same(library: _Opened, model: LibraryModel) -> dict[str, tuple[int, ...]]:
    """Rows by the digest of their film; a build takes each film once, other tools may not."""
    found: dict[str, tuple[int, ...]] = {}
    for row, number in enumerate(model.cases):
        sha256 = library.cases[number].sha256
        found[sha256] = (*found.get(sha256, ()), row)
    return found


def _built_anew() -> LibraryMismatchError:
    return LibraryMismatchError(
        N_("The library was built anew since this page asked."), remedy=N_("Ask again.")
    )


def _case(library: _Opened, shelf: _Shelf, bundle: Bundle, row: int, similarity: float) -> SimilarCase:
    case = library.cases[shelf.model.cases[row]]
    keys = shelf.model.label_keys
    heatmaps = {key: shelf.heatmap(row, index, bundle) for index, key in enumerate(keys)}
    return SimilarCase(
        case=case,
        labels=case_labels(case, bundle.spec.labels),
        similarity=similarity,
        likeness=shelf.word(similarity),
        probabilities=dict(zip(keys, map(float, shelf.arrays["probabilities"][row]), strict=True)),
        flat={key: heatmap.flat for key, heatmap in heatmaps.items()},
        peaks={key: heatmap.peak for key, heatmap in heatmaps.items()},
        preparation=preparation_of(shelf.arrays["geometry"][row]),
    )
