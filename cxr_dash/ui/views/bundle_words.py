"""What a bundle says about itself, in the reader's language.

Names and populations stand in the bundle in both; its sentences stand there in English and are translated
like those of the application, as far as the catalogue knows them.
"""

from __future__ import annotations

from cxr_dash.domain import Label
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec, HeldOut, OperatingPoint
from cxr_dash.language import Translator
from cxr_dash.services.exports.wording import lower


def population_line(spec: BundleSpec, t: Translator) -> str:
    """A few words for the header: how many labels, and on whom the model was trained."""
    count = len(spec.labels)
    if spec.activation == "sigmoid":
        labels = t.plural("{n} finding", "{n} findings", count)
    else:
        labels = t.plural("{n} class", "{n} classes", count)
    return f"{labels} · {t.choose({'en': spec.population_en, 'es': spec.population_es})}"


def title(spec: BundleSpec, t: Translator) -> str:
    """The model's title."""
    return t.choose({"en": spec.title_en, "es": spec.title_es})


def short_title(spec: BundleSpec, t: Translator) -> str:
    """The title without what stands in brackets, for the model selector."""
    return title(spec, t).split(" (", maxsplit=1)[0]


def label_name(label: Label, t: Translator) -> str:
    """A label's name."""
    return t.choose({"en": label.name_en, "es": label.name_es})


def not_looked_for(spec: BundleSpec, t: Translator) -> list[str]:
    """What a reader may expect and the model does not look for, as words inside a sentence."""
    return [lower(label_name(one, t)) for one in spec.not_looked_for]


def point_name(point: OperatingPoint, t: Translator) -> str:
    """An operating point's name."""
    return t.choose({"en": point.name_en, "es": point.name_es})


def explanation(point: OperatingPoint, t: Translator) -> str:
    """How an operating point was chosen."""
    return t.choose({"en": point.explanation_en, "es": point.explanation_es})


def description(held: HeldOut, t: Translator) -> str:
    """Which films a held-out split holds."""
    return t.choose({"en": held.description_en, "es": held.description_es})


def warning_line(spec: BundleSpec, t: Translator) -> str:
    """The bundle's first warning, for the header; empty when it has none."""
    return t(spec.warnings[0]) if spec.warnings else ""


def footer_model(bundle: Bundle) -> str:
    """Model id, version and the head of its hash."""
    return f"{bundle.spec.id} {bundle.spec.version} · {bundle.serving_sha256[:12]}"
