"""All audits of a model, the worst first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema import Audit
from training.audits.confounding import source_audit, strata_audit, within_source_audit
from training.audits.embedding import embedding_audit
from training.audits.material import Material
from training.audits.promises import calibration_audit, other_hospitals_audit
from training.audits.robustness import robustness_audit
from training.audits.shortcuts import border_audit, covered_audits

logger = logging.getLogger(__name__)

_COVERED = ("lungs_removed", "lungs_only")
_AUDITS: dict[str, Callable[[Material], Audit]] = {
    "other_hospitals": other_hospitals_audit,
    "within_source": within_source_audit,
    "source_embedding": source_audit,
    "border_only": border_audit,
    "confounding": strata_audit,
    "embedding": embedding_audit,
    "robustness": robustness_audit,
    "calibration": calibration_audit,
}
_KEYS = (*_COVERED, *_AUDITS)
_ORDER = ("bad", "caution", "ok")


def run_audits(material: Material, only: Sequence[str] | None = None) -> list[Audit]:
    """Ask every question; the gravest verdicts come first.

    Parameters
    ----------
    material : Material
    only : sequence of str, optional
        Keys of those to make.

    Raises
    ------
    TrainingError
        Naming a film that cannot be read, or a key that is no audit's.
    """
    wanted = _KEYS if only is None or not list(only) else tuple(only)
    unknown = [key for key in wanted if key not in _KEYS]
    if unknown:
        raise TrainingError(f"`only` must be of {', '.join(_KEYS)}; received {unknown[0]!r}.")
    covers = bool(material.judged) and any(key in wanted for key in _COVERED)
    found = [audit for audit in covered_audits(material) if audit.key in wanted] if covers else []
    for key, audit in _AUDITS.items():
        if key in wanted:
            found.append(audit(material))
            logger.info("%s: %s", key, found[-1].verdict)
    return worst_first(found)


def worst_first(audits: list[Audit]) -> list[Audit]:
    """Bad, caution, ok; in their old order inside each."""
    return sorted(audits, key=lambda audit: _ORDER.index(audit.verdict))
