"""Bundles are what was exported and what was fixed; what was changed is refused, whenever it was changed."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash import __version__
from cxr_dash.cli import app
from cxr_dash.cli.models import verify
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.bundle import load_any, load_bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.digests import read_digests
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.settings import ROOT, Settings

runner = CliRunner()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of two shipped bundles, with their digests fixed."""
    for name in ("covid", "lungs"):
        shutil.copytree(ROOT / "models" / name, tmp_path / name)
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path))
    assert runner.invoke(app, ["models", "lock"]).exit_code == 0
    return tmp_path


def _move_a_threshold(bundle: Path) -> None:
    spec = json.loads((bundle / "bundle.json").read_text())
    thresholds = spec["operating_points"][0]["thresholds"]
    key = next(iter(thresholds))
    thresholds[key] = round(thresholds[key] / 2 + 0.1, 6)
    (bundle / "bundle.json").write_text(json.dumps(spec))


def test_bundles_as_they_were_fixed_are_well(models: Path) -> None:
    answer = runner.invoke(app, ["models", "verify"])
    assert answer.exit_code == 0, answer.output
    assert load_bundle(models / "covid").digest in answer.output
    assert Catalog(models).broken() == {}


def test_a_moved_threshold_is_seen_and_its_bundle_refused(models: Path) -> None:
    _move_a_threshold(models / "covid")
    answer = runner.invoke(app, ["models", "verify"])
    assert answer.exit_code == 1
    assert "bad    covid" in answer.output
    assert "ok     lungs" in answer.output
    assert "must have the digest" in Catalog(models).broken()["covid"]


def test_a_bundle_that_nobody_listed_and_one_that_is_gone_are_seen(models: Path) -> None:
    shutil.copytree(ROOT / "models" / "gate", models / "gate")
    shutil.rmtree(models / "lungs")
    answer = runner.invoke(app, ["models", "verify"])
    assert answer.exit_code == 1
    assert "?      gate" in answer.output
    assert "bad    lungs" in answer.output


