"""The sentences of the sheet, as they are handed to whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: cells in the order of the columns, and whether it stands out."""

    cells: tuple[str, ...]
    above: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and what stands under it; ``items`` may be cut short where the sheet is full."""

    heading: str
    lines: tuple[str, ...]
    items_heading: str = ""
    items: tuple[str, ...] = ()
    items_left_out: str = ""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Every sentence of the sheet.

    Attributes
    ----------
    patient : str
        Who it is; empty unless it may be shown.
    film_label : str
        What the reader wrote on the film's row; empty where nothing.
    label : str or None
        The finding whose heat is shown; ``None`` where no figures may be read.
    rows : tuple of Row
        Empty where no figures may be read.
    """

    title: str
    film: str
    moment: str
    patient: str
    film_label: str
    headline: str
    summary: str
    first_of_all: str
    label: str | None
    picture_captions: tuple[str, str]
    legend: tuple[str, str]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    table_note: str
    left: tuple[Block, ...]
    right: Block
    notes: str
    signature: str
    footer: tuple[str, ...]
