"""``--again errors``: rows of films that could not be read go, so that these films are asked anew."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from cxr_dash.cli.scoring.parquet import drop_errors, stored_errors, stored_rows
from cxr_dash.cli.scoring.rows import check_unlocked, copy_rows

if TYPE_CHECKING:
    from cxr_dash.cli.scoring.table import Place

ERROR = "error"


def forget_errors(place: Place, header: Sequence[str]) -> None:
    """Take the rows of status ``error`` out of a table; all others stay, in order.

    Whenever it is killed, the table is as it was or as it is to be: files are replaced whole.

    Parameters
    ----------
    place : Place
    header : sequence of str
        Of the table, or of its journal.

    Raises
    ------
    RequestError
        When another command is writing the table, or a row is not of it.
    OSError
    """
    if not place.keeps:
        return
    for path in (place.out, *place.journals()):
        with suppress(FileNotFoundError):
            check_unlocked(path)
    if not place.parquet:
        copy_rows(place.out, place.out, header, _is_kept)
        return
    stored = stored_rows(place.out)
    left = stored - stored_errors(place.out)
    journal, renamed = place.journal(stored), place.journal(left)
    for old in place.journals():
        if old != journal:
            old.unlink()
    # under the name that it has behind fewer rows: until there are fewer, it counts as an old one
    copy_rows(journal, renamed, header, _is_kept)
    if left != stored:
        drop_errors(place.out)
        journal.unlink(missing_ok=True)


def _is_kept(cells: Sequence[str]) -> bool:
    return cells[1] != ERROR
