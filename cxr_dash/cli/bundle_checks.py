"""Whether a bundle answers, asked with a synthetic film."""

from __future__ import annotations

import time

import numpy as np

from cxr_dash import imaging
from cxr_dash.domain import Analysis
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.bundle import Bundle, SegmenterBundle
from cxr_dash.inference.lungs import find_lungs
from cxr_dash.services import AnalysisService

# Two runs on the same film; kernels may add in another order.
_TOLERANCE = 1e-4


def check_answer(service: AnalysisService, bundle: Bundle) -> str:
    """Analyse the chest phantom twice and compare what comes back with what the bundle promises.

    Returns
    -------
    str
        A line for the report.

    Raises
    ------
    BundleMismatchError
        When probabilities or maps are not what ``bundle.json`` says, or two runs differ.
    BackendMissingError
        When the library that runs the bundle is missing.
    """
    film = imaging.encode_png(imaging.chest_phantom(), {})
    first = service.analyse_bytes(film, bundle.id, gate=False)
    second = service.analyse_bytes(film, bundle.id, gate=False)
    _check_shape(first, bundle)
    logits = [np.array([finding.logit for finding in answer.findings]) for answer in (first, second)]
    difference = float(np.max(np.abs(logits[0] - logits[1])))
    if not difference <= _TOLERANCE:
        raise BundleMismatchError(
            f"{bundle.id} must answer the same film alike twice; received logits {difference:.2g} apart.",
            remedy="Export the bundle again, and report this machine's processor.",
        )
    runtime = service.runtimes.get(bundle).name
    return f"{len(first.findings)} labels through {runtime}, {second.milliseconds['total']:.0f} ms a film"


def check_loads(service: AnalysisService, bundle: Bundle) -> str:
    """Load the input gate, which runs it on an empty film and compares the shapes of its answer.

    Returns
    -------
    str
        A line for the report.

    Raises
    ------
    BundleMismatchError, BackendMissingError
        When it does not load or does not answer as ``bundle.json`` says.
    """
    return f"input gate through {service.runtimes.get(bundle).name}"


def check_lungs(service: AnalysisService, bundle: SegmenterBundle) -> str:
    """Draw the lungs of the chest phantom twice.

    Returns
    -------
    str
        A line for the report.

    Raises
    ------
    BundleMismatchError
        When two runs differ. The shape is looked at when the bundle is loaded.
    BackendMissingError
        When the library that runs the bundle is missing.
    """
    film = imaging.decode(imaging.encode_png(imaging.chest_phantom(), {}))
    first = find_lungs(film, bundle, service.runtimes)
    started = time.perf_counter()
    second = find_lungs(film, bundle, service.runtimes)
    milliseconds = (time.perf_counter() - started) * 1000.0
    difference = float(np.max(np.abs(first.probability - second.probability)))
    if not difference <= _TOLERANCE:
        raise BundleMismatchError(
            f"{bundle.id} must draw the same film alike twice; received {difference:.2g} apart.",
            remedy="Export the bundle again, and report this machine's processor.",
        )
    return f"lung fields through {service.runtimes.segmenter(bundle).name}, {milliseconds:.0f} ms a film"


def _check_shape(answer: Analysis, bundle: Bundle) -> None:
    keys = [finding.label.key for finding in answer.findings]
    grids = {heatmap.values.shape for heatmap in answer.heatmaps.values()}
    probabilities = np.array([finding.probability for finding in answer.findings])
    problems = []
    if keys != bundle.spec.label_keys:
        problems.append(f"labels {keys}")
    if grids != {bundle.spec.cam_grid}:
        problems.append(f"heatmap grids {sorted(grids)} instead of {bundle.spec.cam_grid}")
    if not np.all((probabilities >= 0.0) & (probabilities <= 1.0)):
        problems.append(f"probabilities {probabilities.tolist()}")
    if problems:
        raise BundleMismatchError(
            f"{bundle.id} must answer as its bundle.json says; received {'; '.join(problems)}.",
            remedy="Export the bundle again.",
        )
