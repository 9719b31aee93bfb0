"""How a film is worked up: which stages, in which order, what is kept of them and what serves again."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from bundle_builder import spec_dict

from cxr_dash import imaging
from cxr_dash.domain import Analysis, FilmFacts, LungField, PreparationSpec, RawOutput
from cxr_dash.errors import BundleNotFoundError
from cxr_dash.explain import SHIFTS
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_age import AgeGroup
from cxr_dash.services import examine
from cxr_dash.services.age_group import needs_another_trunk
from cxr_dash.services.examine import Examiner
from cxr_dash.services.gate import PictureChecks
from cxr_dash.stages import followed

FILM = imaging.decode(imaging.encode_png(imaging.chest_phantom(90, 80), {}))
OTHER = replace(FILM, sha256="f" * 64)
DIGEST = "a" * 64


def bundle(bundle_id: str = "tiny", digest: str = DIGEST, **changes: Any) -> Bundle:
    return Bundle(
        Path(bundle_id),
        BundleSpec.model_validate(spec_dict(bundle_id, files={"serving.tflite": digest}, **changes)),
    )


class Runtimes:
    """Answers about every bundle that is asked; counts the films."""

    def __init__(self) -> None:
        self.films: list[Any] = []

    def run_together(self, asked: Bundle, others: Any, film: Any) -> dict[str, RawOutput]:
        self.films.append(film)
        raw = RawOutput(np.zeros(2, np.float32), np.ones((2, 2, 2), np.float32), np.zeros(3, np.float32))
        return {one.serving_sha256: raw for one in (asked, *others)}

    def get(self, _bundle: Bundle) -> Any:
        embedding = np.arange(3, dtype=np.float32)
        return SimpleNamespace(run=lambda film: SimpleNamespace(embedding=embedding + film.shape[0]))


class Tools:
    """A catalogue of the app's own tools."""

    def __init__(self, **tools: Any) -> None:
        self.tools = tools
        self.looked = 0

    def tool(self, name: str) -> Any:
        return self.tools.get(name)

    def broken(self) -> dict[str, str]:
        return {}

    def bundles(self) -> list[Bundle]:
        self.looked += 1
        return [bundle(), bundle("apart", "b" * 64)]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A segmenter that finds lungs everywhere; the films it drew."""
    films: list[str] = []

    def draw(radiograph: Any, *_: Any) -> tuple[LungField, Any]:
        films.append(radiograph.sha256)
        plan = imaging.plan_preparation(radiograph, PreparationSpec(height=8, width=8))
        return LungField(np.ones((8, 8), np.float32), plan), np.zeros((8, 8), np.float32)

    monkeypatch.setattr(examine, "draw_lungs", draw)
    monkeypatch.setattr(examine, "measure_heart", lambda *_: None)
    return films


def examiner(**tools: Any) -> tuple[Examiner, Runtimes, Tools]:
    runtimes, catalog = Runtimes(), Tools(**tools)
    return Examiner(cast("Any", catalog), cast("Any", runtimes)), runtimes, catalog


def stages_of(work: Any) -> list[tuple[str, str]]:
    """What work calls its stages, in order."""
    names: list[tuple[str, str]] = []

    def note(name: str, model: str) -> Any:
        names.append((name, model))
        return nullcontext()

    with followed(note):
        work()
    return names


def test_a_film_is_prepared_run_judged_and_explained_in_heat() -> None:
    made, runtimes, _ = examiner()
    seen: list[Analysis] = []
    made.observe = seen.append
    workup, analysis = made.examine(FILM, bundle(), decode_ms=1000.0, others=[bundle("other", "c" * 64)])
    assert seen == [analysis]
    assert [film.shape for film in runtimes.films] == [(64, 64, 1)]
    assert sorted(workup.answers) == [DIGEST, "c" * 64]
    assert (workup.tools, workup.lungs, workup.heart) == (("", ""), None, None)
    assert isinstance(workup.checks, PictureChecks)
    assert list(analysis.milliseconds) == ["decode", "prepare", "model", "gate", "total"]
    parts = [took for name, took in analysis.milliseconds.items() if name != "total"]
    assert parts[0] == 1000.0
    assert analysis.milliseconds["total"] == pytest.approx(sum(parts))
    assert "gate_missing" in analysis.quality.codes


def test_without_the_gate_nothing_is_judged(drawn: list[str]) -> None:
    made, _, _ = examiner(lungs=SimpleNamespace(serving_sha256="d" * 64))
    workup, analysis = made.examine(FILM, bundle(), gate=False)
    assert workup.checks is None
    assert list(analysis.milliseconds) == ["decode", "lungs", "prepare", "model", "total"]
    assert analysis.milliseconds["decode"] == 0.0
    assert analysis.quality.codes == []
    assert workup.lungs is not None
    assert drawn == [FILM.sha256]


def test_stages_are_followed_by_name_and_the_model_is_named_where_one_is_asked(drawn: list[str]) -> None:
    made, _, _ = examiner(lungs=SimpleNamespace(serving_sha256="d" * 64))
    expected = [("lungs", ""), ("prepare", ""), ("model", "tiny"), ("gate", ""), ("heat", "tiny")]
    assert stages_of(lambda: made.examine(FILM, bundle())) == expected
    assert len(drawn) == 1


def test_lungs_are_drawn_once_for_a_film_and_a_segmenter(drawn: list[str]) -> None:
    one, other = (SimpleNamespace(serving_sha256=digit * 64) for digit in "de")
    made, _, catalog = examiner(lungs=one)
    for film in (FILM, FILM, OTHER, OTHER, FILM):
        made.work_up(film, bundle())
    assert drawn == [FILM.sha256, OTHER.sha256, FILM.sha256]
    catalog.tools["lungs"] = other
    made.work_up(FILM, bundle())
    assert len(drawn) == 4
    made.forget()
    made.work_up(FILM, bundle())
    assert len(drawn) == 5


def test_a_workup_serves_the_models_that_were_shown_the_film_alike() -> None:
    made, _, catalog = examiner()
    workup, _ = made.work_up(FILM, bundle())
    assert made.serves(workup, bundle())
    assert not made.serves(workup, bundle("other", "c" * 64))
    assert not made.serves(workup, bundle(preparation={"height": 64, "width": 32}))
    assert not made.serves(made.work_up(FILM, bundle(), gate=False)[0], bundle())
    for name in ("gate", "lungs"):
        catalog.tools = {name: SimpleNamespace(serving_sha256="d" * 64, spec=SimpleNamespace(age_group=None))}
        assert not made.serves(workup, bundle())


@pytest.mark.parametrize(("trunk", "needed"), [(DIGEST, False), ("9" * 64, True), (None, False)])
def test_ages_are_told_by_the_models_own_features_or_by_another_run(trunk: str | None, needed: bool) -> None:
    group = None
    if trunk:
        table = {"children_below_years": 6, "adults_from_years": 18, "adult_below": 0.2, "child_above": 0.8}
        group = AgeGroup.model_validate(
            table | {"trunk": {"id": "findings", "sha256": trunk}, "chosen_on": "val"}
        )
    gate = SimpleNamespace(serving_sha256="", spec=SimpleNamespace(age_group=group))
    made, _, catalog = examiner()
    workup, _ = made.work_up(FILM, bundle())
    assert not needs_another_trunk(cast("Any", catalog), bundle())
    catalog.tools = {"gate": gate}
    assert needs_another_trunk(cast("Any", catalog), bundle()) is needed
    assert made.serves(workup, bundle()) is not needed


def test_a_second_answer_runs_nothing_and_has_a_time_of_its_own() -> None:
    made, runtimes, _ = examiner()
    workup, _ = made.work_up(FILM, bundle())
    analysis = made.answer(workup, bundle(), FilmFacts())
    assert len(runtimes.films) == 1
    assert list(analysis.milliseconds) == ["total"]
    assert analysis.milliseconds["total"] > 0.0
    with pytest.raises(BundleNotFoundError, match="tiny must be asked with the film itself"):
        examine._no_pixels(bundle())


def test_milliseconds_are_thousandths_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _, _ = examiner()
    workup, _ = made.work_up(FILM, bundle())
    clock = iter([5.0, 5.25])
    monkeypatch.setattr(examine, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert made.answer(workup, bundle(), FilmFacts()).milliseconds == {"total": 250.0}


def test_the_trunk_is_run_again_for_the_first_trust_report_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made, runtimes, _ = examiner()
    told: list[Analysis] = []
    made.observe_trust = told.append
    monkeypatch.setattr(examine, "with_trust", lambda analysis, *_: replace(analysis, trust={"x": None}))
    workup, analysis = made.examine(FILM, bundle())
    again, explained = made.explain(analysis, workup, bundle())
    assert len(runtimes.films) == 1 + len(SHIFTS)
    assert told == [explained]
    assert explained.milliseconds["trust"] > 0.0
    assert explained.milliseconds["total"] == analysis.milliseconds["total"]
    made.explain(analysis, again, bundle())
    assert len(runtimes.films) == 1 + len(SHIFTS)
    # another model's answers about the shifted film are not there
    partly = replace(again, shifted=(again.shifted[0], *({} for _ in SHIFTS[1:])))
    made.explain(analysis, partly, bundle())
    assert len(runtimes.films) == 1 + 2 * len(SHIFTS)


def test_models_on_one_trunk_are_looked_up_once() -> None:
    made, _, catalog = examiner()
    assert [one.id for one in made.sharing(bundle())] == ["tiny"]
    assert [one.id for one in made.sharing(bundle())] == ["tiny"]
    assert catalog.looked == 1


def test_another_trunk_is_shown_the_film_as_it_wants_it() -> None:
    made, _, _ = examiner()
    embedding = made._embedding(FILM, None, bundle(preparation={"height": 48, "width": 64}))
    assert embedding.tolist() == [48.0, 49.0, 50.0]
