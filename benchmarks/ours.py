"""Subject: a film's path in the app, ``services`` over LiteRT; every heatmap comes with every answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.protocol import announce, answer_commands
from cxr_dash import imaging
from cxr_dash.domain import Analysis, Float32Array
from cxr_dash.services import build_service
from cxr_dash.settings import Settings


def _of_own_peak(values: Float32Array) -> list[float]:
    """As the recipe has it: of the largest cell, wherever that lies.

    ``Heatmap.peak`` is another figure: of the map where it lies over the film, without borders and bars.
    """
    return [float(share) for share in (values / max(float(values.max()), 1e-12)).ravel()]


def main(bundle_path: Path, film: Path) -> None:
    settings = Settings(models_dir=bundle_path.parent)
    service = build_service(settings)
    data = film.read_bytes()

    def analyse() -> Analysis:
        return service.analyse_bytes(data, bundle_path.name, gate=False)

    answer = analyse()
    announce(
        "all_heatmaps",
        logits=[finding.logit for finding in answer.findings],
        heatmaps=[_of_own_peak(heatmap.values) for heatmap in answer.heatmaps.values()],
        tensorflow="tensorflow" in sys.modules,
    )

    bundle = service.catalog.get(bundle_path.name)
    runtime = service.runtimes.get(bundle)
    model_input = imaging.prepare(imaging.decode(data, settings.decode_limits), bundle.spec.preparation)

    def whole_path() -> dict[str, Any]:
        analyse()
        return {}

    def model_alone() -> dict[str, Any]:
        runtime.run(model_input)
        return {}

    # One run of the graph answers all of these: there is nothing less to compute.
    answer_commands(
        {
            "film_to_all": whole_path,
            "film_to_one": whole_path,
            "predict": model_alone,
            "one_heatmap": model_alone,
            "one_heatmap_built_once": model_alone,
            "all_heatmaps": model_alone,
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
