"""The page's frame."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from plotly.utils import PlotlyJSONEncoder
from trees import nodes, text, with_class, with_id

from cxr_dash.inference.catalog import Catalog
from cxr_dash.language import Translator
from cxr_dash.settings import Settings
from cxr_dash.ui import ids
from cxr_dash.ui.layout import build_layout
from cxr_dash.words import DECISION_SUPPORT

ROOT = Path(__file__).resolve().parents[3]
# A name, which nothing fetches; drawings do not work without it.
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
DECLARED = {value for name, value in vars(ids).items() if name.isupper() and isinstance(value, str)}


def test_every_declared_id_is_on_the_page_exactly_once(catalog: Catalog) -> None:
    page = build_layout(Settings(), catalog, Translator())
    counts = Counter(node.id for node in nodes(page) if getattr(node, "id", None))
    expected = {identity: int(identity not in ids.BY_SCRIPTS | ids.AROUND) for identity in DECLARED}
    expected |= dict.fromkeys(map(ids.download, ids.DOWNLOAD_KINDS), 1)
    assert {identity: counts[identity] for identity in expected} == expected
    assert max(counts.values()) == 1


def test_every_node_the_browser_scripts_look_up_is_on_the_page_or_made_by_them(catalog: Catalog) -> None:
    on_page = {getattr(node, "id", None) for node in nodes(build_layout(Settings(), catalog, Translator()))}
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "assets/js").rglob("*.js"))
    looked_up = set(re.findall(r'(?:byId|ifThere)\("([^"]+)"\)', scripts))
    made = set(re.findall(r'\bid: "([^"]+)"', scripts))
    assert len(looked_up) > 15
    assert looked_up - made - on_page == {"_dash-config"}


def test_stores_forget_everything_with_the_page(catalog: Catalog) -> None:
    stores = [
        node
        for node in nodes(build_layout(Settings(), catalog, Translator()))
        if node.to_plotly_json()["type"] == "Store"
    ]
    assert stores
    assert {getattr(store, "storage_type", "memory") for store in stores} == {"memory"}


def test_the_page_says_that_it_does_not_replace_a_reading(catalog: Catalog) -> None:
    page = build_layout(Settings(), catalog, Translator())
    assert DECISION_SUPPORT in text(page)
    assert DECISION_SUPPORT == "Decision support for trained readers. It does not replace your reading."


def test_the_empty_page_says_in_one_sentence_what_to_do_and_offers_two_drawings(catalog: Catalog) -> None:
    empty = with_id(build_layout(Settings(), catalog, Translator()), ids.EMPTY)
    (line,) = with_class(empty, "empty-line")
    assert text(line).count(".") == 1
    assert text(with_id(empty, ids.PHANTOM)) == "Try a drawn chest"
    assert text(with_id(empty, ids.EFFUSION_PHANTOM)) == "Try one with an effusion"


def test_the_drop_zone_states_the_limit_of_the_settings(catalog: Catalog) -> None:
    page = build_layout(Settings(max_upload_bytes=3 * 2**20), catalog, Translator())
    assert "up to 3 MB" in text(with_id(page, ids.DROP))
    assert with_id(page, ids.SETTINGS).data["max_upload_bytes"] == 3 * 2**20


def test_the_default_model_is_chosen_and_its_warning_shown(catalog: Catalog) -> None:
    page = build_layout(Settings(default_model="tiny"), catalog, Translator())
    assert with_id(page, ids.MODEL).value == "tiny"
    assert text(with_id(page, ids.WARNING)) == "Children were left out."


def test_an_empty_models_folder_still_gives_a_page_that_says_what_to_do(tmp_path: Path) -> None:
    page = build_layout(Settings(), Catalog(tmp_path), Translator())
    assert with_id(page, ids.MODEL).disabled
    assert with_id(page, ids.FACTS).data is None
    assert "CXR_MODELS_DIR" in text(with_id(page, ids.PANEL))


def test_nothing_on_the_page_or_in_the_assets_points_to_another_server(catalog: Catalog) -> None:
    tree = json.dumps(build_layout(Settings(), catalog, Translator()), cls=PlotlyJSONEncoder)
    assets = [p for p in (ROOT / "assets").rglob("*") if p.suffix in {".js", ".css", ".svg"}]
    assert len(assets) > 10
    for name, content in [("page", tree), *((p.name, p.read_text(encoding="utf-8")) for p in assets)]:
        assert not re.search(r"https?://|//cdn", content.replace(SVG_NAMESPACE, "")), name


def test_scripts_never_turn_text_into_markup() -> None:
    for path in (ROOT / "assets/js").rglob("*.js"):
        script = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script), (
            path.name
        )


def test_only_the_scripts_that_remember_a_readers_choices_keep_anything_in_the_browser() -> None:
    keeping = {
        path.name
        for path in (ROOT / "assets/js").rglob("*.js")
        if re.search(r"localStorage|sessionStorage|indexedDB", path.read_text(encoding="utf-8"))
    }
    assert keeping == {"60-choices.js", "32-session.js", "40-read-first.js"}
