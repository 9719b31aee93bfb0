"""The graphs of training on the model page: what was logged, phase after phase; nothing where nothing was."""

from __future__ import annotations

from typing import Any

import pytest
from bundle_builder import spec_dict
from pydantic import ValidationError
from trees import with_class

from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_epochs import TrainedPhase
from cxr_dash.language import Translator
from cxr_dash.ui.figures.training import loss_figure, share_figure
from cxr_dash.ui.views import card, card_label

T, ES = Translator(), Translator("es")
HEAD = {"name": "head", "epochs": 2, "kept": 2}
HEAD |= {"figures": {"loss": [0.9, 0.7], "val_loss": [0.8, 0.75], "val_macro_auroc": [0.6, 0.7]}}
TUNED = {"name": "fine_tune", "epochs": 3, "kept": 2}
TUNED |= {
    "figures": {"loss": [0.6, 0.5, None], "val_loss": [0.6, 0.5, 0.7], "val_macro_auroc": [0.8, 0.9, 0.45]}
}


def phases(*tables: dict[str, Any]) -> list[TrainedPhase]:
    return [TrainedPhase.model_validate(table) for table in tables or (HEAD, TUNED)]


def logged(**changes: Any) -> BundleSpec:
    return BundleSpec.model_validate(spec_dict(training_log={"phases": [HEAD, TUNED]}) | changes)


def test_lines_run_through_all_phases_and_each_phase_and_kept_epoch_is_marked() -> None:
    drawn = loss_figure(phases(), T)
    assert drawn is not None
    lines = {(trace.name, trace.meta): (list(trace.x), list(trace.y)) for trace in drawn.figure.data}
    assert lines["train", "head"] == ([1, 2], [0.9, 0.7])
    assert lines["train", "fine_tune"] == ([3, 4, 5], [0.6, 0.5, None])
    assert lines["val", "fine_tune"][1] == [0.6, 0.5, 0.7]
    named = [(note.x, note.text) for note in drawn.figure.layout.annotations]
    assert named == [(0.5, "last layers"), (5.5, "fine-tuning")]
    at = [(shape.name, shape.x0) for shape in drawn.figure.layout.shapes]
    assert at == [("kept", 2), (None, 2.5), ("kept", 4)]
    assert drawn.sentence.startswith("Phases: last layers: 2 epochs; fine-tuning: 3 epochs.")


def test_the_sentence_tells_what_was_reached_by_the_epoch_that_is_served() -> None:
    drawn = share_figure(phases(), ES)
    assert drawn is not None
    assert drawn.sentence.startswith("Conservada: ajuste fino, época 2 de 3 (AUROC 0,90).")
    lost = share_figure(phases(HEAD, TUNED | {"kept": 0}), T)
    assert lost is not None
    assert lost.sentence.startswith("Kept: last layers, epoch 2 of 2 (AUROC 0.70).")
    none = share_figure(phases(HEAD | {"kept": 0}), T)
    assert none is not None
    assert none.sentence == "Phases: last layers: 2 epochs. No epoch was kept."


def test_no_value_lies_outside_the_axis() -> None:
    drawn = share_figure(phases(), T)
    assert drawn is not None
    low, high = drawn.figure.layout.yaxis.range
    assert low <= 0.45
    assert high >= 1.0


def test_figures_that_were_not_logged_have_no_graph() -> None:
    only_rate = phases({"name": "head", "epochs": 1, "kept": 1, "figures": {"learning_rate": [0.1]}})
    assert (loss_figure(only_rate, T), share_figure(only_rate, T)) == (None, None)


def test_the_page_has_the_section_where_the_bundle_has_a_log_and_only_there(bundle: Bundle) -> None:
    told = Bundle(path=bundle.path, spec=logged(files=bundle.spec.files))
    for one, there in ((told, True), (bundle, False)):
        assert ("training" in card.sections(one.spec)) == there
        kinds = [
            getattr(node, "data-graph")
            for node in with_class(card_label.training_part(one.spec, T), "card-figure")
        ]
        assert kinds == (["loss", "val"] if there else [])


@pytest.mark.parametrize(
    "wrong", [{"kept": 4}, {"figures": {"loss": [0.1]}}, {"name": "third"}, {"epochs": 0, "kept": 0}]
)
def test_a_log_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TrainedPhase.model_validate(TUNED | wrong)
