"""Two promises of every card, judged like audits: probabilities mean what they say, here and elsewhere."""

from __future__ import annotations

from cxr_dash.inference.schema import Audit
from training import metrics as m
from training.audits.material import Material, macro_auroc, resampling_of, usable
from training.audits.verdicts import (
    ECE_BAD,
    ECE_OK,
    LOSS_LIMIT,
    audit_figure,
    judge_ece,
    judge_kept,
    not_measured,
)
from training.films.split_names import NATURAL
from training.metrics import figure

_ECE_LIMIT = (
    f"ok up to {ECE_OK} on test and in other hospitals, bad above {ECE_BAD} in either: mean over labels"
)

_NATURAL_LIMIT = (
    f"ok up to {ECE_OK} on films at natural prevalence, bad above {ECE_BAD}: mean over labels; the other "
    "films have another prevalence, and show how far that carries"
)


def calibration_audit(material: Material) -> Audit:
    """``calibration``: mean calibration error over labels, the worse of test and other hospitals.

    Of a bundle that states its probabilities at natural prevalence, that on films of that prevalence.
    """
    name = "Do the probabilities mean what they say?"
    if not material.judged:
        return not_measured("calibration", name, "no test films.", _ECE_LIMIT)
    found = {
        split.name: m.macro(
            m.expected_calibration_error, split.probabilities, split.targets, resampling_of(split.films)
        )
        for split in material.judged
    }
    # stated at the prevalence of films as they came, probabilities can only be right at that prevalence
    stated = material.spec.calibrated_at
    promised = [NATURAL] if stated is not None and stated.natural and NATURAL in found else list(found)
    return Audit(
        key="calibration",
        name=name,
        verdict=judge_ece(max(found[split].value for split in promised)),
        headline="Calibration error, mean over labels: "
        + "; ".join(f"{figure(value, digits=3)} on {split}" for split, value in found.items())
        + ".",
        limit=_NATURAL_LIMIT if promised == [NATURAL] else _ECE_LIMIT,
        details=[
            f"Calibration: {material.spec.calibration.chosen or material.spec.calibration.kind}",
            "Another share of positive films makes every probability wrong by that much.",
        ],
        figures=[
            entry
            for split, value in found.items()
            for entry in audit_figure("calibration error, mean over labels", split, value)
        ],
    )


def other_hospitals_audit(material: Material) -> Audit:
    """``other_hospitals``: what is left of the AUROC on films of hospitals it never saw."""
    key, name = "other_hospitals", "In other hospitals"
    test, external = (material.splits.get(split) for split in ("test", "external"))
    if test is None or external is None:
        return not_measured(
            key, name, "there are no films of other hospitals. Expect less than on test.", LOSS_LIMIT
        )
    columns = sorted(set(usable(test.targets)) & set(usable(external.targets)))
    if not columns:
        return not_measured(key, name, "too few films of each kind in other hospitals.", LOSS_LIMIT)
    home, away = (
        macro_auroc(part.probabilities[:, columns], part.targets[:, columns], part.films)
        for part in (test, external)
    )
    share = (away.value - 0.5) / (home.value - 0.5) if home.value > 0.5 else 0.0
    labels = ", ".join(material.spec.label_keys[k] for k in columns)
    return Audit(
        key=key,
        name=name,
        verdict=judge_kept(share),
        headline=f"On {len(external.films)} films of other hospitals the AUROC is {figure(away)}, on test "
        f"{figure(home)}: {max(share, 0):.0%} of what it has above chance is left (labels: {labels}).",
        limit=LOSS_LIMIT,
        figures=[
            *audit_figure("AUROC, mean over labels", "external", away),
            *audit_figure("AUROC, mean over labels", "test", home),
        ],
    )
