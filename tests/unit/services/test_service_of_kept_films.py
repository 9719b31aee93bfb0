"""What a service does for a film that is kept: decoded and asked about once, and explained when asked to."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from workup_material import ANALYSIS, BUNDLE, DATA, workup

from cxr_dash import imaging
from cxr_dash.domain import Analysis, DecodeLimits
from cxr_dash.errors import CaseNotFoundError
from cxr_dash.services.analyse import AnalysisService, _stored_film
from cxr_dash.services.cases import CaseStore, MemoryCache
from cxr_dash.services.one_at_a_time import OneAtATime
from cxr_dash.services.workup import Workup
from cxr_dash.settings import Settings

TRUSTED = replace(ANALYSIS, trust={"effusion": cast("Any", "report")})


class Examiner:
    """Remembers what was asked of it; ``served`` says whether kept workups are enough."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.served = True
        self.gates: list[bool] = []

    def sharing(self, bundle: Any) -> list[Any]:
        return [bundle]

    def examine(self, radiograph: Any, _bundle: Any, **named: Any) -> tuple[Workup, Analysis]:
        self.asked.append("examine")
        self.gates.append(named.get("gate", True))
        assert radiograph.width == 66
        assert named["decode_ms"] > 0.0
        return workup(), ANALYSIS

    def serves(self, _workup: Workup, _bundle: Any) -> bool:
        return self.served

    def answer(self, _workup: Workup, _bundle: Any, _facts: Any) -> Analysis:
        self.asked.append("answer")
        return ANALYSIS

    def work_up(self, *_: Any, others: Sequence[Any]) -> tuple[Workup, dict[str, float]]:
        assert others == [BUNDLE]
        self.asked.append("work up")
        return workup(), {}

    def explain(self, *_: Any) -> tuple[Workup, Analysis]:
        self.asked.append("explain")
        return workup(), TRUSTED

    def forget(self) -> None:
        self.asked.append("forget")


def service(**settings: Any) -> tuple[AnalysisService, Examiner]:
    catalog = SimpleNamespace(get=lambda _id: BUNDLE, ids=lambda: ["tiny"])
    made = AnalysisService(
        settings=Settings(**settings),
        catalog=cast("Any", catalog),
        runtimes=cast("Any", None),
        cases=CaseStore(MemoryCache(), 60),
    )
    stand_in = Examiner()
    made.examiner = cast("Any", stand_in)
    return made, stand_in


def test_a_film_that_is_not_kept_leaves_nothing_and_is_explained_where_that_is_asked_for() -> None:
    for trust, heat_trust, steps in ((False, True, 1), (True, False, 1), (True, True, 2)):
        made, asked = service(heat_trust=heat_trust)
        found = made.analyse_bytes(DATA, "tiny", trust=trust)
        assert asked.asked == ["examine", "explain"][:steps]
        assert bool(found.trust) is (steps == 2)
    made.analyse_bytes(DATA, "tiny", gate=False)
    assert asked.gates == [True, False]


def test_a_film_is_asked_about_as_it_comes_where_a_model_is_named() -> None:
    made, asked = service()
    key, film = made.admit(DATA)
    assert (asked.asked, made.cases.film(key)) == ([], film)
    assert made.cases.workup(key) is None
    named, _ = made.admit(DATA, "tiny")
    assert asked.asked == ["examine"]
    assert made.cases.workup(named) is not None
    assert made.analyse(named, "tiny") == ANALYSIS
    assert asked.asked == ["examine"], "remembered"


@pytest.mark.parametrize("served", [True, False])
def test_a_second_model_is_answered_by_the_workup_where_that_serves(served: bool) -> None:
    made, asked = service()
    key, _ = made.admit(DATA)
    assert made.analyse(key, "tiny") == ANALYSIS
    made.cases._cache.delete(f"analysis-7-{key}-tiny-{'5' * 16}")
    asked.served = served
    assert made.analyse(key, "tiny") == ANALYSIS
    assert asked.asked == ["examine", "answer" if served else "examine"]
    assert made.cases.analysis(key, "tiny", BUNDLE.serving_sha256) == ANALYSIS


