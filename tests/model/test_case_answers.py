"""What the shipped product answers for one small file of each kind that is written wrongly or unusually."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_dash.domain import Analysis, Verdict
from cxr_dash.errors import CxrError
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.settings import Settings

CASES = Path(__file__).resolve().parents[1] / "cases"
Ask = Callable[[str], Analysis]


@pytest.fixture(scope="module")
def service() -> AnalysisService:
    return build_service(Settings(heat_trust=False))


@pytest.fixture(scope="module")
def ask(service: AnalysisService) -> Ask:
    return lambda name: service.analyse_bytes((CASES / name).read_bytes(), "findings")


@pytest.fixture(scope="module")
def control(ask: Ask) -> Analysis:
    """The film that the others were made from."""
    return ask("00-control.png")


def difference(one: Analysis, other: Analysis) -> float:
    pairs = zip(one.findings, other.findings, strict=True)
    return max(abs(first.probability - second.probability) for first, second in pairs)


def above(analysis: Analysis) -> list[str]:
    return [finding.label.key for finding in analysis.findings if finding.above]


def test_the_control_is_an_ordinary_film(control: Analysis) -> None:
    assert control.quality.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("00-control.jpg", []),
        ("04-12bit-padding-65535.png", []),
        ("04b-offset-32768-padding-0.png", []),
        ("04c-raised-base-in-black-frame.png", []),
        ("05-black-frame-10px-control.png", []),
        ("05-white-frame-10px.png", []),
        ("08-exif6.png", []),
        # the film lies in a dark page with captions, which are margins to it
        ("13-pacs-screenshot.png", []),
        ("15-rgba-alpha-all-zero.png", ["alpha_ignored"]),
        ("19-two-exif-blocks-1-then-6.jpg", []),
        # a wrong byte that changes a single block: nothing in the file tells of it, and nothing hangs on it
        ("01c-jpeg-one-wrong-byte.jpg", []),
    ],
)
def test_frames_offsets_and_copies_are_answered_as_the_film_itself(
    name: str, codes: list[str], ask: Ask, control: Analysis
) -> None:
    answer = ask(name)
    assert difference(answer, control) <= 0.02
    assert above(answer) == above(control)
    assert answer.quality.codes == codes


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("02-12bit-text-at-65535.png", []),
        ("02-same-text-8bit-control.png", []),
        ("03-negative-65535-minus-v-text-at-0.png", ["inverted"]),
        ("11-blue-base.jpg", ["tinted"]),
    ],
)
def test_letters_tints_and_negatives_flip_no_finding(
    name: str, codes: list[str], ask: Ask, control: Analysis
) -> None:
    answer = ask(name)
    assert above(answer) == above(control)
    assert answer.quality.codes == codes


@pytest.mark.parametrize(
    "name",
    [
        "01-jpeg-interrupted-80pc.jpg",
        "01d-jpeg-progressive-first-scan-only.jpg",
        "01e-webp-400-byte-hole.webp",
    ],
)
def test_damaged_files_are_refused_as_damaged(name: str, ask: Ask) -> None:
    with pytest.raises(CxrError) as caught:
        ask(name)
    assert caught.value.code == "damaged"
    assert "send it again" in caught.value.remedy


@pytest.mark.parametrize("name", ["06-signed-wrapped.png", "07-uint8-overflow-x1.15.png"])
def test_wrapped_levels_are_refused_as_such(name: str, ask: Ask) -> None:
    answer = ask(name)
    assert answer.quality.verdict is Verdict.REJECT
    assert answer.quality.codes[0] == "levels_wrapped"


def test_two_films_in_one_picture_are_refused(ask: Ask) -> None:
    assert ask("10-two-films-in-one.png").quality.verdict is Verdict.REJECT


def test_a_tone_unlike_the_training_films_is_said(ask: Ask) -> None:
    answer = ask("17-clahe4.png")
    assert answer.quality.verdict is Verdict.WARN
    assert "tone_unusual" in answer.quality.codes


def test_a_leaning_film_is_straightened_and_said(ask: Ask, control: Analysis) -> None:
    answer = ask("18-tilt10.png")
    assert "straightened" in answer.quality.codes
    assert 6.0 < abs(answer.preparation.tilt_degrees) <= 15.0
    assert control.preparation.tilt_degrees == 0.0


def test_dicom_without_a_preamble_is_read(ask: Ask) -> None:
    answer = ask("14-dicom-no-preamble.dcm")
    assert answer.quality.verdict is not Verdict.REJECT
    assert answer.findings


def test_jpeg_ls_is_refused_by_its_name(ask: Ask) -> None:
    with pytest.raises(CxrError, match="JPEG-LS") as caught:
        ask("20-jpeg-ls.jls")
    assert caught.value.code == "unsupported_format"
