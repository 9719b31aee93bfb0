"""Mutants are made where code runs, in a copy, and a test that notices one is told from one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_dash.settings import ROOT
from reliability.mutants.copies import changed
from reliability.mutants.judge import Judged, Room, files_that_name, judge, lines_reached
from reliability.mutants.report import as_markdown
from reliability.mutants.sites import Mutant, places_of, sample

pytestmark = pytest.mark.thorough

_SOURCE = """from __future__ import annotations

LEAST = 3


def enough(count: int | None = 1, *, most: int | None = 9) -> bool | None:
    seen: int | None = count
    return seen is not None and LEAST <= seen < most


def unseen(count):
    return count + 1
"""
_TESTS = """from pkg.room import enough


def test_some_are_enough():
    assert enough(3)
    assert not enough(2)
"""
_OPERATORS = ["NumberReplacer", "ReplaceComparisonOperator_LtE_Lt", "ReplaceBinaryOperator_Add_Sub"]
_PIPES = ["ReplaceBinaryOperator_BitOr_BitAnd", "ReplaceBinaryOperator_Mul_Div"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {"pkg/__init__.py": "", "pkg/room.py": _SOURCE, "tests/test_room.py": _TESTS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_operator_and_constant_is_a_place_and_no_annotation_is() -> None:
    places = places_of(_SOURCE, "room.py", _OPERATORS)
    assert [(place.line, place.called) for place in places] == [
        (3, False),
        (6, False),
        (6, False),
        (8, True),
        (12, True),
        (12, True),
    ]
    assert places_of(_SOURCE, "room.py", _PIPES) == []


def test_whether_types_are_checked_is_no_place_and_any_other_condition_is() -> None:
    source = "if TYPE_CHECKING:\n    from a import b\nif CHECKING:\n    STEP = 1\n"
    places = places_of(source, "room.py", ["AddNot", "NumberReplacer"])
    assert [place.line for place in places] == [3, 4]


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another(project: Path) -> None:
    first, again, other = (sample(project, ["pkg"], _OPERATORS, 3, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert all(one.before != one.after for one in first)


def test_a_copy_is_as_it_was_when_a_mutant_leaves_it(project: Path) -> None:
    (mutant, *_) = sample(project, ["pkg"], _OPERATORS, 1, 1)
    with changed(project, mutant):
        assert (project / "pkg" / "room.py").read_text() != _SOURCE
    assert (project / "pkg" / "room.py").read_text() == _SOURCE
    assert sorted(file.name for file in (project / "pkg").iterdir()) == ["__init__.py", "room.py"]


def test_a_change_that_a_test_notices_is_killed_by_it_and_one_that_none_runs_survives(project: Path) -> None:
    tests = ["tests/test_room.py"]
    room = Room(tests, 1.0, lines_reached(project, ["pkg"], tests))
    name = "tests/test_room.py::test_some_are_enough"
    assert room.reached["pkg/room.py", 8] == {name}
    noticed = judge(project, room, Mutant("pkg/room.py", 8, "ReplaceComparisonOperator_LtE_Lt", 0, "", ""))
    assert (noticed.verdict, noticed.by) == ("killed", name)
    missed = judge(project, room, Mutant("pkg/room.py", 12, "ReplaceBinaryOperator_Add_Sub", 0, "", ""))
    assert missed.verdict == "survived"


def test_what_runs_as_a_module_is_read_is_noticed_by_any_test_of_the_room(project: Path) -> None:
    (project / "tests" / "test_constants.py").write_text(
        "import importlib\n\n\ndef test_it():\n    assert importlib.import_module('pkg.room').LEAST == 3\n"
    )
    (project / "tests" / "test_room.py").write_text(_TESTS.replace("    assert not enough(2)\n", ""))
    tests = ["tests/test_room.py", "tests/test_constants.py"]
    room = Room(tests, 1.0, lines_reached(project, ["pkg"], tests))
    (constant, *_) = places_of(_SOURCE, "pkg/room.py", ["NumberReplacer"])
    made = [constant.mutant(_SOURCE, change) for change in constant.changes]
    # a larger one is noticed by the tests that run the file
    (lower,) = (one for one in made if one.after.endswith("2"))
    noticed = judge(project, room, lower)
    assert (noticed.verdict, noticed.by) == ("killed", "tests/test_constants.py::test_it")


def test_without_lines_those_files_are_asked_that_name_the_module_or_a_helper_that_does(
    project: Path,
) -> None:
    folder = project / "tests"
    (folder / "measures.py").write_text("from pkg.room import unseen\n")
    (folder / "test_measures.py").write_text("from measures import unseen\n" + "# long\n" * 99)
    (folder / "test_other.py").write_text("def test_it():\n    assert 'unseeing'\n")
    assert files_that_name(project, ["tests"], "pkg/room.py") == [
        "tests/test_room.py",
        "tests/test_measures.py",
    ]
    noticed = judge(
        project, Room(["tests"]), Mutant("pkg/room.py", 8, "ReplaceComparisonOperator_LtE_Lt", 0, "", "")
    )
    assert noticed.verdict == "killed"


def test_tests_that_fail_before_anything_is_changed_are_named(project: Path) -> None:
    (project / "tests" / "test_room.py").write_text("def test_no():\n    assert False\n")
    with pytest.raises(RuntimeError, match="must pass before anything is changed"):
        lines_reached(project, ["pkg"], ["tests/test_room.py"])


def test_the_report_counts_by_room_and_shows_each_survivor() -> None:
    def one(room: str, verdict: str) -> Judged:
        mutant = Mutant(f"cxr_dash/{room}/a.py", 7, "NumberReplacer", 0, "a = 1 | b", "a = 2 | b")
        return Judged(mutant, verdict)  # type: ignore[arg-type]

    text = as_markdown([one("explain", "killed"), one("imaging", "survived"), one("imaging", "endless")])
    assert "| cxr_dash/imaging | 2 | 1 (50%) | 1 |" in text
    assert "| all | 3 | 2 (67%) | 1 |" in text
    assert r"| cxr_dash/imaging/a.py:7 | `a = 1 \| b` | `a = 2 \| b` |" in text


def test_the_rooms_and_tests_that_are_configured_are_there() -> None:
    import tomllib

    from cosmic_ray.plugins import operator_names

    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["cxr-mutants"]
    for room, tests in configured["rooms"].items():
        assert (ROOT / room).is_dir()
        assert all((ROOT / name).exists() for name in tests)
    assert {f"core/{name}" for name in configured["operators"]} <= set(operator_names())
