"""``python -m training``."""

from __future__ import annotations

from training.cli import app
from training.quiet import quieten_process

if __name__ == "__main__":
    quieten_process()
    app(prog_name="python -m training")
