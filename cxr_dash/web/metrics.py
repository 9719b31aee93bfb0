"""Counters and timings for Prometheus; across workers when ``PROMETHEUS_MULTIPROC_DIR`` is set."""

from __future__ import annotations

import os
from collections.abc import Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from cxr_dash.domain import Analysis, Verdict

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_HTTP_SECONDS = (*_SECONDS, 10.0, 30.0)
_PIXELS = (224, 512, 768, 1024, 1536, 2048, 3072, 4096)
# What `cxr_dash.intake` tells of each worker, by the gauge that it becomes.
_LOAD = {
    "threads": "Threads that answer requests.",
    "busy_threads": "Threads that answer one now.",
    "waiting_requests": "Requests that are there whole and wait for a thread.",
    "waiting_room": "Films and questions that may wait before the next is turned away.",
    "connections": "Open connections.",
    "incoming_bytes": "Bytes held of requests that are coming or waiting.",
}


class Metrics:
    """Counts what becomes of requests, files and films.

    Each application has its own registry, so that several in one process (tests) do not collide.

    Parameters
    ----------
    now : Collector, optional
        What is looked up when Prometheus asks, and is the same whichever worker answers.
    """

    def __init__(self, now: Collector | None = None) -> None:
        self._registry = CollectorRegistry()
        self._now = CollectorRegistry()
        if now is not None:
            self._now.register(now)
        self._analyses = self._counter("cxr_analyses", "Films analysed.", "model", "verdict")
        self._reasons = self._counter(
            "cxr_verdict_reasons", "Reasons of verdicts that were not ok.", "model", "verdict", "code"
        )
        self._refused = self._counter("cxr_refused_files", "Files that could not be read.", "code")
        self._exports = self._counter("cxr_exports", "Reports, tables and ZIPs begun.", "kind")
        self._similar = self._counter("cxr_similar", "Questions for similar cases.", "outcome")
        self._turned_away = self._counter(
            "cxr_turned_away", "Requests not taken: busy, slow or large.", "why"
        )
        self._evicted = self._counter(
            "cxr_cache_evictions", "Entries the cache let go: their time was over.", "why"
        )
        self._not_kept = self._counter("cxr_cache_refusals", "Films not kept: full, or quota.", "why")
        self._http = self._counter("cxr_http_requests", "Requests answered.", "method", "route", "status")
        self._http_seconds = self._histogram(
            "cxr_http_seconds", "Time until the answer begins.", _HTTP_SECONDS, "route"
        )
        self._stage = self._histogram(
            "cxr_stage_seconds", "Time per stage of an analysis.", _SECONDS, "model", "stage"
        )
        self._short_side = self._histogram(
            "cxr_film_short_side_pixels", "Shorter side of films as they came.", _PIXELS, "model"
        )
        self._above = self._counter(
            "cxr_scores_above_threshold",
            "Films, not refused, at or above the default operating point.",
            "model",
            "label",
        )
        self._scores = self._counter("cxr_scores", "Films, not refused, with a score.", "model", "label")
        self._score_sum = self._counter(
            "cxr_score_probability", "Sum of their probabilities.", "model", "label"
        )
        self._tones = self._counter("cxr_tones", "Films whose tone was measured.", "model")
        # a counter only grows: films on either side of the middle are added up apart
        self._tone_shift = self._counter(
            "cxr_tone_shift", "Sum of how far films lie beyond the middle.", "model", "direction"
        )
        self._tone_shift_back = self._counter(
            "cxr_tone_shift_back", "Sum of how far films lie before the middle.", "model", "direction"
        )
        self._load = {
            name: Gauge(f"cxr_{name}", words, registry=self._registry, multiprocess_mode="livesum")
            for name, words in _LOAD.items()
        }

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self._registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, words, labels, buckets=buckets, registry=self._registry)

    def analysed(self, analysis: Analysis) -> None:
        """Count one analysis: verdict, reasons and stages, and, where it was not refused, its scores."""
        model, quality = analysis.model_id, analysis.quality
        self._analyses.labels(model, str(quality.verdict)).inc()
        for code in quality.codes:
            self._reasons.labels(model, str(quality.verdict), code).inc()
        for stage, milliseconds in analysis.milliseconds.items():
            self._stage.labels(model, stage).observe(milliseconds / 1000.0)
        self._short_side.labels(model).observe(
            min(analysis.preparation.film_width, analysis.preparation.film_height)
        )
        if quality.verdict is Verdict.REJECT:
            return
        for finding in analysis.findings:
            key = finding.label.key
            self._scores.labels(model, key).inc()
            self._score_sum.labels(model, key).inc(finding.probability)
            above = finding.threshold is not None and finding.probability >= finding.threshold
            self._above.labels(model, key).inc(float(above))

    def explained(self, analysis: Analysis) -> None:
        """Count what a trust report took: it is made after its analysis was counted, or never."""
        self._stage.labels(analysis.model_id, "trust").observe(analysis.milliseconds["trust"] / 1000.0)

    def toned(self, model: str, shifts: Mapping[str, float]) -> None:
        """Count where one film lies along a model's directions of tone; 0 is its training films' middle."""
        self._tones.labels(model).inc()
        for direction, shift in shifts.items():
            self._tone_shift.labels(model, direction).inc(max(shift, 0.0))
            self._tone_shift_back.labels(model, direction).inc(max(-shift, 0.0))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer of HTTP; ``route`` as it is written, with its places for keys."""
        self._http.labels(method, route, str(status)).inc()
        self._http_seconds.labels(route).observe(seconds)

    def refused(self, code: str) -> None:
        """Count one file that could not be read."""
        self._refused.labels(code).inc()

    def exported(self, kind: str) -> None:
        """Count one report, table or ZIP: ``pdf``, ``csv``, ``json`` or ``zip``."""
        self._exports.labels(kind).inc()

    def compared(self, outcome: str) -> None:
        """Count one question for similar cases: ``answered``, or the code of what was in the way."""
        self._similar.labels(outcome).inc()

    def turned_away(self, why: str) -> None:
        """Count one request that was not taken: ``busy``, ``slow`` or ``large``."""
        self._turned_away.labels(why).inc()

    def evicted(self, entries: int) -> None:
        """Count entries of the cache whose time was over."""
        self._evicted.labels("expired").inc(entries)

    def not_kept(self, why: str) -> None:
        """Count one film that was not kept: ``storage`` (no room, or no cache) or ``quota``."""
        self._not_kept.labels(why).inc()

    def loaded(self, **load: float) -> None:
        """Set what this worker has to do, by the names of its gauges."""
        for name, value in load.items():
            self._load[name].set(value)

    def exposition(self) -> tuple[bytes, str]:
        """The text Prometheus reads, over all workers where they share a folder, and its content type."""
        registry = self._registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(self._now), CONTENT_TYPE_LATEST
