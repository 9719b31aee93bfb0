"""What looks like a child's film is refused by adults' models, and the other way round; a known age wins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from cxr_dash import imaging
from cxr_dash.cli.doctor import examine
from cxr_dash.domain import FilmFacts, ReasonCode, Verdict
from cxr_dash.inference.bundle import SPEC_FILE, Bundle, file_sha256, load_bundle, read_spec
from cxr_dash.inference.head import Head
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_age import AGE_FILE, AgeGroup
from cxr_dash.inference.schema_population import Population
from cxr_dash.inference.schema_trunk import Trunk
from cxr_dash.inference.trunks import missing_trunk
from cxr_dash.services import build_service
from cxr_dash.services.age_group import AgeGuess, guess_age
from cxr_dash.services.analyse import AnalysisService
from cxr_dash.services.population import check_population
from cxr_dash.settings import ROOT, Settings

SHIPPED = ROOT / "models"
CHILDREN = Population(age_years=(1, 5), projections=["AP"])
ADULTS = Population(age_years=(18, 94), projections=["PA", "AP"])
CHILD, ADULT, NEITHER = AgeGuess(0.99, True, False), AgeGuess(0.01, False, True), AgeGuess(0.5, False, False)


@pytest.mark.parametrize(
    ("population", "guess", "verdict", "codes"),
    [
        (ADULTS, CHILD, Verdict.REJECT, ["seems_child"]),
        (ADULTS, ADULT, Verdict.OK, []),
        (ADULTS, NEITHER, Verdict.OK, []),
        (CHILDREN, ADULT, Verdict.REJECT, ["seems_adult", "age_unknown_children"]),
        (CHILDREN, CHILD, Verdict.WARN, ["age_unknown_children"]),
        (Population(age_years=(5, 90), projections=["PA"]), CHILD, Verdict.OK, []),
        (None, CHILD, Verdict.OK, []),
    ],
)
def test_what_a_film_looks_like_refuses_a_model_made_for_others(population, guess, verdict, codes):
    quality = check_population(population, FilmFacts(), guess)
    assert (quality.verdict, quality.codes) == (verdict, codes)
    assert not quality.withheld, "a reader may ask for the figures all the same"


def test_an_age_that_the_file_says_wins_over_looks():
    assert check_population(ADULTS, FilmFacts(age_years=40.0), CHILD).verdict is Verdict.OK
    quality = check_population(ADULTS, FilmFacts(age_years=3.0), ADULT)
    assert quality.codes == [ReasonCode.AGE_OUTSIDE]


def service_of(folder: Path, bias: float, trunk: str = "findings", sha256: str = "") -> AnalysisService:
    """The shipped models, with a gate whose head for age groups always answers the same."""
    models = folder / "models"
    models.mkdir(parents=True)
    for name in ("findings", "lungs", "pneumonia-paediatric"):
        (models / name).symlink_to(SHIPPED / name)
    gate = Path(shutil.copytree(SHIPPED / "gate", models / "gate"))
    size = read_spec(SHIPPED / trunk).embedding_size
    Head(np.zeros((size, 1), np.float32), np.array([bias], np.float32)).write(gate / AGE_FILE)
    group = AgeGroup(
        trunk=Trunk(id=trunk, sha256=sha256 or load_bundle(SHIPPED / trunk).serving_sha256),
        children_below_years=10,
        adults_from_years=18,
        adult_below=0.1,
        child_above=0.9,
        chosen_on="nothing",
    )
    table = json.loads((gate / SPEC_FILE).read_text(encoding="utf-8"))
    table["age_group"] = group.model_dump(mode="json")
    table["files"][AGE_FILE] = file_sha256(gate / AGE_FILE)
    (gate / SPEC_FILE).write_text(json.dumps(table), encoding="utf-8")
    return build_service(Settings(models_dir=models, cache_dir=folder / "cache"))


def test_a_gate_whose_trunk_is_missing_is_warned_of_and_one_whose_trunk_is_there_is_not(tmp_path):
    there, gone = service_of(tmp_path / "there", 0.0), service_of(tmp_path / "gone", 0.0, sha256="0" * 64)
    assert missing_trunk(there.catalog) is None
    assert missing_trunk(gone.catalog) == "findings"
    settings = Settings(models_dir=tmp_path / "gone" / "models", cache_dir=tmp_path / "gone" / "cache")
    warned = [check for check in examine(settings) if check.name == "gate" and check.state == "warn"]
    assert len(warned) == 1
    assert "the features of findings are missing" in warned[0].detail
    assert "findings" in warned[0].remedy


@pytest.fixture
def film() -> bytes:
    return (ROOT / "tests" / "cases" / "00-control.png").read_bytes()


def test_a_film_that_looks_like_a_childs_is_not_read_by_a_model_for_adults(tmp_path, film):
    service = service_of(tmp_path, 5.0)
    quality = service.analyse_bytes(film, "findings").quality
    assert quality.verdict is Verdict.REJECT
    assert "seems_child" in quality.codes
    assert "seems_child" not in service.analyse_bytes(film, "findings", gate=False).quality.codes
    assert "seems_adult" not in service.analyse_bytes(film, "pneumonia-paediatric").quality.codes


def test_a_film_that_looks_like_an_adults_is_not_read_by_a_model_for_children(tmp_path, film):
    """The children's model reads the trunk's features, too."""
    service = service_of(tmp_path, -5.0)
    quality = service.analyse_bytes(film, "pneumonia-paediatric").quality
    assert quality.verdict is Verdict.REJECT
    assert "seems_adult" in quality.codes
    assert "seems_adult" not in service.analyse_bytes(film, "findings").quality.codes


def test_the_head_is_asked_with_its_trunks_features_whichever_model_was_chosen(tmp_path, film, monkeypatch):
    service = service_of(tmp_path, 0.0)
    radiograph = imaging.decode(film)

    def ask(model: str, embedding: np.ndarray, **facts: float) -> AgeGuess | None:
        def run(trunk: Bundle) -> np.ndarray:
            return (
                service.runtimes.get(trunk).run(imaging.prepare(radiograph, trunk.spec.preparation)).embedding
            )

        asked = service.catalog.get(model)
        return guess_age(FilmFacts(**facts), asked, embedding, catalog=service.catalog, run=run)

    size = read_spec(SHIPPED / "findings").embedding_size
    assert ask("findings", np.zeros(size, np.float32)) == NEITHER
    assert ask("pneumonia-paediatric", np.zeros(size, np.float32)) == NEITHER, "a head on the same trunk"
    # the embedding of a model with features of its own is not looked at: it would not fit the head
    for room in ("services.age_group", "inference.trunks"):
        monkeypatch.setattr(f"cxr_dash.{room}.reads_alike", lambda bundle, _: bundle.id == "findings")
    assert ask("pneumonia-paediatric", np.zeros(3, np.float32)) == NEITHER
    assert ask("findings", np.zeros(size, np.float32), age_years=4.0) is None


def test_without_its_trunk_the_gate_says_no_age_group(tmp_path, film, caplog):
    service = service_of(tmp_path, 5.0, sha256="0" * 64)
    quality = service.analyse_bytes(film, "findings").quality
    assert "seems_child" not in quality.codes
    assert "no age group" in caplog.text


def test_an_age_group_is_the_gates_and_its_limits_are_in_order():
    table = json.loads((SHIPPED / "findings" / SPEC_FILE).read_text(encoding="utf-8"))
    group = {
        "trunk": {"id": "findings", "sha256": "0" * 64},
        "children_below_years": 10,
        "adults_from_years": 18,
        "adult_below": 0.2,
        "child_above": 0.8,
        "chosen_on": "val",
    }
    with pytest.raises(ValidationError, match="belongs to a gate"):
        BundleSpec.model_validate(table | {"age_group": group})
    with pytest.raises(ValidationError, match="adult_below <= child_above"):
        AgeGroup.model_validate(group | {"adult_below": 0.9})
