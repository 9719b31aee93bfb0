"""What goes out with a release names everything that serves, and under which licence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cxr_dash.settings import ROOT
from releases.__main__ import main
from releases.licences import Licence, refuse
from releases.parts import served_packages

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("release")
    main(written)
    return written


def test_the_bill_is_valid_cyclonedx(folder: Path) -> None:
    validation = pytest.importorskip("cyclonedx.validation.json")
    from cyclonedx.schema import SchemaVersion

    text = (folder / "sbom.cdx.json").read_text(encoding="utf-8")
    version = SchemaVersion.from_version(json.loads(text)["specVersion"])
    assert validation.JsonStrictValidator(version).validate_str(text) is None


def test_the_bill_has_every_served_package_and_none_of_training_or_tests(folder: Path) -> None:
    bill = json.loads((folder / "sbom.cdx.json").read_text(encoding="utf-8"))
    named = {
        re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"]
        for one in bill["components"]
        if one.get("purl", "").startswith("pkg:pypi/")
    }
    assert named == served_packages()
    assert len(named) > 50
    assert {"keras", "pytest", "tensorflow-cpu"} & named.keys() == set()
    refs = {one["bom-ref"] for one in bill["components"]} | {"root-component"}
    assert {ref for one in bill["dependencies"] for ref in one.get("dependsOn", [])} <= refs


def test_the_bill_has_the_models_with_their_digests(folder: Path) -> None:
    bill = json.loads((folder / "sbom.cdx.json").read_text(encoding="utf-8"))
    models = {
        one["name"]: one["properties"][0]["value"]
        for one in bill["components"]
        if one["type"] == "machine-learning-model"
    }
    lines = (ROOT / "models" / "DIGESTS").read_text(encoding="utf-8").split("\n")
    assert {f"{digest}  {name}" for name, digest in models.items()} == {line for line in lines if line}


def test_the_licences_name_ffmpeg_in_the_opencv_wheel_and_the_typeface(folder: Path) -> None:
    page = (folder / "licences.md").read_text(encoding="utf-8")
    (ffmpeg,) = [line for line in page.splitlines() if line.startswith("| FFmpeg |")]
    assert "LGPL-2.1" in ffmpeg
    assert "opencv-python-headless" in ffmpeg
    assert "libavcodec" in ffmpeg
    assert re.search(r"Inter.*OFL-1.1", page)
    rows = re.findall(r"^\| \[([^\]]+)\]\(\S+\) \| \S+ \| \S", page, re.MULTILINE)
    assert len(rows) == len(served_packages())


@pytest.mark.parametrize("licence", ["UNKNOWN", "GNU General Public License v3 (GPLv3)", "AGPL-3.0-only"])
def test_a_package_under_no_licence_or_one_that_reaches_over_us_stops_a_release(
    licence: str,
) -> None:
    with pytest.raises(RuntimeError, match="odd"):
        refuse([Licence("fine", "1", "MIT", ""), Licence("odd", "1", licence, "")])


def test_what_is_installed_and_not_what_the_lock_names_stops_a_release(tmp_path: Path) -> None:
    lock = tmp_path / "serve.lock"
    lock.write_text("flask==0.0.1 \\\n    --hash=sha256:00\nnot-for-us==1 ; sys_platform == 'plan9'\n")
    with pytest.raises(RuntimeError, match=r"others of: flask\. Run"):
        served_packages(lock)


def test_ci_makes_both_and_git_keeps_neither() -> None:
    assert "make release-notes" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "build/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
