"""The frames of reading first: quiet, off and empty until a film and a reader fill them."""

from __future__ import annotations

from trees import text, with_class, with_id

from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator
from cxr_dash.settings import Settings
from cxr_dash.ui import ids
from cxr_dash.ui.layout import build_layout


def test_the_switch_is_off_until_the_browser_says_otherwise(catalog: Catalog) -> None:
    switch = with_id(build_layout(Settings(), catalog, Translator()), ids.READ_FIRST)
    assert switch.to_plotly_json()["props"]["aria-pressed"] == "false"
    assert text(switch) == "Read first"


def test_what_a_reader_says_stands_in_the_panel_of_each_model_and_is_empty_at_first(catalog: Catalog) -> None:
    page = build_layout(Settings(), catalog, Translator())
    (place,) = with_class(with_id(page, ids.PANEL), "read-first")
    assert [part.id for part in place.children] == ["own-reading", "compared"]
    assert all(part.hidden and not getattr(part, "children", None) for part in place.children)


def test_the_agreement_is_named_for_who_listens_and_closed(catalog: Catalog) -> None:
    page = build_layout(Settings(), catalog, Translator())
    figures = with_id(page, ids.AGREEMENT)
    assert figures.hidden
    assert figures.to_plotly_json()["props"]["aria-label"] == "Agreement between you and the model"
    opens = with_id(page, ids.AGREEMENT_OPEN).to_plotly_json()["props"]
    assert opens["aria-controls"] == ids.AGREEMENT
