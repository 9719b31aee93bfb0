"""Says in the log, when a server starts, where its audit trail can be changed."""

from __future__ import annotations

import logging
import threading

from cxr_dash.errors import AuditError
from cxr_dash.services.audit.trail import Trail

logger = logging.getLogger(__name__)


def look_after(trail: Trail) -> threading.Thread:
    """Look once, in a thread: a database that does not answer must not keep a worker from its readers."""
    thread = threading.Thread(target=warn_of, args=(trail,), name="cxr-audit", daemon=True)
    thread.start()
    return thread


def warn_of(trail: Trail) -> None:
    """A line for each file or table whose entries can be changed, and one where nobody can tell."""
    try:
        found = trail.unguarded()
    except AuditError as error:
        logger.warning("%s", error)
        return
    for name, statements in found:
        logger.warning(
            "the audit trail can be changed: %s lacks %d of its triggers; `cxr-dash audit protect` makes "
            "them, as the owner of the table (docs/sign-in.md)",
            name,
            sum(statement.startswith("CREATE TRIGGER") for statement in statements),
        )