def test_a_bundle_that_was_added_is_used_and_the_log_says_that_nobody_vouches_for_it(
    models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(ROOT / "models" / "gate", models / "gate")
    assert Catalog(models).broken() == {}
    assert "bundle gate is not in DIGESTS" in caplog.text
    assert "covid" not in caplog.text


def test_the_list_that_is_shipped_vouches_for_every_bundle_that_is_shipped() -> None:
    shipped = {path.parent.name for path in (ROOT / "models").glob("*/bundle.json")}
    report, is_well = verify(ROOT / "models")
    assert is_well, f"after a bundle was exported or measured again: `make digests`\n{report}"
    assert set(read_digests(ROOT / "models") or {}) == shipped


@pytest.mark.parametrize("content", ["junk", "0123  covid", "\x00", f"{'0' * 64} covid"])
def test_a_damaged_list_refuses_everything_rather_than_count_as_none(models: Path, content: str) -> None:
    (models / "DIGESTS").write_text(content)
    assert runner.invoke(app, ["models", "verify"]).exit_code == 1
    assert set(Catalog(models).broken()) == {"covid", "lungs"}


def test_without_a_list_files_are_compared_and_the_lack_of_it_is_said(models: Path) -> None:
    (models / "DIGESTS").unlink()
    answer = runner.invoke(app, ["models", "verify"])
    assert answer.exit_code == 1
    assert "models lock" in answer.output
    assert Catalog(models).broken() == {}


def test_what_is_not_whole_is_not_fixed(models: Path) -> None:
    before = (models / "DIGESTS").read_text()
    with (models / "covid" / "serving.tflite").open("ab") as stream:
        stream.write(b"!")
    assert runner.invoke(app, ["models", "lock"]).exit_code == 1
    assert (models / "DIGESTS").read_text() == before


def test_weights_that_were_swapped_after_the_start_are_not_loaded(models: Path) -> None:
    bundle = Catalog(models).get("covid")
    shutil.copyfile(
        ROOT / "models" / "pneumonia-paediatric" / "serving.tflite", models / "covid" / "serving.tflite"
    )
    with pytest.raises(BundleMismatchError, match="when it is loaded"):
        RuntimePool().get(bundle)


def test_weights_that_are_changed_under_a_loaded_model_change_no_answer(models: Path) -> None:
    bundle = Catalog(models).get("covid")
    runtime = RuntimePool().get(bundle)
    spec = bundle.spec.preparation
    film = np.full((spec.height, spec.width, 1), 90.0, np.float32)
    before = runtime.run(film).logits
    file = models / "covid" / "serving.tflite"
    with file.open("r+b") as stream:
        stream.write(b"\xff" * file.stat().st_size)
    assert np.array_equal(runtime.run(film).logits, before)
    # a mapped file that became shorter would end the process
    file.write_bytes(b"")
    assert np.array_equal(runtime.run(film).logits, before)


def test_a_tool_is_found_without_reading_the_other_bundles(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noted(path: Path) -> object:
        read.append(path.name)
        return load_any(path)

    monkeypatch.setattr("cxr_dash.inference.catalog.load_any", noted)
    tool = Catalog(models).tool("lungs")
    assert tool is not None
    assert read == ["lungs"]


def test_a_tool_of_another_name_is_found_all_the_same(models: Path) -> None:
    renamed = models / "outlines"
    (models / "lungs").rename(renamed)
    spec = json.loads((renamed / "bundle.json").read_text())
    (renamed / "bundle.json").write_text(json.dumps(spec | {"id": "outlines"}))
    assert runner.invoke(app, ["models", "lock"]).exit_code == 0
    tool = Catalog(models).tool("lungs")
    assert tool is not None
    assert tool.id == "outlines"


def test_the_digest_is_told_with_every_bundle(models: Path) -> None:
    told = json.loads(runner.invoke(app, ["models", "--json"]).output)
    assert {one["id"]: one["digest"] for one in told} == {
        line.split()[1]: line.split()[0] for line in (models / "DIGESTS").read_text().splitlines()
    }


@pytest.fixture
def unreadable(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of the bundles is another user's (mode 0700): nothing in it may be looked at, let alone read."""
    folder = models / "covid"
    for name in ("is_file", "read_bytes", "read_text", "open"):
        original = getattr(Path, name)

        def refuse(path: Path, *rest: Any, original: Any = original, **named: Any) -> Any:
            if folder in path.parents:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return original(path, *rest, **named)

        monkeypatch.setattr(Path, name, refuse)
    return folder


def test_a_bundle_that_may_not_be_read_is_named_and_the_others_are_verified(unreadable: Path) -> None:
    answer = runner.invoke(app, ["models", "verify"])
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit), answer.exception
    assert "bad    covid" in answer.output
    assert "Permission denied" in answer.output
    assert "ok     lungs" in answer.output


def test_a_bundle_that_may_not_be_read_is_not_fixed(models: Path, unreadable: Path) -> None:
    before = (models / "DIGESTS").read_text()
    answer = runner.invoke(app, ["models", "lock"])
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit), answer.exception
    assert "chmod" in answer.stderr
    assert (models / "DIGESTS").read_text() == before


@pytest.mark.parametrize("action", ["verify", "lock"])
def test_json_is_refused_where_it_would_be_ignored(models: Path, action: str) -> None:
    before = (models / "DIGESTS").read_bytes()
    answer = runner.invoke(app, ["models", action, "--json"])
    assert answer.exit_code == 1
    assert "`--json` must be left out" in answer.stderr
    assert (models / "DIGESTS").read_bytes() == before


def test_a_bundle_is_added_whole_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Settings().models_dir / "gate", tmp_path / "given" / "gate")
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "models"))
    answer = CliRunner().invoke(app, ["models", "add", str(tmp_path / "given" / "gate")])
    assert answer.exit_code == 0, answer.output
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["gate"]
    again = CliRunner().invoke(app, ["models", "add", str(tmp_path / "given" / "gate")])
    assert again.exit_code == 1
    assert "must not replace a bundle" in again.output


def test_a_bundle_that_was_changed_is_not_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Settings().models_dir / "gate", tmp_path / "given" / "gate")
    with (tmp_path / "given" / "gate" / "serving.tflite").open("ab") as stream:
        stream.write(b"!")
    monkeypatch.setenv("CXR_MODELS_DIR", str(tmp_path / "models"))
    answer = CliRunner().invoke(app, ["models", "add", str(tmp_path / "given" / "gate")])
    assert answer.exit_code == 1
    assert not (tmp_path / "models").exists()


def test_the_version_is_printed() -> None:
    answer = CliRunner().invoke(app, ["--version"])
    assert (answer.exit_code, answer.output.strip()) == (0, f"cxr-dash {__version__}")
