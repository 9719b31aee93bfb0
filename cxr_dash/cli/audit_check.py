"""What ``cxr-dash doctor`` says of the audit trail."""

from __future__ import annotations

from typing import Literal

from cxr_dash.errors import CxrError
from cxr_dash.services.audit import open_trail
from cxr_dash.settings import Settings


def audit_state(settings: Settings) -> tuple[Literal["ok", "warn", "fail"], str, str, bool]:
    """State, what was found, what to do, and whether that may be meant: as of a ``Check``."""
    try:
        trail = open_trail(settings)
        if trail is None:
            return "ok", "off", "", True
        found = trail.unguarded()
    except CxrError as error:
        return "fail", error.message, error.remedy or "Start the database, or correct CXR_AUDIT_URL.", True
    if found:
        names = ", ".join(name for name, _ in found)
        remedy = "Run `cxr-dash audit protect` as the owner of the table, or what `--show` prints."
        return "warn", f"entries can be changed: {names} has no triggers against it", remedy, False
    where = "the database" if settings.audit == "database" else str(settings.audit_dir.absolute())
    return "ok", f"in {where}", "", True
