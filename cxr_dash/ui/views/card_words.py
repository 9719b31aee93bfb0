"""What the model page calls things: splits, averages, subgroups, ways of making maps."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.domain import N_
from cxr_dash.inference.schema import BundleSpec, SplitMetrics
from cxr_dash.language import SOURCE_LANGUAGE, Translator
from cxr_dash.ui.views import bundle_words

_SPLITS = {
    "test": N_("Test: new patients, same collections"),
    "external": N_("Other hospitals"),
    "natural": N_("Test films at natural prevalence"),
    "natural_val": N_("Val films at natural prevalence (chosen on, optimistic)"),
    "val": N_("Val (used for choosing, optimistic)"),
}
_SHORT_SPLITS = {
    "test": N_("test"),
    "external": N_("other hospitals"),
    "natural": N_("test films at natural prevalence"),
    "natural_val": N_("val films at natural prevalence"),
    "val": N_("val"),
}
AVERAGES = {
    "auroc": N_("AUROC, mean over labels"),
    "auroc_within_source": N_("AUROC within one source"),
    "balanced_recall": N_("Recall, mean over classes"),
    "accuracy": N_("Most probable class right"),
    "auprc": N_("AUPRC, mean over labels"),
    "ece": N_("Calibration error"),
    "brier": N_("Brier score"),
}
VERDICTS = {"bad": N_("Bad"), "caution": N_("Caution"), "ok": N_("OK")}
_ASPECTS = {
    "age": N_("Age"),
    "sex": N_("Sex"),
    "view": N_("Projection"),
    "population": N_("Population"),
    "source": N_("Source"),
}
_ANSWERS = {
    "F": N_("women"),
    "M": N_("men"),
    "adult": N_("adults"),
    "adult?": N_("adults, as far as is known"),
    "paediatric": N_("children"),
    "65 and over": N_("65 and over"),
    "AP": "AP",
    "PA": "PA",
}
_METHODS = {
    "served": N_("The map as shown"),
    "train_boxes": N_("Mean box of the training films"),
    "centre": N_("A spot in the middle"),
    "random": N_("Noise"),
}
# Boxed findings that no model has as a label of its own.
_BOXED = {"lung_opacity": N_("Lung opacity")}


def split_name(split: str, t: Translator) -> str:
    """What a split is."""
    return t(_SPLITS.get(split, split))


def short_splits(splits: str, t: Translator) -> str:
    """``val, test`` in a few words."""
    return ", ".join(t(_SHORT_SPLITS.get(split, split)) for split in splits.split(", "))


def average_name(key: str, t: Translator) -> str:
    """What an average is of."""
    return t(AVERAGES[key])


def subgroup_name(key: str, t: Translator) -> str:
    """``sex=F`` as people say it."""
    aspect, _, answer = key.partition("=")
    if not answer:
        return key
    return f"{t(_ASPECTS.get(aspect, aspect))}: {t(_ANSWERS.get(answer, answer))}"


def method_name(key: str, t: Translator) -> str:
    """How a map was made."""
    return t(_METHODS.get(key, key))


def finding_name(spec: BundleSpec, key: str, t: Translator) -> str:
    """A boxed finding, which need not be one of the model's labels."""
    label = next((one for one in spec.labels if one.key == key), None)
    return bundle_words.label_name(label, t) if label else t(_BOXED.get(key, key))


def split_description(spec: BundleSpec, split: SplitMetrics, t: Translator) -> str:
    """Which films a split holds: at length in English, else as the held-out films are described."""
    held = next((one for one in spec.held_out if one.split == split.split), None)
    if held is None or t.language == SOURCE_LANGUAGE:
        return t(split.description.en)
    return bundle_words.description(held, t)


def said(text: str, t: Translator) -> Component:
    """A sentence of the bundle; marked as English where it has no translation, to be read aloud as such."""
    words = t(text)
    # names of fields and splits stand between backticks, as in Markdown
    split = words.split("`")
    parts = [html.Code(part) if place % 2 else part for place, part in enumerate(split) if part]
    if t.language == SOURCE_LANGUAGE or words != text:
        return html.Span(parts)
    return html.Span(parts, lang=SOURCE_LANGUAGE)
