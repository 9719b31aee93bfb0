"""The list of digests: what it vouches for, what it refuses, and a list that was damaged."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.digests import (
    DIGESTS_FILE,
    bundle_digest,
    is_vouched_for,
    read_digests,
    write_digests,
)

ONE, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4


def test_a_bundles_digest_is_that_of_its_bundle_json() -> None:
    assert bundle_digest(b"{}") == hashlib.sha256(b"{}").hexdigest()


def test_what_is_written_is_read_sorted_as_sha256sum_writes_it(tmp_path: Path) -> None:
    path = write_digests(tmp_path, {"lungs": OTHER, "gate": ONE})
    assert path.read_text() == f"{ONE}  gate\n{OTHER}  lungs\n"
    assert read_digests(tmp_path) == {"gate": ONE, "lungs": OTHER}
    assert [file.name for file in tmp_path.iterdir()] == [DIGESTS_FILE]


def test_where_no_list_is_kept_there_is_none_and_an_empty_one_knows_nothing(tmp_path: Path) -> None:
    assert read_digests(tmp_path) is None
    (tmp_path / DIGESTS_FILE).write_text("")
    assert read_digests(tmp_path) == {}


@pytest.mark.parametrize(
    "line", [f"{ONE} gate", f"{ONE[:-1]}  gate", f"{ONE}  ../gate", f"{ONE.upper()}  gate", "x" * 200, ""]
)
def test_a_damaged_line_is_said_with_its_beginning(tmp_path: Path, line: str) -> None:
    (tmp_path / DIGESTS_FILE).write_text(f"{line}\n{OTHER}  lungs\n")
    with pytest.raises(BundleMismatchError, match="must have lines") as caught:
        read_digests(tmp_path)
    assert f"received {line[:80]!r}" in str(caught.value)
    assert "models lock" in caught.value.remedy


def test_a_list_that_cannot_be_read_does_not_count_as_none(tmp_path: Path) -> None:
    (tmp_path / DIGESTS_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(BundleMismatchError, match="must have lines"):
        read_digests(tmp_path)


def test_a_bundle_that_was_changed_is_refused_and_one_that_is_new_is_not_vouched_for() -> None:
    listed = {"gate": ONE}
    assert is_vouched_for("gate", ONE, listed) is True
    assert is_vouched_for("lungs", ONE, listed) is False
    assert is_vouched_for("gate", ONE, None) is False
    with pytest.raises(BundleMismatchError) as caught:
        is_vouched_for("gate", OTHER, listed)
    words = f"gate must have the digest {ONE[:12]}… of {DIGESTS_FILE}; received {OTHER[:12]}…."
    assert str(caught.value).startswith(words)
