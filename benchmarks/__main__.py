"""``python -m benchmarks``: measure tables side by side, print them, keep every sample as JSON.

Without names the models and the decoders; ``all`` is every table of docs/benchmarks.md about the shipped
models and the app (three of them need a browser).
"""

from __future__ import annotations

import argparse
import os
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks.table import RESULTS, ROOT, Asked, Machine, Table, write_between

# Table -> the module that measures it; loaded only when it is asked for.
TABLES = {
    "models": "benchmarks.bench",
    "decode": "benchmarks.decode",
    "lungs": "benchmarks.segmenter",
    "engines": "benchmarks.engines",
    "peers": "benchmarks.peers",
    "worklist": "benchmarks.worklist",
    "list": "benchmarks.film_list",
    "frames": "benchmarks.viewer_frames",
}
_USUAL = ("models", "decode")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "tables",
        nargs="*",
        metavar="TABLE",
        help=f"of {', '.join(TABLES)}, or all (default: {' '.join(_USUAL)})",
    )
    parser.add_argument("--model", default="findings", help="bundle id (default: %(default)s)")
    parser.add_argument("--models-dir", type=Path, default=os.environ.get("CXR_MODELS_DIR", ROOT / "models"))
    parser.add_argument("--brief", action="store_true", help="each part once, nothing cold: does it run?")
    parser.add_argument(
        "--out", type=Path, help="folder for samples (default: benchmarks/results; none if brief)"
    )
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/benchmarks.md")
    asked = parser.parse_args()
    names = tuple(TABLES) if "all" in asked.tables else tuple(asked.tables) or _USUAL
    for name in names:
        if name not in TABLES:
            parser.error(f"TABLE must be one of {', '.join(TABLES)} or all; received {name}")
    out = asked.out or (None if asked.brief else RESULTS)

    # The subjects must see what the machine has, not what this shell happens to set.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for name in names:
        machine = Machine()
        with tempfile.TemporaryDirectory(prefix="cxr-bench-") as folder:
            bundle = Path(asked.models_dir).resolve() / asked.model
            table: Table = import_module(TABLES[name]).measure(Asked(bundle, Path(folder), asked.brief))
        text = machine.text(table)
        print(f"\n{text}", flush=True)
        if out:
            machine.keep(name, asked.model, table, out)
        if asked.write_docs:
            write_between(name, text)


if __name__ == "__main__":
    main()
