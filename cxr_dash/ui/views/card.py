"""The model page: a section at a time, what speaks against the model above each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language import Translator
from cxr_dash.ui.views import bundle_words, card_about, card_label
from cxr_dash.ui.views import card_tables as tables
from cxr_dash.ui.views.card_counts import counts_part
from cxr_dash.ui.views.card_examples import places_part
from cxr_dash.ui.views.card_parts import OF_A_LABEL, SECTIONS, address, section


@dataclass(frozen=True, slots=True, eq=False)
class CardPage:
    """The page with one section in view.

    Attributes
    ----------
    title : str
    nav : Component
        The list of sections; the one in view is marked.
    failed : list of Component
        One line that names what the model failed; empty when nothing.
    of_a_label : bool
        Whether label and threshold can be chosen in this section.
    counts : list of Component
        The films counted at the threshold, above the section; empty in other sections.
    view : list of Component
        The section.
    """

    title: str
    nav: Component
    failed: list[Component | str]
    of_a_label: bool
    counts: list[Component]
    view: list[Component]


def card_title(spec: BundleSpec, t: Translator) -> str:
    """Title of the model page."""
    return f"{bundle_words.title(spec, t)} · {spec.id} {spec.version}"


def audit_badge(spec: BundleSpec, t: Translator) -> str:
    """For the header's button: how many audits the model failed; empty when none."""
    bad = sum(audit.verdict == "bad" for audit in spec.audits)
    return t.plural("{n} bad audit", "{n} bad audits", bad) if bad else ""


def sections(spec: BundleSpec) -> list[str]:
    """Keys of the sections that this model has something for, in their order."""
    there = {
        "audits": bool(spec.audits or spec.warnings),
        "figures": bool(spec.metrics),
        "subgroups": any(split.subgroups for split in tables.splits_in_order(spec, judged_only=True)),
        "places": bool(spec.localisation),
        "training": spec.training_log is not None,
    }
    return [key for key in SECTIONS if there.get(key, True)]


def card_page(
    bundle: Bundle, wanted: str, label_key: str, cuts: Mapping[str, float], t: Translator
) -> CardPage:
    """The page with a section in view.

    Parameters
    ----------
    bundle : Bundle
    wanted : str
        Key of the section; the first one where the model has no such section.
    label_key : str
        One of the model's labels.
    cuts : mapping of str to float
        The reader's own thresholds by label; the default ones where there is none.
    t : Translator
    """
    spec = bundle.spec
    keys = sections(spec)
    key = wanted if wanted in keys else keys[0]
    cut = card_label.cut_of(spec, label_key, cuts)
    return CardPage(
        title=card_title(spec, t),
        nav=_nav(keys, key, t),
        failed=_failed(spec, t),
        of_a_label=key in OF_A_LABEL,
        counts=counts_part(spec, label_key, cut, t) if key in OF_A_LABEL else [],
        view=_VIEWS[key](_Asked(bundle, label_key, cuts, t)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    bundle: Bundle
    label_key: str
    cuts: Mapping[str, float]
    t: Translator

    @property
    def spec(self) -> BundleSpec:
        return self.bundle.spec


def _of_a_label(asked: _Asked) -> list[Component]:
    return [card_label.label_part(asked.spec, asked.label_key, asked.cuts, asked.t)]


_VIEWS: dict[str, Callable[[_Asked], list[Component]]] = {
    "audits": lambda one: card_about.audits_part(one.spec, one.t),
    "figures": lambda one: [
        section("figures", one.t, card_about.figures_part(one.spec, one.t), one.t("How well it does"))
    ],
    "cut": _of_a_label,
    "curves": _of_a_label,
    "subgroups": lambda one: [section("subgroups", one.t, card_label.subgroup_part(one.spec, one.t))],
    "places": lambda one: [section("places", one.t, places_part(one.spec, one.t))],
    "use": lambda one: [section("use", one.t, card_about.use_part(one.spec, one.t))],
    "films": lambda one: [section("films", one.t, card_about.making_part(one.spec, one.t))],
    "training": lambda one: [
        section(
            "training",
            one.t,
            card_label.training_part(one.spec, one.t),
            one.t("How it was trained, epoch by epoch"),
        )
    ],
    "text": lambda one: [section("text", one.t, card_about.text_part(one.bundle, one.t))],
}


def _nav(keys: Sequence[str], current: str, t: Translator) -> Component:
    """Links, whose addresses can be passed on. dbc.NavLink cannot say which is the current one."""
    return dbc.Nav(
        [
            html.A(
                t(SECTIONS[key]),
                href=address(key),
                className="nav-link active" if key == current else "nav-link",
                **({"aria-current": "page"} if key == current else {}),
            )
            for key in keys
        ]
    )


def _failed(spec: BundleSpec, t: Translator) -> list[Component | str]:
    bad = [t(audit.name) for audit in spec.audits if audit.verdict == "bad"]
    if not bad:
        return []
    said = t.plural(
        "Bad in {bad} of {n} audit:", "Bad in {bad} of {n} audits:", len(spec.audits), bad=len(bad)
    )
    return [html.Strong(said), " ", "; ".join(bad)]
