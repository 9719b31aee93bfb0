"""From a film to an :class:`~cxr_dash.domain.Analysis`.

Decode, find the lungs, prepare, run, calibrate, explain, judge.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import cv2
import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import (
    Analysis,
    Finding,
    PreparationSpec,
    Radiograph,
    RawOutput,
)
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.calibration import calibrated_probabilities
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.lungs import find_lungs, measure_heart, plan_with_lungs
from cxr_dash.inference.prevalence import stated_prevalence
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.services.age_group import guess_age
from cxr_dash.services.cases import CaseStore, StoredFilm
from cxr_dash.services.gate import installed_gate, judge
from cxr_dash.services.heat import label_heatmap
from cxr_dash.services.population import check_age
from cxr_dash.services.shown import Shown
from cxr_dash.services.trust import report_trust
from cxr_dash.settings import Settings
from cxr_dash.store.room import NOBODY

_PICTURE_QUALITY = 95
_THUMBNAIL_QUALITY = 80
_THUMBNAIL_SIDE = 160


class AnalysisService:
    """Answers for films: those in hand (command line) and those kept under a key (web).

    Parameters
    ----------
    settings : Settings
    catalog : Catalog
    runtimes : RuntimePool
    cases : CaseStore
    """

    def __init__(
        self, *, settings: Settings, catalog: Catalog, runtimes: RuntimePool, cases: CaseStore
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.runtimes = runtimes
        self.cases = cases
        self.observe: Callable[[Analysis], None] = lambda _analysis: None

    def analyse_bytes(self, data: bytes, model_id: str, *, gate: bool = True) -> Analysis:
        """Analyse a file's bytes and keep nothing.

        Parameters
        ----------
        data : bytes
            A film's file, in one of ``imaging.FORMATS``.
        model_id : str
        gate : bool
            With ``False`` no film is refused but one whose age the bundle does not answer for.

        Raises
        ------
        FilmError, BundleError, BackendMissingError
        """
        bundle = self.catalog.get(model_id)
        started = time.perf_counter()
        radiograph = imaging.decode(data, self.settings.decode_limits)
        decode_ms = _milliseconds_since(started)
        return self._analyse(radiograph, bundle, gate=gate, decode_ms=decode_ms)

    def admit(self, data: bytes, model_id: str | None = None, owner: str = NOBODY) -> tuple[str, StoredFilm]:
        """Keep a film under a new key, and ask a model about it at once when one is named.

        Decoding is the slow step of a large film: doing everything that needs the pixels here means that it
        happens once.

        Parameters
        ----------
        data : bytes
        model_id : str, optional
        owner : str
            In whose share of the cache it is kept.

        Returns
        -------
        key : str
        film : StoredFilm

        Raises
        ------
        FilmError, BundleError, BackendMissingError, StorageError, QuotaError
        """
        bundle = self.catalog.get(model_id) if model_id else None
        started = time.perf_counter()
        radiograph = imaging.decode(data, self.settings.decode_limits)
        decode_ms = _milliseconds_since(started)
        film = _stored_film(data, radiograph)
        # asked before it is kept: a film whose key nobody got could not be deleted
        analysis = self._analyse(radiograph, bundle, gate=True, decode_ms=decode_ms) if bundle else None
        key = self.cases.add(film, owner)
        if analysis is not None:
            self.cases.add_analysis(key, analysis)
        return key, film

    def forget(self, film_key: str) -> None:
        """Delete a kept film, and what any model said of it.

        Raises
        ------
        StorageError
        """
        bundles = [self.catalog.get(model_id) for model_id in self.catalog.ids()]
        self.cases.forget(film_key, [(bundle.id, bundle.serving_sha256) for bundle in bundles])

    def analyse(self, film_key: str, model_id: str) -> Analysis:
        """What a model says about a kept film; asked once, then remembered.

        Raises
        ------
        CaseNotFoundError, BundleError, BackendMissingError
        """
        film = self.cases.film(film_key)
        bundle = self.catalog.get(model_id)
        known = self.cases.analysis(film_key, model_id, bundle.serving_sha256)
        if known is not None:
            return known
        analysis = self.analyse_bytes(film.data, model_id)
        self.cases.add_analysis(film_key, analysis)
        return analysis

    def _analyse(self, radiograph: Radiograph, bundle: Bundle, *, gate: bool, decode_ms: float) -> Analysis:
        started = time.perf_counter()
        segmenter = self.catalog.tool("lungs")
        lungs = find_lungs(radiograph, segmenter, self.runtimes) if segmenter else None
        heart = measure_heart(lungs, segmenter) if lungs and segmenter else None
        lungs_ms = _milliseconds_since(started)

        started = time.perf_counter()
        preparation = plan_with_lungs(radiograph, bundle.spec.preparation, lungs)
        model_input = imaging.apply_preparation(radiograph, preparation)
        prepare_ms = _milliseconds_since(started)

        started = time.perf_counter()
        raw = self.runtimes.get(bundle).run(model_input)
        model_ms = _milliseconds_since(started)

        findings = _findings(raw, bundle)
        heatmaps = {
            label.key: label_heatmap(bundle.spec, label.key, cam, preparation)
            for label, cam in zip(bundle.spec.labels, raw.cams, strict=True)
        }
        started = time.perf_counter()
        trust = {}
        if self.settings.heat_trust:
            trust = report_trust(
                self.runtimes.get(bundle),
                bundle,
                model_input,
                findings=findings,
                heatmaps=heatmaps,
                lungs=lungs,
            )
        trust_ms = _milliseconds_since(started)

        quality = check_age(bundle.spec.population, radiograph.facts)
        if gate:
            installed = partial(installed_gate, self.catalog, self.runtimes)
            guess = partial(
                guess_age,
                radiograph,
                bundle,
                raw.embedding,
                catalog=self.catalog,
                runtimes=self.runtimes,
                lungs=lungs,
            )
            shown = Shown(model_input, preparation)
            quality = judge(radiograph, raw, bundle, installed, lungs, shown=shown, guess=guess, heart=heart)
        analysis = Analysis(
            model_id=bundle.id,
            model_version=bundle.spec.version,
            model_sha256=bundle.serving_sha256,
            film_sha256=radiograph.sha256,
            preparation=preparation,
            quality=quality,
            findings=findings,
            heatmaps=heatmaps,
            milliseconds={
                "decode": decode_ms,
                **({"lungs": lungs_ms} if lungs is not None else {}),
                "prepare": prepare_ms,
                "model": model_ms,
                **({"trust": trust_ms} if trust else {}),
                "total": decode_ms + lungs_ms + prepare_ms + model_ms + trust_ms,
            },
            analysed_at=datetime.now(UTC).isoformat(timespec="seconds"),
            lungs=lungs,
            heart=heart,
            trust=trust,
            embedding=raw.embedding,
            facts=radiograph.facts.shareable,
        )
        self.observe(analysis)
        return analysis


def _findings(raw: RawOutput, bundle: Bundle) -> tuple[Finding, ...]:
    probabilities = calibrated_probabilities(raw.logits, bundle.spec)
    thresholds = bundle.spec.operating_point().thresholds
    stated = stated_prevalence(bundle.spec)
    return tuple(
        Finding(
            label=label,
            logit=float(logit),
            probability=float(probability),
            threshold=thresholds[label.key],
            prevalence=stated.get(label.key),
        )
        for label, logit, probability in zip(bundle.spec.labels, raw.logits, probabilities, strict=True)
    )


def _stored_film(data: bytes, radiograph: Radiograph) -> StoredFilm:
    pixels = imaging.display_pixels(radiograph, imaging.plan_preparation(radiograph, PreparationSpec()))
    scale = min(1.0, _THUMBNAIL_SIDE / max(pixels.shape))
    size = (max(1, round(radiograph.width * scale)), max(1, round(radiograph.height * scale)))
    thumbnail = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return StoredFilm(
        data=data,
        picture=imaging.encode_jpeg(pixels, _PICTURE_QUALITY),
        thumbnail=imaging.encode_jpeg(thumbnail, _THUMBNAIL_QUALITY),
        sha256=radiograph.sha256,
        width=radiograph.width,
        height=radiograph.height,
        facts=radiograph.facts,
        identity=radiograph.identity,
    )


def _milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
