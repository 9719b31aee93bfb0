"""Counters and timings for Prometheus; across workers when ``PROMETHEUS_MULTIPROC_DIR`` is set."""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from cxr_dash.domain import Analysis

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Counts analyses by model and verdict, why verdicts were not ok, stages' durations, and refused files.

    Likewise what is taken away by its kind, and questions for similar cases by what became of them. Each
    application has its own registry, so that several in one process (tests) do not collide.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._analyses = Counter(
            "cxr_analyses", "Films analysed.", ["model", "verdict"], registry=self._registry
        )
        self._reasons = Counter(
            "cxr_verdict_reasons",
            "Reasons of verdicts that were not ok.",
            ["model", "verdict", "code"],
            registry=self._registry,
        )
        self._refused = Counter(
            "cxr_refused_files", "Files that could not be read.", ["code"], registry=self._registry
        )
        self._exports = Counter(
            "cxr_exports", "Reports, tables and ZIPs begun.", ["kind"], registry=self._registry
        )
        self._similar = Counter(
            "cxr_similar", "Questions for similar cases.", ["outcome"], registry=self._registry
        )
        self._turned_away = Counter(
            "cxr_turned_away", "Requests not taken: busy, slow or large.", ["why"], registry=self._registry
        )
        self._stage = Histogram(
            "cxr_stage_seconds",
            "Time per stage of an analysis.",
            ["stage"],
            buckets=_SECONDS,
            registry=self._registry,
        )

    def analysed(self, analysis: Analysis) -> None:
        """Count one analysis."""
        self._analyses.labels(analysis.model_id, str(analysis.quality.verdict)).inc()
        for code in analysis.quality.codes:
            self._reasons.labels(analysis.model_id, str(analysis.quality.verdict), code).inc()
        for stage, milliseconds in analysis.milliseconds.items():
            self._stage.labels(stage).observe(milliseconds / 1000.0)

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

    def exposition(self) -> tuple[bytes, str]:
        """The text Prometheus reads, over all workers where they share a folder, and its content type."""
        registry = self._registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
