"""What the sheet says of the model: its warnings, what it does not look for, what its audits found."""

from __future__ import annotations

from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator
from cxr_dash.services.exports.wording import not_looked_for
from cxr_dash.services.report.sheet_text import Block

# of the model's warnings: the header of the page shows the first, and the sheet has one page
_WARNINGS = 2


def model_block(bundle: Bundle, t: Translator) -> Block:
    """Which model it is, the first of its warnings, and how its audits went, cautions too."""
    spec = bundle.spec
    bad = [t(audit.name) for audit in spec.audits if audit.verdict == "bad"]
    care = [t(audit.name) for audit in spec.audits if audit.verdict == "caution"]
    title = t.choose(spec.title)
    lines = [
        f"{title} ({spec.id} {spec.version}, {bundle.serving_sha256[:12]}…)",
        t(
            "Learned from: {population}.",
            population=t.choose(spec.trained_on).rstrip("."),
        ),
    ]
    if names := not_looked_for(spec, t):
        lines.append(t("Not looked for: {names}.", names=t.listed(names)))
    if bad:
        lines.append(
            t.plural(
                "{n} of {total} audits went badly: {names}.",
                "{n} of {total} audits went badly: {names}.",
                len(bad),
                total=len(spec.audits),
                names="; ".join(bad),
            )
        )
    if care:
        lines.append(
            t.plural(
                "{n} of {total} audits asks for caution: {names}.",
                "{n} of {total} audits ask for caution: {names}.",
                len(care),
                total=len(spec.audits),
                names="; ".join(care),
            )
        )
    if spec.audits and not bad and not care:
        lines.append(t.plural("The audit went well.", "All {n} audits went well.", len(spec.audits)))
    # what the page has at its head, before anything that may be cut short
    lines[1:1] = [t(one) for one in spec.warnings[:_WARNINGS]]
    return Block(
        heading=t("The model"),
        lines=tuple(lines),
        items_heading=t("Not for:"),
        items=tuple(t(one) for one in spec.not_for),
        items_left_out=t("The rest is on the model card."),
    )
