"""``python -m training``: one module for each family of commands."""

from training.cli.app import app

__all__ = ["app"]
