"""Building a reference library: films that went through the very pipeline that serves readers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from cxr_dash import __version__, imaging
from cxr_dash.domain import Analysis, Float32Array, Verdict
from cxr_dash.errors import LibraryError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import say_reasons
from cxr_dash.services.analyse import AnalysisService
from cxr_dash.services.library.coarse import FEWEST_FOR_COARSE, make_coarse
from cxr_dash.services.library.files import (
    SPEC_FILE,
    LibraryCase,
    LibraryModel,
    LibrarySpec,
    array_path,
    geometry_row,
    picture_path,
)
from cxr_dash.services.library.likeness import measure_likeness

_LONGEST_SIDE = 512
_PICTURE_QUALITY = 85


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """One film as it may enter a library.

    Attributes
    ----------
    sha256 : str
        Digest of its file.
    picture : bytes
        JPEG, 8-bit, upright, windowed, at most 512 px, without metadata.
    width, height : int
        Of the picture.
    analyses : dict of str to Analysis
        By model id, of the models that may be asked about it.
    refusals : dict of str to str
        By model id, why its gate refused the film.
    """

    sha256: str
    picture: bytes
    width: int
    height: int
    analyses: dict[str, Analysis]
    refusals: dict[str, str]


def examine(service: AnalysisService, data: bytes, model_ids: Sequence[str]) -> Examined:
    """Ask every model about one film, gate and all.

    Raises
    ------
    FilmError, BundleError, BackendMissingError
    """
    radiograph = imaging.decode(data, service.settings.decode_limits)
    answers = {model_id: service.analyse_bytes(data, model_id) for model_id in model_ids}
    pixels = imaging.display_pixels(radiograph, imaging.first_plan(radiograph))
    scale = min(1.0, _LONGEST_SIDE / max(pixels.shape))
    width, height = (max(1, round(side * scale)) for side in (radiograph.width, radiograph.height))
    small = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    refused = {key: one.quality for key, one in answers.items() if one.quality.verdict is Verdict.REJECT}
    return Examined(
        sha256=radiograph.sha256,
        picture=imaging.encode_jpeg(small, _PICTURE_QUALITY),
        width=width,
        height=height,
        analyses={key: one for key, one in answers.items() if key not in refused},
        refusals={key: " ".join(say_reasons(quality.reasons)) for key, quality in refused.items()},
    )


@dataclass(eq=False)
class _Rows:
    """What one model said about the films so far."""

    cases: list[int] = field(default_factory=list)
    embeddings: list[Float32Array] = field(default_factory=list)
    probabilities: list[list[float]] = field(default_factory=list)
    maps: list[np.ndarray[tuple[int, ...], np.dtype[np.float16]]] = field(default_factory=list)
    geometry: list[tuple[int, ...]] = field(default_factory=list)

    def add(self, number: int, analysis: Analysis) -> None:
        if analysis.embedding is None:
            raise ValueError("an analysis that enters a library must keep its embedding")
        self.cases.append(number)
        self.embeddings.append(analysis.embedding)
        self.probabilities.append([finding.probability for finding in analysis.findings])
        self.maps.append(np.stack([heat.values for heat in analysis.heatmaps.values()]).astype(np.float16))
        self.geometry.append(geometry_row(analysis.preparation))


class LibraryBuilder:
    """Takes films one after the other, and writes a library in the end.

    Parameters
    ----------
    folder : Path
        An empty folder.
    bundles : sequence of Bundle
    """

    def __init__(self, folder: Path, bundles: Sequence[Bundle]) -> None:
        self._folder = folder
        self._bundles = bundles
        self._rows = {bundle.id: _Rows() for bundle in bundles}
        self._cases: list[LibraryCase] = []
        picture_path(folder, 0).parent.mkdir()

    def add(self, film: Examined, labels: Sequence[str], note: str = "") -> int:
        """Keep a film that at least one model may be asked about; returns its number."""
        number = len(self._cases) + 1
        picture_path(self._folder, number).write_bytes(film.picture)
        self._cases.append(
            LibraryCase(
                number=number,
                sha256=film.sha256,
                labels=list(labels),
                note=note,
                width=film.width,
                height=film.height,
            )
        )
        for model_id, analysis in film.analyses.items():
            self._rows[model_id].add(number, analysis)
        return number

    def counts(self) -> dict[str, int]:
        """Films so far, by model id."""
        return {model_id: len(rows.cases) for model_id, rows in self._rows.items()}

    def finish(self) -> LibrarySpec:
        """Write the arrays and, last of all, ``library.json``.

        Raises
        ------
        LibraryError
            When no film was added.
        """
        if not self._cases:
            raise LibraryError(
                "A library must hold at least one film; none could be used.",
                remedy="The table above says why each was left out.",
            )
        models = [self._write(bundle) for bundle in self._bundles if self._rows[bundle.id].cases]
        spec = LibrarySpec(
            build=secrets.token_hex(6),
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
            app_version=__version__,
            cases=self._cases,
            models=models,
        )
        (self._folder / SPEC_FILE).write_text(spec.model_dump_json(indent=1), encoding="utf-8")
        return spec

    def _write(self, bundle: Bundle) -> LibraryModel:
        rows = self._rows[bundle.id]
        embeddings = np.stack(rows.embeddings).astype(np.float32)
        centre = embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)
        norms = np.linalg.norm(embeddings - centre, axis=1).astype(np.float32)
        arrays = {
            "embeddings": embeddings,
            "centre": centre,
            "norms": norms,
            "probabilities": np.asarray(rows.probabilities, dtype=np.float32),
            "maps": np.stack(rows.maps),
            "geometry": np.asarray(rows.geometry, dtype=np.int32),
        }
        many = len(embeddings) >= FEWEST_FOR_COARSE
        arrays |= make_coarse(embeddings, centre, norms) if many else {}
        array_path(self._folder, bundle.id, "").parent.mkdir(parents=True)
        for name, array in arrays.items():
            np.save(array_path(self._folder, bundle.id, name), array)
        return LibraryModel(
            id=bundle.id,
            version=bundle.spec.version,
            sha256=bundle.serving_sha256,
            label_keys=bundle.spec.label_keys,
            embedding_size=bundle.spec.embedding_size,
            cam_grid=bundle.spec.cam_grid,
            cases=rows.cases,
            likeness=measure_likeness(embeddings, centre, norms),
            coarse=many,
        )
