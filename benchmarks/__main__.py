"""``python -m benchmarks``: measure, print the table, keep every sample as JSON."""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench import Plan, run
from benchmarks.film import HEIGHT, WIDTH, write_film
from training.bench.machine import machine_facts

LIBRARIES = (
    "ai-edge-litert",
    "dash",
    "gunicorn",
    "keras",
    "numpy",
    "opencv-python-headless",
    "tensorflow-cpu",
)
ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
_BETWEEN = re.compile(r"(<!-- results -->\n).*?(<!-- end of results -->)", flags=re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", default="findings", help="bundle id (default: %(default)s)")
    parser.add_argument("--models-dir", type=Path, default=os.environ.get("CXR_MODELS_DIR", ROOT / "models"))
    parser.add_argument("--quick", action="store_true", help="one round of everything: does it run?")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args()

    # The subjects must see what the machine has, not what this shell happens to set.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    machine, when = machine_facts(LIBRARIES), datetime.now(UTC)
    plan = Plan(1, 3, 1, 1) if asked.quick else Plan()
    with tempfile.TemporaryDirectory(prefix="cxr-bench-") as name:
        folder = Path(name)
        film = folder / "film.png"
        write_film(film)
        figures = run(Path(asked.models_dir).resolve() / asked.model, film, folder, plan)
    text = f"{_described(machine, asked.model, when)}\n\n{figures.as_markdown()}"
    print(text)
    if asked.quick:
        return
    RESULTS.mkdir(exist_ok=True)
    data = {"measured_at": when.isoformat(timespec="seconds"), "model": asked.model, "machine": machine}
    path = RESULTS / f"{when:%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps({**data, "rows": figures.as_data()}, indent=1) + "\n", encoding="utf-8")
    if asked.write_docs:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(
            _BETWEEN.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page), encoding="utf-8"
        )


def _described(machine: dict[str, Any], model: str, when: datetime) -> str:
    libraries = ", ".join(f"{name} {machine[name]}" for name in ("ai-edge-litert", "tensorflow-cpu", "keras"))
    return (
        f"Measured {when:%Y-%m-%d} with `{model}` and a {WIDTH} x {HEIGHT} film on {machine['cores']} cores "
        f"of {machine['processor']}, {machine['memory_gib']} GiB; load before the run "
        f"{machine['load_before']}, niceness {machine['niceness']}; "
        f"{libraries}."
    )


if __name__ == "__main__":
    main()
