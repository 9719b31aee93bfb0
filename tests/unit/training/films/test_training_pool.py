"""Films of several manifests in one, for pre-training."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from cxr_dash.errors import TrainingError
from training.cli import app
from training.films.manifest import read_manifest
from training.films.pool import pool_films


def _manifest(folder: Path, rows: list[tuple[str, str, str, str, str]]) -> Path:
    folder.mkdir()
    lines = ["path,label,split,split_group,source"]
    for number, (name, *cells) in enumerate(rows):
        cv2.imwrite(str(folder / name), np.full((32, 32), 40 + number, np.uint8))
        lines.append(",".join([name, *cells]))
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder / "manifest.csv"


@pytest.fixture
def two_manifests(tmp_path: Path) -> list[Path]:
    first = _manifest(
        tmp_path / "one",
        [
            ("a.png", "effusion", "train", "p1", "here"),
            ("b.png", "no_finding", "val", "p2", "here"),
            ("c.png", "effusion", "test", "p3", "here"),
        ],
    )
    second = _manifest(
        tmp_path / "two",
        [
            ("d.png", "normal", "train", "q1", "mixed"),
            ("e.png", "pneumonia", "val", "q2", "mixed"),
            ("f.png", "covid", "train", "q3", "covid only"),
            ("g.png", "pneumonia", "train", "p3", "mixed"),
            ("h.png", "pneumonia", "external", "q4", "mixed"),
        ],
    )
    return [first, second]


def test_the_pool_has_only_train_and_val_films_and_only_the_named_further_sources(
    two_manifests: list[Path],
) -> None:
    films = pool_films(two_manifests, sources=["mixed"], rename={"normal": "no_finding"})
    assert [(film.path.name, film.split) for film in films] == [
        ("a.png", "train"),
        ("b.png", "val"),
        ("d.png", "train"),
        ("e.png", "val"),
    ]
    assert films[2].labels == {"no_finding"}


def test_a_patient_with_a_test_film_in_any_manifest_stays_out(two_manifests: list[Path]) -> None:
    assert "p3" not in {film.group for film in pool_films(two_manifests, sources=["mixed"])}


def test_a_source_that_is_nowhere_is_refused_by_name(two_manifests: list[Path]) -> None:
    with pytest.raises(TrainingError, match=r"covid only, mixed; received else"):
        pool_films(two_manifests, sources=["else"])


def test_the_command_writes_a_manifest_that_training_reads(two_manifests: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "pool" / "manifest.csv"
    paths = [str(path) for path in two_manifests]
    done = CliRunner().invoke(
        app, ["pool", *paths, "--out", str(out), "--source", "mixed", "--as", "normal=no_finding"]
    )
    assert done.exit_code == 0, done.output
    assert "train 2, val 2" in done.output
    films = read_manifest(out, negative_label="no_finding")
    assert [sorted(film.labels) for film in films] == [["effusion"], [], [], ["pneumonia"]]
