"""What a bundle says about itself, in the reader's language.

Names and populations stand in the bundle in both; its sentences stand there in English and are translated
like those of the application, as far as the catalogue knows them.
"""

from __future__ import annotations

from cxr_dash.domain import N_, Label
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec, HeldOut, Interval, OperatingPoint
from cxr_dash.inference.schema_films import ONE_IN
from cxr_dash.language import Translator

_HALF = 0.5


def population_line(spec: BundleSpec, t: Translator) -> str:
    """A few words for the header: how many labels, and on whom the model was trained."""
    count = len(spec.labels)
    if spec.activation == "sigmoid":
        labels = t.plural("{n} finding", "{n} findings", count)
    else:
        labels = t.plural("{n} class", "{n} classes", count)
    return f"{labels} · {t.choose(spec.trained_on)}"


def title(spec: BundleSpec, t: Translator) -> str:
    """The model's title."""
    return t.choose(spec.title)


def short_title(spec: BundleSpec, t: Translator) -> str:
    """The title without what stands in brackets, for the model selector."""
    return title(spec, t).split(" (", maxsplit=1)[0]


def label_name(label: Label, t: Translator) -> str:
    """A label's name."""
    return t.choose(label.name)


def point_name(point: OperatingPoint, t: Translator) -> str:
    """An operating point's name."""
    return t.choose(point.name)


_HELD_OUT = {"natural": N_("test films at natural prevalence"), "test": N_("test films")}


def point_chip(point: OperatingPoint, t: Translator) -> str:
    """An operating point's name beside others; joint ones stand under a heading that says of what."""
    whole = ONE_IN.get(point.key) if point.joint else None
    return t("1 in {n}", n=whole) if whole else point_name(point, t)


def achieved(point: OperatingPoint, t: Translator) -> str:
    """What a point does to held-out films without and with a finding; empty where that was not counted."""
    found = {one.split: one for one in point.achieved}
    films = found.get("natural") or found.get("test")
    if films is None or films.flagged is None or films.found is None:
        return ""
    return t(
        "On {split}: {flagged} of films without a finding get a flag, and {found} of those with one.",
        split=t(_HELD_OUT[films.split]),
        flagged=_share(films.flagged, t),
        found=_share(films.found, t),
    )


def flagged_without(point: OperatingPoint, t: Translator) -> str:
    """How many held-out films without a finding a point flags ("1 in 13"); empty where that was not counted.

    A share above a half is given in per cent: "1 in 1" would say more than was measured. On which films it
    was measured, and with what interval, ``achieved`` says.
    """
    found = {one.split: one for one in point.achieved}
    films = found.get("natural") or found.get("test")
    if not point.joint or films is None or films.flagged is None or films.flagged.value <= 0.0:
        return ""
    share = films.flagged.value
    if share > _HALF:
        return t(
            "At these thresholds {share} of films without a finding are flagged.", share=t.percent(share)
        )
    return t("At these thresholds 1 in {n} films without a finding is flagged.", n=t.decimal(1.0 / share, 0))


def calibrated_films(spec: BundleSpec, t: Translator) -> str:
    """The films whose prevalence probabilities are stated at; empty where the bundle does not say."""
    films = spec.calibrated_at
    return t.choose(films.description) if films else ""


def _share(value: Interval, t: Translator) -> str:
    """``8 % (6–11)``."""
    text = t.percent(value.value)
    if value.low is None or value.high is None:
        return text
    return f"{text} ({t.decimal(100 * value.low, 0)}–{t.decimal(100 * value.high, 0)})"


def explanation(point: OperatingPoint, t: Translator) -> str:
    """How an operating point was chosen."""
    return t.choose(point.explanation)


def description(held: HeldOut, t: Translator) -> str:
    """Which films a held-out split holds."""
    return t.choose(held.description)


def warning_line(spec: BundleSpec, t: Translator) -> str:
    """The bundle's first warning, for the header, as plain text; empty when it has none."""
    return t(spec.warnings[0]).replace("`", "") if spec.warnings else ""


def footer_model(bundle: Bundle) -> str:
    """Model id, version and the head of its hash."""
    return f"{bundle.spec.id} {bundle.spec.version} · {bundle.serving_sha256[:12]}"
