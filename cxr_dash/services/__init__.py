"""The only orchestration: what happens, in which order, between an upload and an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.trunks import trunk_bundle
from cxr_dash.services.analyse import AnalysisService
from cxr_dash.services.cases import CaseStore, KeyValueCache, MemoryCache
from cxr_dash.settings import Settings

__all__ = ["AnalysisService", "CaseStore", "KeyValueCache", "MemoryCache", "build_service"]


def build_service(
    settings: Settings, cache: KeyValueCache | None = None, user: Callable[[], str] = str
) -> AnalysisService:
    """Wire the service from settings; nothing is read or loaded yet.

    Parameters
    ----------
    settings : Settings
    cache : KeyValueCache, optional
        Where films wait; a dictionary of this process when none is given, as the command line uses it.
    user : callable
        Who asks now, where people sign in: a film is there for its own user alone; else empty.
    """
    catalog = Catalog(settings.models_dir)
    return AnalysisService(
        settings=settings,
        catalog=catalog,
        runtimes=RuntimePool(settings.inference_threads, partial(trunk_bundle, catalog)),
        cases=CaseStore(cache or MemoryCache(), settings.case_lifetime_seconds, user),
    )
