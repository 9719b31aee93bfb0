"""A small Flask application around the reference: each worker loads the model before its first answer.

``POST /analyse/<label>`` with a film answers with the heatmap of one label as a PNG, after ``model.predict``.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from flask import Flask, Response, request

from cxr_dash import imaging

if TYPE_CHECKING:
    from benchmarks.reference import Reference

server = Flask(__name__)


@cache
def _reference() -> Reference:
    from benchmarks.reference import Reference  # noqa: PLC0415  (not in the master: TensorFlow must not fork)

    return Reference(Path(os.environ["BENCHMARK_BUNDLE"]))


@server.get("/healthz")
def alive() -> str:
    return "alive"


@server.post("/analyse/<label>")
def analyse(label: str) -> Response:
    reference = _reference()
    batch = reference.prepared(request.get_data())
    reference.predict(batch)
    heatmap = reference.heatmap(batch, reference.spec.label_keys.index(label))
    return Response(imaging.encode_png((heatmap * 255).astype(np.uint8), {}), mimetype="image/png")
