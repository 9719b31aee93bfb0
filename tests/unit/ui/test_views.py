"""Views are pure functions: the same facts give the same tree."""

from __future__ import annotations

import json

from bundle_builder import spec_dict
from plotly.utils import PlotlyJSONEncoder
from trees import nodes, text, with_class

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.language import Translator, translator
from cxr_dash.ui.views import bundle_words, card, card_label, panel

T = Translator()


def as_json(tree: object) -> str:
    return json.dumps(tree, cls=PlotlyJSONEncoder, sort_keys=True)


def test_the_same_spec_gives_the_same_panel(spec: BundleSpec) -> None:
    assert as_json(panel.model_panel(spec, T)) == as_json(panel.model_panel(spec, T))


def test_every_label_has_one_row_in_the_bundles_order_and_no_figure_yet(spec: BundleSpec) -> None:
    rows = with_class(panel.model_panel(spec, T), "finding")
    assert [row.to_plotly_json()["props"]["data-label"] for row in rows] == spec.label_keys
    assert [text(row) for row in rows] == ["Effusion", "Nodule"]


def test_every_row_is_a_button_with_a_mark_for_its_own_cut(spec: BundleSpec) -> None:
    for row in with_class(panel.model_panel(spec, T), "finding"):
        assert row.to_plotly_json()["type"] == "Button"
        assert len(with_class(row, "finding-cut")) == 1


def test_chips_name_the_bundles_operating_points_and_where_they_were_chosen(spec: BundleSpec) -> None:
    (chip,) = with_class(panel.model_panel(spec, T), "chip")
    assert text(chip) == "Balanced"
    assert chip.title == "Youden Chosen on val. This is the default."


def test_a_model_of_exclusive_classes_speaks_of_classes() -> None:
    spec = BundleSpec.model_validate(spec_dict(activation="softmax"))
    assert "Classes" in text(panel.model_panel(spec, T))
    assert bundle_words.population_line(spec, T) == "2 classes · nobody"


def test_the_header_says_how_many_findings_on_whom_and_the_first_warning(spec: BundleSpec) -> None:
    assert bundle_words.population_line(spec, T) == "2 findings · nobody"
    assert bundle_words.warning_line(spec, T) == "Children were left out."
    coded = BundleSpec.model_validate(spec_dict(warnings=["Never chosen by `external`."]))
    assert bundle_words.warning_line(coded, T) == "Never chosen by external."
    assert bundle_words.warning_line(BundleSpec.model_validate(spec_dict()), T) == ""


def test_what_the_model_does_not_look_for_is_one_quiet_line_under_the_answer(spec: BundleSpec) -> None:
    assert not with_class(panel.model_panel(spec, T), "not-looked-for")
    unsought = [
        {"key": "fractures", "name": {"en": "Fractures", "es": "Fracturas"}},
        {"key": "tubes_lines", "name": {"en": "Tubes and lines", "es": "Tubos y catéteres"}},
    ]
    told = BundleSpec.model_validate(spec_dict(not_looked_for=unsought))
    (line,) = with_class(panel.model_panel(told, T), "not-looked-for")
    assert text(line).startswith("Not looked for: fractures and tubes and lines.")
    (line,) = with_class(panel.model_panel(told, translator("es")), "not-looked-for")
    assert text(line).startswith("No se busca: fracturas y tubos y catéteres.")


def test_a_long_list_of_what_is_not_looked_for_opens_and_names_all(spec: BundleSpec) -> None:
    unsought = [{"key": f"k{i}", "name": {"en": f"Thing{i}", "es": f"Cosa{i}"}} for i in range(7)]
    told = BundleSpec.model_validate(spec_dict(not_looked_for=unsought))
    (line,) = with_class(panel.model_panel(told, T), "not-looked-for")
    summary, whole = line.children
    assert text(summary) == "Not looked for: thing0, thing1, thing2 and 4 more."
    assert all(f"thing{i}" in text(whole) for i in range(7))


def test_the_footer_names_model_version_and_hash(bundle: Bundle) -> None:
    assert bundle_words.footer_model(bundle) == f"tiny 1.0.0 · {bundle.serving_sha256[:12]}"


def test_the_page_about_the_model_begins_with_its_warnings_and_ends_with_the_text(bundle: Bundle) -> None:
    first, *_, last = card.sections(bundle.spec)
    assert "Children were left out." in text(card.card_page(bundle, first, "nodule", {}, T).view)
    text_view = card.card_page(bundle, last, "nodule", {}, T).view
    (markdown,) = [node for node in nodes(text_view) if node.to_plotly_json()["type"] == "Markdown"]
    assert "# Facts about this model" in text(markdown)


def test_graphs_offer_no_link_to_another_server(bundle: Bundle) -> None:
    part = card_label.label_part(bundle.spec, "effusion", {}, T)
    graphs = [node for node in nodes(part) if node.to_plotly_json()["type"] == "Graph"]
    assert len(graphs) == 3
    for graph in graphs:
        assert graph.config["displaylogo"] is False
        assert graph.config["displayModeBar"] is False
        assert graph.config["plotlyServerURL"] == ""


def test_without_a_model_the_panel_says_what_to_do_and_what_was_refused() -> None:
    words = text(panel.no_model({"half-copied": "serving.tflite is missing."}, T))
    assert "CXR_MODELS_DIR" in words
    assert "half-copied: serving.tflite is missing." in words


def _with_presets() -> BundleSpec:
    spec = spec_dict(schema_version=3)
    (balanced,) = spec["operating_points"]
    share = {"value": 0.08, "low": 0.06, "high": 0.11}
    films = {"split": "natural", "without_finding": 9, "with_finding": 9, "flagged": share, "found": share}
    joint = {**balanced, "key": "one_in_10", "name": {"en": "1 in 10 films flagged"}, "joint": True}
    spec["operating_points"] = [{**joint, "achieved": [films]}, {**balanced, "more": True}]
    spec["default_operating_point"] = "one_in_10"
    return BundleSpec.model_validate(spec)


def test_presets_for_whole_films_stand_under_a_heading_and_further_ones_in_a_fold() -> None:
    tree = panel.model_panel(_with_presets(), T)
    assert [text(chip) for chip in with_class(tree, "chip")] == ["1 in 10", "Balanced"]
    assert [text(one) for one in with_class(tree, "chips-of")] == ["Films without a finding flagged:"]
    (fold,) = with_class(tree, "chips-more")
    assert [text(chip) for chip in with_class(fold, "chip")] == ["Balanced"]


def test_a_preset_says_what_it_does_to_held_out_films_and_that_it_sets_all_cuts() -> None:
    joint, _ = with_class(panel.model_panel(_with_presets(), T), "chip")
    assert "On test films at natural prevalence: 8\u00a0% (6–11) of films without a finding" in joint.title
    assert joint.title.endswith("It sets the thresholds of all findings. This is the default.")
