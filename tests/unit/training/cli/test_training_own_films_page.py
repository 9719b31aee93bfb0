"""``docs/own-films.md``: its commands, run as they stand there, lead from drawn films to a served model."""

from __future__ import annotations

import csv
import json
import logging
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.servers import free_port
from cxr_dash.cli import app as serving
from cxr_dash.imaging import chest_phantom
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.settings import ROOT, Settings
from training.cli import app as training
from training.fitting.runs import RunRecord

PAGE = ROOT / "docs" / "own-films.md"
CLASSES = {"NORMAL": 1, "TUBERCULOSIS": 501, "ABSCESS": 731}
FILMS = 12  # of each class
SIDE = 240
SHIPPED = "covid-block3"
# a study's network and epochs, on 64 px and for two of them
SMALLER = [
    *("--set", "preparation.version=1", "--set", "preparation.height=64", "--set", "preparation.width=64"),
    *("--set", "fit.head_epochs=1", "--set", "fit.fine_tune_epochs=1", "--set", "fit.batch_size=8"),
]


def commands() -> list[str]:
    """Every line of the page's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def drawn(number: int, kind: int) -> np.ndarray:
    """A chest in its own light, so that no two are copies; what stands for disease is drawn by kind."""
    film = chest_phantom(SIDE, SIDE, number).astype(np.float32)
    light = np.random.default_rng(number).normal(0, 30, (6, 6)).astype(np.float32)
    film += cv2.resize(light, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    if kind:
        for x in (80, 160) if kind == 2 else (80,):
            cv2.circle(film, (x, 70 + 40 * kind), 18, 235.0, -1)
    return np.clip(film, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with ``films/`` and ``films.csv`` as the page shows them."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "models").symlink_to(ROOT / "models")
    with (root / "films.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "patient_id", "source", "sex", "age", "view", "study_date"])
        for kind, (name, first) in enumerate(CLASSES.items()):
            (root / "films" / name).mkdir(parents=True)
            for index in range(FILMS):
                number = first + index
                cv2.imwrite(str(root / "films" / name / f"{number:04d}.png"), drawn(number, kind))
                facts = ("east" if index % 2 else "west", "FM"[index % 2], 40 + index, "PA")
                writer.writerow([f"{number:04d}.png", number, *facts, f"2024-0{1 + index % 9}-01"])
    return root


@pytest.fixture(scope="module")
def done(place: Path) -> Iterator[dict[str, str]]:
    """What each command of the page said, by its line; ``serve`` is left for a test to start."""
    told = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("CXR_CACHE_DIR", str(place / "cache"))
        patch.setenv("CXR_PORT", str(free_port()))  # another server may run on this machine
        for line in commands():
            words = shlex.split(line)
            given = [word for word in words if re.match(r"CXR_\w+=", word)]
            with pytest.MonkeyPatch.context() as inside:
                for word in given:
                    inside.setenv(*word.split("=", 1))
                told[line] = _run(words[len(given) :])
        yield told


def _run(words: list[str]) -> str:
    if words[:3] == ["python", "-m", "training"]:
        app, arguments = training, words[3:]
    else:
        assert words[0] == "cxr-dash", words
        app, arguments = serving, words[1:]
    if arguments == ["serve"]:
        return ""
    if SHIPPED in arguments:
        arguments = [*arguments, *SMALLER]
    root = logging.getLogger()
    before = list(root.handlers)
    result = CliRunner().invoke(app, arguments)
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)  # it writes to a stream that is closed by now
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.output


def said(done: dict[str, str], *words: str) -> str:
    """The answer of the one command with these words."""
    (line,) = [line for line in done if all(word in line for word in words)]
    return done[line]


def test_every_command_of_the_page_ends_well(done):
    assert len(done) == len(commands()) >= 13
    steps = ("new", "import", "look", "split", "check", "fit", "evaluate", "report", "export")
    assert all(any(f"training {step} " in line for line in done) for step in steps)
    assert any(line.endswith("cxr-dash serve") for line in done)


def test_each_step_says_what_a_reader_has_to_know(done, place):
    assert "Lung abscess / Absceso pulmonar (new: [labels.abscess])" in said(done, "training new")
    assert "new labels, for a recipe to name ([labels.abscess]): abscess" in said(done, "import")
    assert "normal" in said(done, "training check")
    assert "->" in said(done, "training check")  # how cleaning shifts the classes
    assert re.search(r"kept epoch \d+ of the head", said(done, "training fit ward"))
    assert "copied, the app needs it beside your bundle" in said(done, "training export")
    page = (place / "ward.html").read_text(encoding="utf-8")
    for title in ("Classes", "Ages", "Projections", "Labels together", "Sources", "Files", "Borders"):
        assert f"<h2>{title}</h2>" in page
    assert page.count("data:image/jpeg") == 6


def test_a_shipped_recipe_learns_two_of_the_three_classes(done, place):
    assert "val macro AUROC" in said(done, f"training fit {SHIPPED}")
    record = RunRecord.read(place / "runs" / SHIPPED / "run.json")
    assert record.labels == ["normal", "tuberculosis"]


def test_the_bundle_has_the_new_label_in_both_languages_and_the_tools_beside_it(done, place):
    spec = load_bundle(place / "served" / "ward").spec
    assert spec.label_keys == ["normal", "tuberculosis", "abscess"]
    assert (spec.labels[2].name.en, spec.labels[2].name.said_in("es")) == ("Lung abscess", "Absceso pulmonar")
    assert {path.name for path in (place / "served").iterdir()} == {"ward", "gate", "lungs"}
    told = said(done, "cxr-dash doctor")
    assert re.search(r"^ok +gate ", told, re.MULTILINE)
    assert re.search(r"^ok +lungs ", told, re.MULTILINE)
    assert re.search(r"^ok +ward ", told, re.MULTILINE)
    assert re.search(r"^abscess +[01]\.\d{3} ", said(done, "cxr-dash analyse"), re.MULTILINE)


def test_the_served_app_answers_for_an_own_film_and_names_the_new_label_in_both_languages(done, place):
    from cxr_dash.web import create_app

    settings = Settings(
        models_dir=place / "served", default_model="ward", cache_dir=place / "cache", warm_up=False
    )
    with create_app(settings).server.test_client() as client:
        film = (place / "films" / "ABSCESS" / "0731.png").read_bytes()
        key = client.post("/films?model=ward", data=film).get_json()["film"]
        for language, name in (("en", "Lung abscess"), ("es", "Absceso pulmonar")):
            answer = client.get(f"/films/{key}/ward/answer.json?lang={language}").get_json()
            assert name in json.dumps(answer)
            assert name in client.get(f"/_dash-layout?lang={language}").text
