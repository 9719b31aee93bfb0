"""The benchmarks as a person calls them, each part once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cxr_dash.settings import ROOT


def run_briefly(folder: Path, *tables: str) -> tuple[str, dict[str, Any]]:
    """Measure tables with ``--brief``: what was printed, and what was kept in ``folder``, by table."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *tables, "--brief", "--out", folder],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kept = {path.name.split("-")[0]: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
    return done.stdout, kept
