"""How often texts occurred, on the disk: a million paths take no memory."""

from __future__ import annotations

import sqlite3


class Tally:
    """Counts texts in a temporary database, which is deleted with it; one thread at a time.

    A few megabytes are held in memory, whatever is counted.
    """

    def __init__(self) -> None:
        # The empty name is a file of SQLite's own that no other process sees.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE tally (text TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID")
        self._total = 0

    def __len__(self) -> int:
        """All counts together."""
        return self._total

    def add(self, text: str) -> int:
        """Count one more of a text.

        Returns
        -------
        int
            How many of it there are now.
        """
        self._total += 1
        ((count,),) = self._database.execute(
            "INSERT INTO tally VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
            (_key(text),),
        ).fetchall()
        return int(count)

    def take(self, text: str) -> bool:
        """Count one less of a text, if there is one; whether there was."""
        if not self._total:
            return False
        taken = self._database.execute(
            "UPDATE tally SET count = count - 1 WHERE text = ? AND count > 0", (_key(text),)
        ).rowcount
        self._total -= taken
        return bool(taken)

    def __contains__(self, text: str) -> bool:
        query = "SELECT 1 FROM tally WHERE text = ? AND count > 0"
        return self._database.execute(query, (_key(text),)).fetchone() is not None

    def close(self) -> None:
        """Delete the database."""
        self._database.close()


def _key(text: str) -> str:
    # a byte of a name that is no UTF-8 is a surrogate, which no database takes
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
