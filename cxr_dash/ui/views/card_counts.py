"""What a threshold does to the held-out films of a label: the four counts, and the rates that follow."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cxr_dash.domain import REASSURING_LABELS, Label
from cxr_dash.inference.operating_points import wilson_interval
from cxr_dash.inference.schema import BundleSpec, HeldOut
from cxr_dash.language import Translator
from cxr_dash.services.exports.wording import interval, lower, percent
from cxr_dash.ui.figures.curves import CutCounts, counts_at
from cxr_dash.ui.views import bundle_words
from cxr_dash.ui.views import card_tables as tables
from cxr_dash.ui.views import card_words as words

_Counted = dict[str, tuple[int, str]]


def counts_part(spec: BundleSpec, label_key: str, cut: float, t: Translator) -> list[Component]:
    """The counts on every held-out split, the most telling first.

    Parameters
    ----------
    spec : BundleSpec
    label_key : str
    cut : float
        Probability from which a film is called, 0-1; a film at it is.
    t : Translator
    """
    return [
        html.Div(
            [
                html.H4(words.split_name(held.split, t)),
                html.Div(
                    _matrix(spec, held, label_key, cut, t),
                    className="confusion",
                    tabIndex="0",
                    role="group",
                    **{"data-split": held.split, "aria-label": _caption(spec, held, label_key, t)},
                ),
            ],
            className="counted-split",
        )
        for held in tables.held_out_in_order(spec)
    ]


def _caption(spec: BundleSpec, held: HeldOut, label_key: str, t: Translator) -> str:
    name = bundle_words.label_name(_label(spec, label_key), t)
    return t("Confusion matrix of {name}: {split}", name=name, split=words.split_name(held.split, t))


def _label(spec: BundleSpec, key: str) -> Label:
    return next(one for one in spec.labels if one.key == key)


def _matrix(spec: BundleSpec, held: HeldOut, label_key: str, cut: float, t: Translator) -> Component:
    """With its margins: sensitivity and specificity below, predictive values beside."""
    counts = counts_at(held, label_key, cut)
    reassuring = label_key in REASSURING_LABELS
    name = bundle_words.label_name(_label(spec, label_key), t)
    with_it = name if reassuring else t("with it")
    without = t("not {name}", name=lower(name, t)) if reassuring else t("without it")
    found, missed, alarms, cleared = counts.found, counts.missed, counts.alarms, counts.cleared
    said = _said(counts, name if reassuring else None, t)
    return html.Table(
        [
            html.Thead(
                html.Tr(
                    [
                        html.Td(),
                        _head(with_it, found + missed, "col", t),
                        _head(without, alarms + cleared, "col", t),
                        html.Td(),
                    ]
                )
            ),
            html.Tbody(
                [
                    html.Tr(
                        [
                            _head(t("called"), found + alarms, "row", t),
                            _count("found", said, "right"),
                            _count("alarms", said, "wrong"),
                            _rate("ppv", t("PPV"), found, found + alarms, t),
                        ]
                    ),
                    html.Tr(
                        [
                            _head(t("not called"), missed + cleared, "row", t),
                            _count("missed", said, "wrong"),
                            _count("cleared", said, "right"),
                            _rate("npv", t("NPV"), cleared, missed + cleared, t),
                        ]
                    ),
                    html.Tr(
                        [
                            html.Td(),
                            _rate("sensitivity", t("Sensitivity"), found, found + missed, t),
                            _rate("specificity", t("Specificity"), cleared, alarms + cleared, t),
                            html.Td(),
                        ]
                    ),
                ]
            ),
        ]
    )


def _head(text: str, films: int, scope: str, t: Translator) -> Component:
    return html.Th([html.Span(text), html.Small(t.plural("{n} film", "{n} films", films))], scope=scope)


def _count(name: str, said: _Counted, kind: str) -> Component:
    """The count large, and behind it what it counts: "12 false alarms"."""
    number, text = said[name]
    rest = " ".join(part.strip() for part in text.split(str(number), 1) if part.strip())
    return html.Td([html.Strong(str(number)), html.Span(rest)], className=kind, **{"data-count": name})


def _rate(key: str, name: str, part: int, total: int, t: Translator) -> Component:
    shown, bounds = "–", t("not estimable")
    if total:
        (low,), (high,) = wilson_interval([part], total)
        shown, bounds = percent(part / total, t), interval(float(low), float(high), t)
    return html.Td(
        [html.Span(name), html.Strong(shown), html.Span(bounds)], className="rate", **{"data-rate": key}
    )


def _said(counts: CutCounts, reassuring: str | None, t: Translator) -> _Counted:
    """Each count with its sentence: the rule of ``called.words`` in the page.

    Of a class like "normal", whose name is given, what is called is the absence of disease.
    """
    found, missed, alarms, cleared = counts.found, counts.missed, counts.alarms, counts.cleared
    if reassuring is None:
        texts = (
            t.plural("{n} found", "{n} found", found),
            t.plural("{n} missed", "{n} missed", missed),
            t.plural("{n} false alarm", "{n} false alarms", alarms),
            t.plural("{n} rightly cleared", "{n} rightly cleared", cleared),
        )
    else:
        name = lower(reassuring, t)
        texts = (
            t.plural("{n} rightly called {name}", "{n} rightly called {name}", found, name=name),
            t.plural("{n} {name} but not called so", "{n} {name} but not called so", missed, name=name),
            t.plural("{n} called {name} and is not", "{n} called {name} and are not", alarms, name=name),
            t.plural("{n} rightly not called {name}", "{n} rightly not called {name}", cleared, name=name),
        )
    numbers = (found, missed, alarms, cleared)
    names = ("found", "missed", "alarms", "cleared")
    return dict(zip(names, zip(numbers, texts, strict=True), strict=True))