@pytest.mark.parametrize(
    ("kept", "served", "steps"),
    [
        (True, True, ["examine", "explain"]),
        (True, False, ["examine", "work up", "explain"]),
        (False, True, ["examine", "work up", "explain"]),
    ],
)
def test_a_trust_report_is_made_once_from_what_is_kept(kept: bool, served: bool, steps: list[str]) -> None:
    made, asked = service()
    key, _ = made.admit(DATA, "tiny")
    asked.served = served
    if not kept:
        made.cases._cache.delete(f"workup-2-{key}")
    assert made.explained(key, "tiny").trust
    assert asked.asked == steps
    assert made.explained(key, "tiny").trust
    assert asked.asked == steps


def test_without_trust_reports_in_the_settings_none_is_waited_for() -> None:
    made, asked = service(heat_trust=False)
    key, _ = made.admit(DATA, "tiny")
    assert made.explained(key, "tiny") == ANALYSIS
    assert asked.asked == ["examine"]
    with_them, _ = service()
    assert [one.waits_for_trust(two) for one in (made, with_them) for two in (ANALYSIS, TRUSTED)] == [
        *(False, False),
        *(True, False),
    ]


def test_what_another_thread_explained_meanwhile_is_taken() -> None:
    made, asked = service()
    key, _ = made.admit(DATA, "tiny")
    name = f"{key}/{ANALYSIS.model_sha256}"
    found: list[Analysis] = []
    thread = threading.Thread(target=lambda: found.append(made.explained(key, "tiny")))
    with made._one_at_a_time.holding(name):
        thread.start()
        while made._one_at_a_time._names[name].users < 2:
            thread.join(0.001)
        made.cases.add_analysis(key, TRUSTED)
    thread.join(30)
    assert found[0].trust
    assert "explain" not in asked.asked


def test_a_film_that_is_forgotten_takes_all_that_was_said_of_it_along() -> None:
    made, asked = service()
    key, _ = made.admit(DATA, "tiny")
    made.forget(key)
    assert asked.asked[-1] == "forget"
    assert made.cases._cache._values == {}  # type: ignore[attr-defined]
    with pytest.raises(CaseNotFoundError):
        made.analyse(key, "tiny")


@pytest.mark.parametrize(
    ("size", "small"),
    [((320, 640), (80, 160)), ((640, 320), (160, 80)), ((160, 100), (160, 100)), ((90, 66), (90, 66))],
)
def test_a_thumbnail_is_160_pixels_long_and_none_is_enlarged(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    data = imaging.encode_png(imaging.chest_phantom(*size), {})
    kept = _stored_film(data, imaging.decode(data))
    assert (kept.height, kept.width) == size
    thumbnail, picture = (Image.open(io.BytesIO(one)) for one in (kept.thumbnail, kept.picture))
    assert (thumbnail.size, picture.size) == (small[::-1], size[::-1])
    # a JPEG's first quantisation step says its quality: 16 of the standard's table, times 2 - quality / 50
    assert thumbnail.quantization[0][0] == 6  # type: ignore[attr-defined]
    assert picture.quantization[0][0] == 2  # type: ignore[attr-defined]


def test_where_a_site_takes_very_long_films_a_thumbnail_has_a_line_at_least() -> None:
    line = np.tile(np.arange(250, dtype=np.uint8).repeat(8), (4, 1))
    for pixels in (line, np.ascontiguousarray(line.T)):
        data = imaging.encode_png(pixels, {})
        kept = _stored_film(data, imaging.decode(data, DecodeLimits(max_aspect_ratio=600.0, min_side=2)))
        assert sorted(Image.open(io.BytesIO(kept.thumbnail)).size) == [1, 160]


def test_a_name_is_held_by_one_thread_and_let_go_of_by_the_last() -> None:
    locks, order, waiting = OneAtATime(), [], threading.Event()

    def work() -> None:
        waiting.set()
        with locks.holding("film"):
            order.append("second")

    with locks.holding("film"):
        with locks.holding("other"):
            assert sorted(locks._names) == ["film", "other"]
        assert sorted(locks._names) == ["film"]
        thread = threading.Thread(target=work)
        thread.start()
        waiting.wait(30)
        while locks._names["film"].users < 2:
            thread.join(0.001)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]
    assert locks._names == {}
    with pytest.raises(KeyError), locks.holding("film"):
        raise KeyError
    assert locks._names == {}
