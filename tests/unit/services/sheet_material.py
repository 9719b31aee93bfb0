"""A report's content, small enough to count its points by hand."""

from __future__ import annotations

from cxr_dash.services.report.sheet_text import Block, ReportContent, Row


def sheet_content() -> ReportContent:
    """Two findings, one of them above its threshold; lists and lines that are too long for one sheet."""
    long = "words that go on for so long that not all of them can stay"
    return ReportContent(
        title="Report",
        film="Film 7",
        film_label="",
        moment="2026-03-01",
        patient="",
        headline="One finding to check",
        summary="Of thirteen.",
        first_of_all="",
        label="effusion",
        picture_captions=("The film.", "With its heat."),
        legend=("little", "much"),
        columns=("a",) * 8,
        rows=(Row(("Effusion", *"1234567"), above=True), Row(("Nodule", *"1234567"), above=False)),
        table_note="Note.",
        left=(
            Block(
                "Measured", (long, "short"), "Cautions", ("one", "two", "three", "four", "five"), "and 2 more"
            ),
        ),
        right=Block("Where from", ("here",)),
        notes="Notes",
        signature="Signed",
        footer=("No diagnosis.", "Version 1"),
    )
