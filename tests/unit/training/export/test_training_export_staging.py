"""A bundle takes its place whole, or the one that was there stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_dash.errors import TrainingError
from training.export.staging import check_target, staged


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A bundle that is there already."""
    folder = tmp_path / "models" / "ward"
    folder.mkdir(parents=True)
    (folder / "old").touch()
    return folder


def test_a_bundle_takes_the_place_of_the_one_that_was_there(target: Path) -> None:
    with staged(target) as staging:
        assert staging.name == target.name, "what is read in it is named as it will be"
        (staging / "new").touch()
        assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in target.parent.iterdir()] == ["ward"]


def test_an_export_that_fails_leaves_the_bundle_that_was_there(target: Path) -> None:
    def export() -> None:
        with staged(target) as staging:
            (staging / "new").touch()
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        export()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in target.parent.iterdir()] == ["ward"]


def test_a_bundle_is_replaced_only_where_that_is_asked_for(target: Path) -> None:
    with pytest.raises(TrainingError, match="must have no bundle 'ward' yet"):
        check_target(target, overwrite=False)
    check_target(target, overwrite=True)
    check_target(target.with_name("other"), overwrite=False)
