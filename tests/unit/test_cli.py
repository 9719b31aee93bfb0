"""The command line, apart from ``score`` and ``doctor``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dicom_files import IDENTITY, film_dataset, write
from typer.testing import CliRunner

from cxr_dash import imaging
from cxr_dash.cli import app
from cxr_dash.cli.serve import gunicorn_command
from cxr_dash.errors import BackendMissingError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.settings import ROOT, Settings

runner = CliRunner()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "phantom.png"
    path.write_bytes(imaging.encode_png(imaging.chest_phantom(420, 360), {}))
    return path


def test_help_names_every_command() -> None:
    answer = runner.invoke(app, ["--help"])
    assert answer.exit_code == 0
    for command in ("serve", "models", "analyse", "score", "doctor"):
        assert command in answer.stdout


def test_models_lists_every_bundle() -> None:
    answer = runner.invoke(app, ["models"])
    assert answer.exit_code == 0
    listed = [line.split()[0] for line in answer.stdout.splitlines()[1:]]
    assert listed == [bundle.id for bundle in Catalog(Settings().models_dir).bundles()]
    assert {line.split()[1] for line in answer.stdout.splitlines()[1:]} == {"classifier", "gate", "segmenter"}


def test_models_as_json_says_what_each_bundle_answers() -> None:
    bundles = json.loads(runner.invoke(app, ["models", "--json"]).stdout)
    catalog = Catalog(Settings().models_dir)
    assert [bundle["id"] for bundle in bundles] == [bundle.id for bundle in catalog.bundles()]
    assert [bundle["id"] for bundle in bundles if bundle["kind"] == "classifier"] == catalog.ids()
    for bundle in bundles:
        assert bundle["runtime"] == "litert"
        if bundle["kind"] != "classifier":
            continue
        keys = [label["key"] for label in bundle["labels"]]
        assert keys == catalog.get(bundle["id"]).spec.label_keys


def test_models_names_a_broken_bundle_and_still_lists_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "bundle.json").write_text("{")
    good = Settings().default_model
    (tmp_path / good).symlink_to(Settings().models_dir / good)
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path))
    answer = runner.invoke(app, ["models", "--json"])
    assert [bundle["id"] for bundle in json.loads(answer.stdout)] == [good]
    assert "broken cannot be used" in answer.stderr


def test_models_without_any_bundle_says_which_setting_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path))
    answer = runner.invoke(app, ["models"])
    assert answer.exit_code == 1
    assert "CXR_MODELS_DIR" in answer.stderr


def test_analyse_gives_one_probability_per_label(film: Path) -> None:
    answer = runner.invoke(app, ["analyse", str(film), "--json", "--no-gate"])
    assert answer.exit_code == 0, answer.stderr
    data = json.loads(answer.stdout)
    bundle = Catalog(Settings().models_dir).get(Settings().default_model)
    assert [finding["label"] for finding in data["findings"]] == bundle.spec.label_keys
    assert all(0.0 <= finding["probability"] <= 1.0 for finding in data["findings"])
    assert data["status"] == "ok"
    nothing = dict.fromkeys(("projection", "age_years", "sex", "body_part", "pixel_spacing_mm"))
    told = {"width": 360, "height": 420, "sha256": "", **nothing, "mirrored": False}
    assert data["film"] | {"sha256": ""} == told
    assert data["model"]["sha256"] == bundle.serving_sha256


def test_analyse_measures_the_cardiothoracic_ratio_or_says_why_not(film: Path, tmp_path: Path) -> None:
    measured = json.loads(runner.invoke(app, ["analyse", str(film), "--json", "--no-gate"]).stdout)[
        "measures"
    ]
    assert set(measured) == {"cardiothoracic_ratio", "obstacle", "comparable", "sentence"}
    ratio = measured["cardiothoracic_ratio"]
    assert (ratio is None) == (measured["obstacle"] is not None)
    assert ratio is None or 0.25 < ratio < 0.85
    assert measured["sentence"]
    blank = tmp_path / "blank.png"
    blank.write_bytes(imaging.encode_png(np.full((400, 400), 90, np.uint8), {}))
    refused = json.loads(runner.invoke(app, ["analyse", str(blank), "--json"]).stdout)["measures"]
    assert (refused["cardiothoracic_ratio"], refused["obstacle"]) == (None, "refused")


def test_analyse_for_people_shows_the_same_figures(film: Path) -> None:
    data = json.loads(runner.invoke(app, ["analyse", str(film), "--json", "--no-gate"]).stdout)
    text = runner.invoke(app, ["analyse", str(film), "--no-gate"]).stdout
    for finding in data["findings"]:
        assert f"{finding['label']} " in text
        assert f"{finding['probability']:.3f}" in text
    assert "Not a diagnosis" in text


def test_analyse_says_what_a_dicom_file_says_but_not_who_the_patient_is(tmp_path: Path) -> None:
    pixels = imaging.chest_phantom(420, 360)
    film = tmp_path / "film.dcm"
    film.write_bytes(write(film_dataset(pixels, 8, PatientAge="064Y", PixelSpacing=[0.2, 0.3]), pixels))
    asked = runner.invoke(app, ["analyse", str(film), "--json", "--no-gate"])
    said = json.loads(asked.stdout)["film"]
    assert (said["projection"], said["age_years"], said["sex"], said["body_part"]) == ("PA", 64, "F", "CHEST")
    assert said["pixel_spacing_mm"] == [0.2, 0.3]
    shown = runner.invoke(app, ["analyse", str(film), "--no-gate"]).stdout
    assert "PA, 64 years, F" in shown
    assert not [word for word in IDENTITY if word in asked.stdout + asked.stderr + shown]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.png", b"not a film", "cxr-dash: "),
        ("empty.png", b"", "0 bytes"),
        ("missing.png", None, "existing file"),
    ],
)
def test_a_file_that_is_no_film_ends_with_a_message_and_no_traceback(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    answer = runner.invoke(app, ["analyse", str(path), "--json"])
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_json_is_ascii_whatever_the_film_is_called(film: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tórax.png"
    copy.write_bytes(film.read_bytes())
    answer = runner.invoke(app, ["analyse", str(copy), "--json", "--no-gate"])
    assert answer.stdout.isascii()
    assert json.loads(answer.stdout)["path"] == str(copy)


def test_a_film_that_cannot_be_opened_ends_with_a_message_and_no_traceback(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def refuse(self: Path) -> bytes:  # permissions do not stop an administrator, who may run this
        if self == film:
            raise PermissionError(13, "Permission denied")
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    answer = runner.invoke(app, ["analyse", str(film)])
    assert answer.exit_code == 1
    assert "cannot be read: Permission denied" in answer.stderr
    assert isinstance(answer.exception, SystemExit)


def test_an_unknown_model_is_answered_with_those_there_are(film: Path) -> None:
    answer = runner.invoke(app, ["analyse", str(film), "--model", "crystal-ball"])
    assert answer.exit_code == 1
    assert Settings().default_model in answer.stderr
    assert "crystal-ball" in answer.stderr


def test_a_wrong_setting_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXR_PORT", "http")
    answer = runner.invoke(app, ["models"])
    assert answer.exit_code == 1
    assert "`CXR_PORT`" in answer.stderr
    assert "'http'" in answer.stderr


def test_serve_is_gunicorn_with_the_same_configuration_file() -> None:
    command = gunicorn_command()
    assert command[0] == sys.executable
    assert command[-1] == "app:server"
    assert command[command.index("--config") + 1] == str(ROOT / "gunicorn.conf.py")


def test_serve_without_the_applications_files_says_so(tmp_path: Path) -> None:
    with pytest.raises(BackendMissingError, match=r"gunicorn\.conf\.py"):
        gunicorn_command(tmp_path)


def test_help_needs_neither_numpy_nor_a_model_library() -> None:
    program = (
        "import sys; from cxr_dash.cli import app; app(['--help'], standalone_mode=False); "
        "print([name for name in ('numpy', 'cv2', 'pydantic', 'tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_analysing_a_film_leaves_tensorflow_alone(film: Path) -> None:
    program = (
        "import sys; from cxr_dash.cli import app; "
        f"app(['analyse', {str(film)!r}, '--no-gate'], standalone_mode=False); "
        "print([name for name in ('tensorflow', 'keras', 'flask', 'dash') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=dict(os.environ),
    )
    assert done.stdout.splitlines()[-1] == "[]"
