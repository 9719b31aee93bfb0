"""What Prometheus is told that is looked up when it asks: build, models with their own figures, the cache."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata

import numpy as np
from flask_caching import Cache
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from cxr_dash import __version__
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.services import AnalysisService

logger = logging.getLogger(__name__)

_NATURAL = "natural"


def looked_up(service: AnalysisService, cache: Cache) -> LookedUp:
    """For :class:`cxr_dash.web.metrics.Metrics`.

    Parameters
    ----------
    service : AnalysisService
    cache : Cache
        From ``web.cache.open_cache``.
    """
    settings = service.settings
    most = None if settings.cache_type == "redis" else settings.max_cache_bytes

    def used() -> int | None:
        try:
            return int(cache.cache.used_bytes())
        except Exception as error:
            # a Redis that is gone must not take the other figures along
            logger.warning("the cache cannot be measured: %s", error)
            return None

    return LookedUp(service.catalog, used, most)


class LookedUp(Collector):
    """The same whichever worker answers.

    Parameters
    ----------
    catalog : Catalog
    cache_bytes : callable
        Bytes that the cache holds; None where it does not answer.
    most_cache_bytes : int or None
        What it may hold; None where that is not ours to say (Redis).
    """

    def __init__(
        self, catalog: Catalog, cache_bytes: Callable[[], int | None], most_cache_bytes: int | None
    ) -> None:
        self._catalog = catalog
        self._cache_bytes = cache_bytes
        self._most_cache_bytes = most_cache_bytes

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry need not look anything up to know the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        build = {
            "version": __version__,
            "python": platform.python_version(),
            "litert": metadata.version("ai-edge-litert"),
        }
        yield InfoMetricFamily("cxr_build", "What serves.", value=build)
        bundles = self._catalog.bundles()
        models = InfoMetricFamily("cxr_model", "Bundles that answer.", labels=["model"])
        for bundle in bundles:
            models.add_metric([bundle.id], {"version": bundle.spec.version, "digest": bundle.digest})
        yield models
        yield self._refused()
        yield from _references([bundle for bundle in bundles if isinstance(bundle, Bundle)])
        yield from self._cache()

    def _refused(self) -> Metric:
        refused = GaugeMetricFamily("cxr_models_refused", "Bundles that are there and not used.")
        refused.add_metric([], len(self._catalog.broken()))
        return refused

    def _cache(self) -> Iterator[Metric]:
        used = self._cache_bytes()
        if used is not None:
            yield GaugeMetricFamily("cxr_cache_bytes", "Bytes of films and results kept.", value=used)
        if self._most_cache_bytes is not None:
            yield GaugeMetricFamily(
                "cxr_cache_limit_bytes", "Bytes that may be kept.", value=self._most_cache_bytes
            )


def _references(bundles: Iterable[Bundle]) -> Iterator[Metric]:
    above = GaugeMetricFamily(
        "cxr_reference_share_above_threshold",
        "The bundle's own: share of its held-out films at or above the default operating point.",
        labels=["model", "label", "split"],
    )
    mean = GaugeMetricFamily(
        "cxr_reference_mean_probability",
        "The bundle's own: mean probability over its held-out films.",
        labels=["model", "label", "split"],
    )
    limit = GaugeMetricFamily(
        "cxr_reference_tone_limit",
        "The bundle's own: how far along a direction of tone a film is called unusual; 0 is the middle.",
        labels=["model", "direction"],
    )
    side = GaugeMetricFamily(
        "cxr_reference_input_pixels", "Shorter side of what the model is shown.", labels=["model"]
    )
    for bundle in bundles:
        spec, (split, held_out) = bundle.spec, _most_natural(bundle.spec)
        thresholds = spec.operating_point().thresholds
        for label, probabilities in held_out.items():
            scores, cut = np.asarray(probabilities), thresholds.get(label)
            if scores.size and cut is not None:
                above.add_metric([bundle.id, label, split], float((scores >= cut).mean()))
            if scores.size:
                mean.add_metric([bundle.id, label, split], float(scores.mean()))
        for direction in spec.tone.directions if spec.tone else ():
            limit.add_metric([bundle.id, direction.key], direction.limit)
        side.add_metric([bundle.id], min(spec.preparation.height, spec.preparation.width))
    yield from (above, mean, limit, side)


def _most_natural(spec: BundleSpec) -> tuple[str, dict[str, list[float]]]:
    """The films that came as they come, where there are such: their shares are what a site may expect."""
    chosen = next((held for held in spec.held_out if held.split == _NATURAL), None)
    chosen = chosen or next(iter(spec.held_out), None)
    return (chosen.split, dict(chosen.probabilities)) if chosen else ("", {})
