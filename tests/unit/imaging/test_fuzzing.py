"""The fuzzer (``make fuzz``): it works, it can be repeated, and what it is there to find it finds."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fuzz.case import Case, Seed
from fuzz.corpus import build_corpus
from fuzz.loop import Plan, try_case, work
from fuzz.mutate import DRAWN, Mutator
from fuzz.server import ServerRun
from fuzz.tally import ESCAPED, READ, REFUSED, Tally
from fuzz.targets import EVERY, TARGETS, Target, read_archive, read_header
from gunicorn_server import Answer

from cxr_dash.errors import CorruptFileError, CxrError

_SHARES = {"analyse": 1, "look": 4}
_FILES = 240


@pytest.fixture(scope="module")
def corpus() -> tuple[Seed, ...]:
    return build_corpus()


@pytest.fixture(autouse=True)
def _warnings_as_in_a_server() -> Iterator[None]:
    """What a library warns of while it reads a damaged file is no error there."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


def _target(read: object) -> Target:
    return Target("fake", ("png",), 1, read)  # type: ignore[arg-type]


def test_every_reader_stands_a_few_hundred_damaged_files(tmp_path: Path, corpus: tuple[Seed, ...]) -> None:
    targets = [replace(target, share=_SHARES.get(target.name, 10)) for target in TARGETS]
    tally = Tally([target.name for target in targets])
    work(Mutator(1, corpus), targets, tally, Plan(3600.0, _FILES, tmp_path / "found"))
    assert not list(tmp_path.rglob("*.txt")), [path.read_text() for path in tmp_path.rglob("*.txt")]
    assert tally.executions == _FILES
    assert tally.counts[:, ESCAPED].sum() == 0
    read, refused = tally.counts[:, READ], tally.counts[:, REFUSED]
    assert (read + refused > 0).all()
    assert read.sum() > _FILES / 10
    assert refused.sum() > _FILES / 10


def test_the_files_of_the_corpus_are_read_as_they_are_and_put_together_again(
    corpus: tuple[Seed, ...],
) -> None:
    refused = {"jpeg-cmyk", "webp-animated"}
    assert {seed.kind for seed in corpus} == set(EVERY)
    for seed in corpus:
        again = seed.data if seed.join is None else seed.join(seed.parts)
        for data in (seed.data, again):
            if seed.kind == "dicomdir":
                continue  # the films that it lists are nowhere
            if seed.kind == "zip":
                outcome = try_case(_target(read_archive), Case(0, 0, "", "", data))[0]
                expected = REFUSED if seed.name in ("zip-12", "zip-14") else READ
                assert outcome == expected, seed.name
            else:
                target = next(target for target in TARGETS if target.name == "decode")
                expected = REFUSED if seed.name in refused else READ
                assert try_case(target, Case(0, 0, "", "", data))[0] == expected, seed.name


def test_a_case_depends_on_its_seed_and_number_alone(corpus: tuple[Seed, ...]) -> None:
    kinds = (*EVERY, DRAWN)
    first, second, other = Mutator(3, corpus), Mutator(3, corpus), Mutator(4, corpus)
    made = [first.case(number, kinds).data for number in range(60)]
    assert [second.case(number, kinds).data for number in reversed(range(60))] == made[::-1]
    assert [other.case(number, kinds).data for number in range(60)] != made
    assert len(set(made)) > 50


def test_an_exception_that_is_none_of_ours_is_found_and_can_be_seen_again(
    tmp_path: Path, corpus: tuple[Seed, ...]
) -> None:
    def careless(data: bytes) -> object:
        raise ValueError(f"{len(data)} bytes")

    tally = Tally(["fake"])
    work(Mutator(1, corpus), [_target(careless)], tally, Plan(3600.0, 5, tmp_path))
    assert tally.counts.tolist() == [[0, 0, 5]]
    (said,) = tmp_path.glob("*.txt")
    assert said.name.startswith("fake-ValueError-test_fuzzing.py-")
    assert f"make fuzz REPLAY={said.with_suffix('.bin')} TARGET=fake" in said.read_text()
    data = said.with_suffix(".bin").read_bytes()
    assert data == Mutator(1, corpus).case(0, ("png",)).data
    outcome, _, finding = try_case(_target(careless), Case(0, 0, "", "", data))
    assert outcome == ESCAPED
    assert finding is not None
    assert "ValueError" in finding.details


def test_an_error_of_ours_and_an_answer_are_no_findings() -> None:
    def refusing(_data: bytes) -> object:
        raise CorruptFileError("damaged")

    case = Case(0, 0, "", "", b"x")
    assert try_case(_target(refusing), case)[::2] == (REFUSED, None)
    assert try_case(_target(len), case)[::2] == (READ, None)
    with pytest.raises(CxrError):
        read_header(b"x")


def test_a_reader_that_takes_the_process_down_is_found_and_the_next_file_is_tried(tmp_path: Path) -> None:
    program = f"""
import os, pathlib
from fuzz.case import Seed
from fuzz.loop import Plan, watch
from fuzz.mutate import Mutator
from fuzz.tally import Tally
from fuzz.targets import Target

tried = []
def crashing(data):
    tried.append(data)
    if len(tried) == 2:
        os.abort()

folder, tally = pathlib.Path({str(tmp_path)!r}), Tally(["fake"])
seeds = [Seed("one", "png", bytes(range(99)))]
targets, plan = [Target("fake", ("png",), 1, crashing)], Plan(3600.0, 5, folder)
watch(Mutator(1, seeds), targets, tally, plan, folder / "log")
print(tally.counts.tolist())
"""
    path = [str(Path(__file__).parents[2]), str(Path(__file__).parent), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    # Files 0 and 1, the first of which was read; 2 and 3 likewise; 4.
    assert done.stdout.splitlines()[-1] == "[[0, 3, 2]]"
    (said,) = tmp_path.glob("*.txt")
    assert said.name == "fake-crash-6.txt"
    assert "Fatal Python error: Aborted" in said.read_text()


class _Server:
    """Answers every film alike."""

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = Answer(status, body, "application/json")

    def post(self, _path: str, _data: bytes) -> Answer:
        return self._answer


@pytest.mark.parametrize(
    ("status", "body", "findings"),
    [
        (422, b'{"error": {"code": "damaged"}}', 0),
        (503, b'{"error": {"code": "busy"}}', 0),
        (503, b'{"error": {"code": "storage"}}', 1),
        (500, b'{"error": {"code": "unexpected"}}', 1),
        (500, b"<h1>Internal Server Error</h1>", 1),
    ],
)
def test_an_answer_that_is_no_refusal_is_found(
    tmp_path: Path, corpus: tuple[Seed, ...], status: int, body: bytes, findings: int
) -> None:
    run = ServerRun(Mutator(1, corpus), tmp_path)
    run._send(_Server(status, body))  # type: ignore[arg-type]
    assert run.executions == 1
    assert run.findings == findings == len(list(tmp_path.glob("server-*.txt")))
