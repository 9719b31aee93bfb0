"""The rows of a run as one Parquet file: typed columns, and where they come from in the file itself."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_dash.errors import BackendMissingError, RequestError

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".parquet"
METADATA_KEY = b"cxr_dash"
_BATCH = 10_000
_TEXT = {"path", "status", "reason", "model", "reason_codes"}
_GUARDED = {"path", "reason"}
_FLAGS = ("film_above_", "cardiothoracic_ratio_comparable")


def require_pyarrow() -> None:
    """Raise ``BackendMissingError`` where Parquet cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise BackendMissingError(
            "`pyarrow` must be installed to write Parquet; it is not.",
            remedy="`pip install 'cxr-dash[parquet]'`, or give an `--out` that ends in .csv.",
        ) from error


def stored_rows(path: Path) -> int:
    """How many rows a Parquet file has; 0 where there is none.

    Raises
    ------
    RequestError
        When it is no Parquet file.
    """
    if not path.is_file() or not path.stat().st_size:
        return 0
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise RequestError(
            f"`--out` must be a Parquet file or new; {path} is neither.",
            remedy="Choose another file, or begin anew with `--overwrite`.",
        ) from error


def stored_status(path: Path) -> Iterator[tuple[str, str]]:
    """Path and status of each row of a Parquet file, in order, some thousands held at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=["path", "status"]):
            yield from zip(batch["path"].to_pylist(), batch["status"].to_pylist(), strict=True)


def stored_errors(path: Path) -> int:
    """How many rows of a Parquet file have the status ``error``; 0 where there is none, or no such column."""
    if not stored_rows(path):
        return 0
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if "status" not in file.schema_arrow.names:
            return 0
        batches = file.iter_batches(_BATCH, columns=["status"])
        return sum(batch["status"].to_pylist().count("error") for batch in batches)


def drop_errors(path: Path) -> None:
    """Take those rows out; the file is replaced in one step, a link is followed.

    Raises
    ------
    OSError
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = path.resolve()
    draft = path.with_name(f".{path.name}.tmp")
    with (
        pq.ParquetFile(path) as before,
        pq.ParquetWriter(draft, before.schema_arrow, compression="zstd") as writer,
    ):
        for batch in before.iter_batches(_BATCH):
            writer.write_batch(batch.filter(pc.not_equal(batch["status"], "error")))
    draft.replace(path)


def write_parquet(
    out: Path, journal: Path, header: Sequence[str], constants: Mapping[str, str], metadata: str
) -> None:
    """Put the rows of a journal behind those that ``out`` has; it is replaced in one step.

    Parameters
    ----------
    out : Path
        The Parquet file; a link is followed.
    journal : Path
        CSV, of :class:`~cxr_dash.cli.scoring.rows.RowFile`.
    header : sequence of str
        Its columns: text, flags of 0 and 1, ``analysed_at``, and numbers.
    constants : mapping of str to str
        Columns behind them, the same in every row.
    metadata : str
        JSON for the file's own metadata, under ``cxr_dash``.

    Raises
    ------
    OSError
    """
    import pyarrow.parquet as pq

    out = out.resolve()
    schema = _schema(header, constants).with_metadata({METADATA_KEY: metadata.encode()})
    draft = out.with_name(f".{out.name}.tmp")
    with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        if stored_rows(out):
            with pq.ParquetFile(out) as before:
                for batch in before.iter_batches(_BATCH):
                    writer.write_batch(batch.cast(schema))
        with journal.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            while batch := list(islice(rows, _BATCH)):
                writer.write_batch(_batch(batch, schema, constants))
    draft.replace(out)


def metadata_of(path: Path) -> dict[str, Any]:
    """What :func:`write_parquet` was given as metadata."""
    import pyarrow.parquet as pq

    found: dict[str, Any] = json.loads(pq.read_schema(path).metadata[METADATA_KEY])
    return found


def _schema(header: Sequence[str], constants: Mapping[str, str]) -> pa.Schema:
    import pyarrow as pa

    def kind(name: str) -> pa.DataType:
        if name in _TEXT:
            return pa.string()
        if name == "analysed_at":
            return pa.timestamp("ms", "UTC")
        return pa.bool_() if name.startswith(_FLAGS) else pa.float64()

    return pa.schema([(name, kind(name)) for name in header] + [(name, pa.string()) for name in constants])


def _batch(rows: list[dict[str, str]], schema: pa.Schema, constants: Mapping[str, str]) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [
        pa.array([constants[field.name]] * len(rows), field.type)
        if field.name in constants
        else pa.array([_value(row[field.name], field) for row in rows], field.type)
        for field in schema
    ]
    return pa.record_batch(arrays, schema=schema)


def _value(cell: str, field: pa.Field) -> object:
    import pyarrow as pa

    if field.name in _GUARDED:
        return cell.removeprefix("'")  # no spreadsheet calculates here
    if pa.types.is_string(field.type):
        return cell
    if not cell:
        return None
    if pa.types.is_timestamp(field.type):
        return datetime.fromisoformat(cell)
    return cell == "1" if pa.types.is_boolean(field.type) else float(cell)
