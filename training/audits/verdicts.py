"""Limits, in one place and in words: what calls an audit ok, caution or bad."""

from __future__ import annotations

from cxr_dash.inference.schema import Audit, AuditFigure, AuditVerdict, Interval

CAUTION_SHARE = 0.25
BAD_SHARE = 0.5
ECE_OK = 0.05
ECE_BAD = 0.10

SHORTCUT_LIMIT = (
    f"ok up to {CAUTION_SHARE:.0%} of what the model's AUROC has above chance, bad above {BAD_SHARE:.0%}, "
    "judged on the first split named"
)
LOSS_LIMIT = (
    f"ok while at least {1 - CAUTION_SHARE:.0%} of what the AUROC has above chance is left, bad below "
    f"{1 - BAD_SHARE:.0%}"
)


def judge_gained(share: float) -> AuditVerdict:
    """Verdict of a share of the model's score that can be had without looking at disease."""
    if share > BAD_SHARE:
        return "bad"
    return "caution" if share > CAUTION_SHARE else "ok"


def judge_kept(share: float) -> AuditVerdict:
    """Verdict of a share of the model's score that survives taking a shortcut away."""
    if share < 1 - BAD_SHARE:
        return "bad"
    return "caution" if share < 1 - CAUTION_SHARE else "ok"


def judge_ece(ece: float) -> AuditVerdict:
    """Verdict of a calibration error."""
    if ece > ECE_BAD:
        return "bad"
    return "caution" if ece > ECE_OK else "ok"


def worst(verdicts: list[AuditVerdict]) -> AuditVerdict:
    """The gravest of some verdicts; ``caution`` where there is none: not measured is not passed."""
    order: tuple[AuditVerdict, ...] = ("bad", "caution", "ok")
    return next((verdict for verdict in order if verdict in verdicts), "caution")


def not_measured(key: str, name: str, why: str, limit: str) -> Audit:
    """An audit that could not be made: caution, and why."""
    return Audit(key=key, name=name, verdict="caution", headline=f"Not measured: {why}", limit=limit)


def audit_figure(name: str, split: str, value: Interval | None) -> list[AuditFigure]:
    """A figure as an entry, or no entry where it does not exist."""
    return [AuditFigure(name=name, split=split, value=value)] if value is not None else []
