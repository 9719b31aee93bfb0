"""The audit trail: who did what to which film, written where nothing is changed or taken out again."""

from __future__ import annotations

from cxr_dash.services.audit.entry import ACTIONS, Action, Entry
from cxr_dash.services.audit.look import look_after
from cxr_dash.services.audit.trail import Trail, open_trail

# Under this name an application's extensions hold the trail, or None.
TRAIL_KEY = "cxr_trail"

__all__ = ["ACTIONS", "TRAIL_KEY", "Action", "Entry", "Trail", "look_after", "open_trail"]
