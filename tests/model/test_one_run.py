"""One run of the trunk answers every model on it, and the trust report waits until somebody asks."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cxr_dash import imaging
from cxr_dash.domain import Analysis, Float32Array
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.runtime.feature_map import with_feature_map
from cxr_dash.inference.runtime.head_runtime import HeadRuntime
from cxr_dash.inference.runtime.litert import Features, LiteRtRuntime
from cxr_dash.inference.trunks import trunk_bundle
from cxr_dash.services import AnalysisService, CaseStore, MemoryCache, build_service
from cxr_dash.settings import ROOT, Settings

SHIPPED = ROOT / "models"
HEADS = ("covid", "pneumonia-paediatric", "tuberculosis")
EVERY = ("findings", *HEADS)


def film(seed: int = 1) -> bytes:
    return imaging.encode_png(imaging.chest_phantom(512, 480, seed), {})


def model_inputs() -> list[Float32Array]:
    """What networks are shown: drawn films, and noise, where every cell of the map is another."""
    spec = load_bundle(SHIPPED / "findings").spec.preparation
    drawn = [imaging.prepare(imaging.decode(film(seed)), spec) for seed in range(3)]
    noise = np.random.default_rng(0).uniform(0.0, 255.0, (spec.height, spec.width, 1))
    return [*drawn, noise.astype(np.float32)]


def apart(one: Float32Array, other: Float32Array) -> float:
    """Largest difference, as a share of the range where that is more than 1."""
    return float(np.abs(one - other).max() / max(float(np.ptp(other)), 1e-6))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for every run of a classifier's graph on a film of its size, while a test lasts."""
    seen: list[str] = []
    original = LiteRtRuntime._answer

    def noted(self: LiteRtRuntime, batch: Float32Array) -> object:
        if self.input_size == (224, 224):
            seen.append(threading.current_thread().name)
        return original(self, batch)

    monkeypatch.setattr(LiteRtRuntime, "_answer", noted)
    return seen


@pytest.fixture(scope="module")
def service() -> AnalysisService:
    made = build_service(Settings())
    made.admit(film(9), "findings")
    return made


@pytest.fixture(scope="module")
def alone() -> dict[str, Analysis]:
    """The film's answers the slow way: every model by its own graph, decoded for each, trust report too."""
    settings = Settings()
    slow = AnalysisService(
        settings=settings,
        catalog=Catalog(settings.models_dir),
        runtimes=RuntimePool(),
        cases=CaseStore(MemoryCache(), 60),
    )
    return {model: slow.analyse_bytes(film(), model, trust=True) for model in EVERY}


def same(one: Analysis, other: Analysis) -> None:
    """Two analyses of a film say the same, within what rounding may do."""
    assert one.quality == other.quality
    assert one.heart == other.heart
    for mine, theirs in zip(one.findings, other.findings, strict=True):
        assert mine.probability == pytest.approx(theirs.probability, abs=1e-3)
        key = mine.label.key
        assert apart(one.heatmaps[key].values, other.heatmaps[key].values) < 1e-3
        if one.trust:
            assert one.trust[key].verdict == other.trust[key].verdict
            assert str(one.trust[key].words) == str(other.trust[key].words)


@pytest.mark.parametrize("model", HEADS)
def test_a_head_on_the_trunk_says_what_the_bundles_own_graph_says(
    model: str, service: AnalysisService
) -> None:
    bundle = service.catalog.get(model)
    through, alone = service.runtimes.get(bundle), RuntimePool().get(bundle)
    assert isinstance(through, HeadRuntime)
    assert isinstance(alone, LiteRtRuntime)
    for shown in model_inputs():
        one, other = through.run(shown), alone.run(shown)
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)
        assert apart(one.cams, other.cams) < 1e-4
        assert apart(one.embedding, other.embedding) < 1e-4


