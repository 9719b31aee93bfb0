"""From a film to an :class:`~cxr_dash.domain.Analysis`.

Decode, find the lungs, prepare, run, calibrate, explain, judge (``examine``). What another model or the trust
report needs of a kept film is kept beside it (``workup``): the trust report waits until it is asked for.
"""

from __future__ import annotations

import cv2
import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import Analysis, Radiograph
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.services.cases import CaseStore, StoredFilm
from cxr_dash.services.examine import Examiner
from cxr_dash.services.one_at_a_time import OneAtATime
from cxr_dash.services.workup import Workup
from cxr_dash.settings import Settings
from cxr_dash.stages import stage
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
        self.examiner = Examiner(catalog, runtimes)
        self._one_at_a_time = OneAtATime()

    def analyse_bytes(
        self, data: bytes, model_id: str, *, gate: bool = True, trust: bool = False
    ) -> Analysis:
        """Analyse a file's bytes and keep nothing.

        Parameters
        ----------
        data : bytes
            A film's file, in one of ``imaging.FORMATS``.
        model_id : str
        gate : bool
            With ``False`` no film is refused but one whose age the bundle does not answer for.
        trust : bool
            With ``True`` the trust report is made too, where the settings have one.

        Raises
        ------
        FilmError, BundleError, BackendMissingError
        """
        bundle = self.catalog.get(model_id)
        radiograph, decode_ms = self._decoded(data)
        workup, analysis = self.examiner.examine(radiograph, bundle, gate=gate, decode_ms=decode_ms)
        if trust and self.settings.heat_trust:
            return self.examiner.explain(analysis, workup, bundle)[1]
        return analysis

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
        radiograph, decode_ms = self._decoded(data)
        film = _stored_film(data, radiograph)
        # asked before it is kept: a film whose key nobody got could not be deleted
        found = self._examined(radiograph, decode_ms, bundle) if bundle else None
        key = self.cases.add(film, owner)
        if found is not None:
            self._keep(key, *found)
        return key, film

    def forget(self, film_key: str) -> None:
        """Delete a kept film, and what any model said of it.

        Raises
        ------
        StorageError
        """
        self.examiner.forget()
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
        workup = self.cases.workup(film_key)
        if workup is None or not self.examiner.serves(workup, bundle):
            return self._keep(film_key, *self._examined(*self._decoded(film.data), bundle))
        analysis = self.examiner.answer(workup, bundle, film.facts)
        self.cases.add_analysis(film_key, analysis)
        return analysis

    def explained(self, film_key: str, model_id: str) -> Analysis:
        """The same with its trust report, where the settings have one; asked once, then remembered.

        Raises
        ------
        CaseNotFoundError, BundleError, BackendMissingError
        """
        analysis = self.analyse(film_key, model_id)
        if not self.waits_for_trust(analysis):
            return analysis
        with self._one_at_a_time.holding(f"{film_key}/{analysis.model_sha256}"):
            # somebody may have asked while this thread waited
            known = self.cases.analysis(film_key, model_id, analysis.model_sha256)
            if known is not None and known.trust:
                return known
            bundle, workup = self.catalog.get(model_id), self.cases.workup(film_key)
            others = self.examiner.sharing(bundle)
            if workup is None or not self.examiner.serves(workup, bundle):
                radiograph, _ = self._decoded(self.cases.film(film_key).data)
                workup, _ = self.examiner.work_up(radiograph, bundle, others=others)
            return self._keep(film_key, *self.examiner.explain(analysis, workup, bundle, others))

    def waits_for_trust(self, analysis: Analysis) -> bool:
        """Whether a trust report of this analysis can be asked for, and was not."""
        return self.settings.heat_trust and not analysis.trust

    def _examined(self, radiograph: Radiograph, decode_ms: float, bundle: Bundle) -> tuple[Workup, Analysis]:
        """Of a film that is kept: the next question may be another model's."""
        others = self.examiner.sharing(bundle)
        return self.examiner.examine(radiograph, bundle, decode_ms=decode_ms, others=others)

    def _keep(self, film_key: str, workup: Workup, analysis: Analysis) -> Analysis:
        # where there is room for one of them alone, the answer
        self.cases.add_analysis(film_key, analysis)
        self.cases.add_workup(film_key, workup)
        return analysis

    def _decoded(self, data: bytes) -> tuple[Radiograph, float]:
        took: dict[str, float] = {}
        with stage("decode", took):
            radiograph = imaging.decode(data, self.settings.decode_limits)
        return radiograph, took["decode"]


def _stored_film(data: bytes, radiograph: Radiograph) -> StoredFilm:
    pixels = imaging.display_pixels(radiograph, imaging.first_plan(radiograph))
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
