"""All audits of a model, the worst first."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cxr_dash.inference.schema import Audit
from training.audits.confounding import source_audit, strata_audit, within_source_audit
from training.audits.material import Material
from training.audits.promises import calibration_audit, other_hospitals_audit
from training.audits.shortcuts import border_audit, covered_audits

logger = logging.getLogger(__name__)

_AUDITS: tuple[Callable[[Material], Audit], ...] = (
    other_hospitals_audit,
    within_source_audit,
    source_audit,
    border_audit,
    strata_audit,
    calibration_audit,
)
_ORDER = ("bad", "caution", "ok")


def run_audits(material: Material) -> list[Audit]:
    """Ask every question; the gravest verdicts come first.

    Parameters
    ----------
    material : Material

    Raises
    ------
    TrainingError
        Naming a film that cannot be read.
    """
    found = covered_audits(material) if material.judged else []
    for audit in _AUDITS:
        found.append(audit(material))
        logger.info("%s: %s", found[-1].key, found[-1].verdict)
    return worst_first(found)


def worst_first(audits: list[Audit]) -> list[Audit]:
    """Bad, caution, ok; in their old order inside each."""
    return sorted(audits, key=lambda audit: _ORDER.index(audit.verdict))
