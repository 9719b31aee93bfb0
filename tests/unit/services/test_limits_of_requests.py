"""Limits of what a site or a reader may set: templates of the report text, and how a screen stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cxr_dash.errors import NotReadyError, RequestError
from cxr_dash.services.exports import ExportOptions, ExportRequest, Seen
from cxr_dash.services.report import templates
from cxr_dash.services.report.templates import report_templates

SHIPPED = templates._SHIPPED.read_text(encoding="utf-8")


def _site(folder: Path, text: str) -> Path:
    (folder / "en.txt").write_bytes(text.encode())
    return folder


@pytest.mark.parametrize(("size", "good"), [(65_536, True), (65_537, False)])
def test_a_template_has_64_kilobytes_at_most(tmp_path: Path, size: int, good: bool) -> None:
    text = SHIPPED + " " * (size - len(SHIPPED.encode()))
    if good:
        assert report_templates(_site(tmp_path, text)).own == ("en",)
        return
    with pytest.raises(NotReadyError, match="longer than 65536 bytes"):
        report_templates(_site(tmp_path, text))


EACH, END = "{% for one in findings %}", "{% endfor %}"
ALL = "{{ model.id }} {{ model.version }} {% for one in findings %}{{ one.name }}{% endfor %}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ALL, None),
        (f"\ufeff{ALL}", None),
        ("{{ model.id }} {{ model.version }}", "leaves out Finding one, Finding two"),
        ("{{ model.id }}" + ALL[ALL.index("{% for") :], "leaves out 1.2.3"),
        (ALL + "{% if refused %}{{ nothing }}{% endif %}", "nothing"),
        (
            ALL + EACH + "{% if one.added and one.place %}{{ x }}{% endif %}" + END,
            None,
        ),
        (
            ALL + EACH + "{% if one.added %}{{ x }}{% endif %}" + END,
            "'x' is undefined",
        ),
        (
            ALL + EACH + "{% if one.place %}{{ x }}{% endif %}" + END,
            "'x' is undefined",
        ),
        (ALL + "{% if not findings %}{{ x }}{% endif %}", "'x' is undefined"),
        (ALL + "{% if not refused %}{{ x }}{% endif %}", "'x' is undefined"),
        (ALL + "{% for", "line 1"),
    ],
)
def test_a_template_is_tried_with_every_kind_of_film_before_a_reader_meets_it(
    tmp_path: Path, text: str, words: str | None
) -> None:
    if words is None:
        found = report_templates(_site(tmp_path, text))
        assert (found.own, sorted(found.by_language)) == (("en",), sorted(templates.languages()))
        return
    with pytest.raises(NotReadyError, match=words):
        report_templates(_site(tmp_path, text))


def test_lines_that_only_control_leave_no_line_and_ends_are_trimmed(tmp_path: Path) -> None:
    text = "\n\n" + ALL + ".\n  {% if refused %}\nNo <b>\n  {% endif %}\nEnd\n\n"
    filled = report_templates(_site(tmp_path, text)).fill("en", templates._EMPTY | {"refused": True})
    assert filled == "model-id 1.2.3 .\nNo <b>\nEnd\n"


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({"opacity": 0.0}, True),
        ({"opacity": 1.0}, True),
        ({"opacity": 1.01}, False),
        ({"opacity": -0.01}, False),
        ({"threshold": 0.0}, True),
        ({"threshold": 1.0}, True),
        ({"threshold": 1.01}, False),
        ({"threshold": float("nan")}, False),
        ({"colour_map": "rainbow"}, False),
    ],
)
def test_how_a_screen_may_be_set(changes: dict[str, Any], good: bool) -> None:
    if good:
        assert ExportOptions(**changes).seen == Seen()
        return
    with pytest.raises(RequestError, match=next(iter(changes))):
        ExportOptions(**changes)


def test_what_nobody_set_is_as_the_page_opens() -> None:
    plain, request = ExportOptions(), ExportRequest("tiny", ())
    assert (plain.colour_map, plain.opacity, plain.threshold, plain.anyway) == ("inferno", 0.6, None, False)
    assert (request.colour_map, request.opacity, request.maps, request.split) == (
        "inferno",
        0.6,
        "grid",
        None,
    )
    assert (Seen().window_width, Seen().window_level, Seen().whole, Seen().plain) == (
        255.0,
        127.5,
        True,
        True,
    )
    assert Seen(invert=True).whole
    assert not Seen(invert=True).plain
    for width in (1e-9, 1e9):
        assert Seen(width, -1e9).window_width == width
        with pytest.raises(RequestError, match="window_width"):
            Seen(width * (0.9 if width < 1 else 1.1))
    with pytest.raises(RequestError, match="window_level"):
        Seen(255.0, 1.1e9)
