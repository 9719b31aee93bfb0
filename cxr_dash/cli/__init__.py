"""``cxr-dash serve | models | analyse | score | library | users | audit | doctor``.

Commands import what they need when they run: ``--help`` stays quick, and none of them imports TensorFlow
unless a bundle without a compiled graph is asked.
"""

from cxr_dash.cli.commands import app

__all__ = ["app"]
