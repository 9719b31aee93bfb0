"""A report opened from disk, without network."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_builder import KEYS, write_bundle
from gunicorn_server import PATIENCE_SECONDS
from playwright.sync_api import Browser

from training.report.build import make_report

pytestmark = pytest.mark.browser


def test_a_report_opens_without_network_and_draws_every_chart(chromium: Browser, tmp_path: Path) -> None:
    interval = {"value": 0.75, "low": 0.5, "high": 1.0}
    names = ("auroc", "auprc", "sensitivity", "specificity", "ece", "brier")
    row = {"positives": 2, "negatives": 2, **dict.fromkeys(names, interval)}
    figures = {"macro": {"auroc": interval}, "labels": dict.fromkeys(KEYS, row)}
    metrics = [{"split": "test", "films": 4, "patients": 3, "description": {"en": "Four films."}, **figures}]
    report = tmp_path / "report.html"
    report.write_text(make_report(write_bundle(tmp_path, metrics=metrics), "test"), encoding="utf-8")

    context = chromium.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report.as_uri())
    charts = page.locator(".plotly-graph-div")
    assert charts.count() == 4
    page.wait_for_function("document.querySelectorAll('.plotly-graph-div .main-svg .xtick').length > 12")
    lines = page.locator("#chart-roc .scatterlayer .js-line")
    assert lines.count() == 3  # two labels and the coin
    # a chart is drawn before its neighbours are there, and must not take their place
    wider = "all => all.filter(c => c.querySelector('.main-svg').clientWidth > c.clientWidth + 1).length"
    assert charts.evaluate_all(wider) == 0
    # nothing hangs over the edge of the window
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.locator("nav a", has_text="Thresholds").click()
    page.wait_for_url("**#thresholds")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []
    context.close()