def test_a_kept_film_is_decoded_once_and_run_once_for_all_models_on_the_trunk(
    service: AnalysisService,
    alone: dict[str, Analysis],
    runs: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, _ = service.admit(film(), "findings")
    assert len(runs) == 1
    monkeypatch.setattr(imaging, "decode", None)
    for model in EVERY:
        same(service.analyse(key, model), alone[model])
    assert len(runs) == 1


def test_the_trust_report_waits_until_it_is_asked_for_and_two_runs_make_that_of_every_model(
    service: AnalysisService,
    alone: dict[str, Analysis],
    runs: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, _ = service.admit(film(), "findings")
    first = service.analyse(key, "findings")
    assert not first.trust
    assert service.waits_for_trust(first)
    runs.clear()
    monkeypatch.setattr(imaging, "decode", None)
    for model in EVERY:
        explained = service.explained(key, model)
        assert explained.trust
        same(explained, alone[model])
        # remembered with the film: whoever asks for the answer gets the report with it
        assert service.analyse(key, model).trust.keys() == explained.trust.keys()
        assert not service.waits_for_trust(explained)
    assert len(runs) == 2


def test_whoever_asks_for_the_trust_report_at_once_gets_one_that_was_made_once(
    service: AnalysisService, runs: list[str]
) -> None:
    key, _ = service.admit(film(), "findings")
    runs.clear()
    together = threading.Barrier(4)

    def ask(_: int) -> Analysis:
        together.wait(timeout=30)
        return service.explained(key, "findings")

    with ThreadPoolExecutor(4) as threads:
        reports = [answer.trust for answer in threads.map(ask, range(4))]
    assert len(runs) == 2
    assert all(report.keys() == reports[0].keys() for report in reports)


def test_where_no_trust_report_is_wanted_nobody_makes_one(runs: list[str]) -> None:
    service = build_service(Settings(heat_trust=False))
    key, _ = service.admit(film(), "findings")
    runs.clear()
    assert service.explained(key, "findings").trust == {}
    assert not service.waits_for_trust(service.analyse(key, "findings"))
    assert runs == []


def test_a_deleted_film_leaves_no_workup_behind(service: AnalysisService) -> None:
    key, _ = service.admit(film(), "findings")
    assert service.cases.workup(key) is not None
    service.forget(key)
    assert service.cases.workup(key) is None


def test_a_model_with_the_same_graph_that_wants_films_otherwise_is_shown_them_so(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "findings", tmp_path / "other")
    (tmp_path / "findings").symlink_to(SHIPPED / "findings")
    written = json.loads((tmp_path / "other" / "bundle.json").read_text("utf-8"))
    written["id"], written["preparation"]["window_high_percentile"] = "other", 90.0
    (tmp_path / "other" / "bundle.json").write_text(json.dumps(written), "utf-8")
    service = build_service(Settings(models_dir=tmp_path))
    key, _ = service.admit(film(), "findings")
    asked, alone = service.explained(key, "other"), service.analyse_bytes(film(), "other")
    assert asked.preparation == alone.preparation
    assert [one.probability for one in asked.findings] == [one.probability for one in alone.findings]


def test_a_head_whose_trunk_is_not_there_as_it_was_runs_by_its_own_graph(tmp_path: Path) -> None:
    for name in ("covid", "lungs", "gate"):
        (tmp_path / name).symlink_to(SHIPPED / name)
    alone = build_service(Settings(models_dir=tmp_path))
    assert isinstance(alone.runtimes.get(alone.catalog.get("covid")), LiteRtRuntime)
    # another model under the trunk's name
    shutil.copytree(SHIPPED / "tuberculosis", tmp_path / "findings")
    text = (tmp_path / "findings" / "bundle.json").read_text(encoding="utf-8")
    (tmp_path / "findings" / "bundle.json").write_text(
        text.replace('"id": "tuberculosis"', '"id": "findings"', 1), encoding="utf-8"
    )
    other = build_service(Settings(models_dir=tmp_path))
    assert other.catalog.get("findings").id == "findings"
    assert isinstance(other.runtimes.get(other.catalog.get("covid")), LiteRtRuntime)


def test_a_head_whose_trunk_does_not_load_runs_by_its_own_graph(tmp_path: Path) -> None:
    (tmp_path / "covid").symlink_to(SHIPPED / "covid")
    shutil.copytree(SHIPPED / "findings", tmp_path / "findings")
    catalog = Catalog(tmp_path)
    covid, _ = catalog.get("covid"), catalog.get("findings")  # whole when the server started
    pool = RuntimePool(trunk_of=lambda one: trunk_bundle(catalog, one))
    (whole,) = model_inputs()[:1]
    with (tmp_path / "findings" / "serving.tflite").open("ab") as changed:
        changed.write(b"!")
    own = pool.get(covid)
    assert isinstance(own, LiteRtRuntime)
    assert own.run(whole).logits.shape == (len(covid.spec.labels),)


def test_a_head_whose_trunk_gives_a_map_of_another_grid_runs_by_its_own_graph(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalog = Catalog(SHIPPED)
    monkeypatch.setattr(LiteRtRuntime, "map_shape", (1, 1, 1024))
    monkeypatch.setattr(LiteRtRuntime, "features", pool_of)
    pool = RuntimePool(trunk_of=lambda one: trunk_bundle(catalog, one))
    assert isinstance(pool.get(catalog.get("covid")), LiteRtRuntime)


def pool_of(runtime: LiteRtRuntime, film: Float32Array) -> Features:
    """What a trunk gives whose embedding is reshaped after it was pooled."""
    raw = runtime.run(film)
    return Features(raw, raw.embedding.reshape(1, 1, -1))


def test_bytes_that_are_no_graph_or_have_no_such_output_give_out_no_map() -> None:
    graph = (SHIPPED / "findings" / "serving.tflite").read_bytes()
    assert with_feature_map(graph, "no such output") is None
    assert with_feature_map((SHIPPED / "lungs" / "serving.tflite").read_bytes(), "embedding") is None
    for cut in (b"", b"TFL3", graph[:16], bytes(4096), b"\xff" * 4096, graph[: len(graph) // 2]):
        assert with_feature_map(cut, "embedding") is None
