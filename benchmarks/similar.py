"""``python -m benchmarks.similar``: the nearest films of a library of a million, by several ways.

The embeddings are drawn from those of real films: a real film's, moved by part of the difference between two
other films that are neighbours, never below zero, as pooled features are. Queries are real films that nothing
was drawn from. ``--real`` is a table (n, D) of embeddings (``--embed FOLDER`` writes one); without it they
are drawn from nothing, which says whether the ways agree, and little about speed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.table import RESULTS, ROOT, Machine, Table, spread, write_between
from cxr_dash import imaging
from cxr_dash.domain import Float32Array
from cxr_dash.errors import FilmError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.services.library.coarse import make_coarse
from cxr_dash.services.library.likeness import similarities
from cxr_dash.services.library.nearest import nearest

Ways = dict[str, Callable[[Float32Array], NDArray[np.intp]]]
_MOST = 10
_CHUNK = 8_192
_BRIEF_FILMS, _BRIEF_QUERIES = 3_000, 3


@dataclass
class Timed:
    """What one way of searching did."""

    built_s: float
    stored_mib: float
    by_clock_ms: list[float]
    cpu_ms: list[float]
    recall: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.similar", description=__doc__)
    parser.add_argument("--real", type=Path, help="embeddings of real films, .npy (n, D)")
    parser.add_argument(
        "--embed", type=Path, metavar="FOLDER", help="write --real from a folder of films first"
    )
    parser.add_argument("--films", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=30)
    parser.add_argument("--graph-films", type=int, default=100_000, help="for the ways that build a graph")
    parser.add_argument("--brief", action="store_true", help="few films, nothing kept: does it run?")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.embed and asked.real:
        np.save(asked.real, embed(asked.embed))
    real = np.load(asked.real).astype(np.float32) if asked.real else drawn_from_nothing()
    films, queries = (_BRIEF_FILMS, _BRIEF_QUERIES) if asked.brief else (asked.films, asked.queries)
    machine = Machine()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(real, films, queries, min(films, asked.graph_films), Path(folder))
    measured = f"with {films} films drawn from {len(real)} real ones, {queries} queries in turns,"
    text = machine.text(Table(measured, markdown(found, films), {}))
    print(text)
    if not asked.brief:
        samples = {name: vars(one) for name, one in found.items()}
        machine.keep("similar", "findings", Table(measured, "", {"ways": samples}), RESULTS)
    if asked.write_docs:
        write_between("similar", text)


def embed(folder: Path, most: int = 3_000) -> Float32Array:
    """Embeddings of the films in a folder by the shipped `findings`; what cannot be read is left out."""
    bundle = load_bundle(ROOT / "models" / "findings")
    runtime, made = RuntimePool().get(bundle), []
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".png", ".jpg", ".jpeg"})
    for place in np.random.default_rng(0).permutation(len(paths))[:most]:
        try:
            radiograph = imaging.decode(paths[place].read_bytes())
        except FilmError:
            continue
        made.append(runtime.run(imaging.prepare(radiograph, bundle.spec.preparation)).embedding)
    return np.stack(made)


def drawn_from_nothing(films: int = 400, size: int = 64) -> Float32Array:
    """Sparse features of a few sorts: for tests."""
    rng = np.random.default_rng(0)
    sorts = rng.gamma(0.3, 1.0, (8, size))
    mixed = rng.dirichlet(np.full(8, 0.5), films) @ sorts + rng.normal(0.0, 0.05, (films, size))
    return np.maximum(mixed, 0.0).astype(np.float32)


def draw_films(real: Float32Array, films: int, path: Path) -> Float32Array:
    """A library's embeddings, written to a file and mapped as a library's are."""
    rng = np.random.default_rng(1)
    neighbours = np.array([_nearest_other(real, row) for row in range(len(real))])
    np.lib.format.open_memmap(path, "w+", np.float32, (films, real.shape[1])).flush()
    drawn: Float32Array = np.load(path, mmap_mode="r+")
    for start in range(0, films, _CHUNK):
        count = min(_CHUNK, films - start)
        base, pair = rng.integers(len(real), size=count), rng.integers(len(real), size=count)
        share = rng.uniform(0.3, 1.0, (count, 1)).astype(np.float32)
        moved = real[base] + share * (real[pair] - real[neighbours[pair]])
        drawn[start : start + count] = np.maximum(moved, 0.0)
    return drawn


def _nearest_other(real: Float32Array, row: int) -> int:
    distances = np.square(real - real[row]).sum(axis=1)
    distances[row] = np.inf
    return int(distances.argmin())


def measure(real: Float32Array, films: int, queries: int, graph_films: int, folder: Path) -> dict[str, Timed]:
    """Every way over the same library, in turns: what else the machine does meets all."""
    asked, known = real[:queries], real[queries:]
    embeddings = draw_films(known, films, folder / "embeddings.npy")
    centre = np.mean(embeddings, axis=0, dtype=np.float64).astype(np.float32)
    norms = np.concatenate(
        [np.linalg.norm(embeddings[at : at + _CHUNK] - centre, axis=1) for at in range(0, films, _CHUNK)]
    ).astype(np.float32)
    plain = {"embeddings": embeddings, "centre": centre, "norms": norms}
    size = embeddings.nbytes / 2**20
    found: dict[str, Timed] = {}
    ways: Ways = {}

    def add(name: str, built: float, stored: float, way: Callable[[Float32Array], NDArray[np.intp]]) -> None:
        found[name], ways[name] = Timed(built, stored, [], [], []), way

    add("all embeddings, float32", 0.0, size, lambda query: nearest(query, plain, _MOST)[0])
    started = time.perf_counter()
    coarse = make_coarse(embeddings, centre, norms)
    built, stored = time.perf_counter() - started, sum(one.nbytes for one in coarse.values()) / 2**20
    bounded = plain | coarse
    add("bounds first, then what is left (the app's)", built, stored, lambda q: nearest(q, bounded, _MOST)[0])
    for name, built, stored, way in _by_usearch(plain, graph_films):
        add(name, built, stored, way)
    for query in asked:
        truth = {n: _exact(query, plain, n) for n in {films, graph_films}}
        for name, way in ways.items():
            started, used = time.perf_counter(), time.process_time()
            rows = way(query)
            passed, spent = time.perf_counter() - started, time.process_time() - used
            right = truth[graph_films if name.startswith("HNSW") else films]
            found[name].by_clock_ms.append(1000.0 * passed)
            found[name].cpu_ms.append(1000.0 * spent)
            found[name].recall.append(len(set(rows.tolist()) & set(right.tolist())) / len(right))
    return found


def _exact(query: Float32Array, plain: dict[str, Any], films: int) -> NDArray[np.intp]:
    found = similarities(
        query[np.newaxis], plain["embeddings"][:films], plain["centre"], plain["norms"][:films]
    )
    return np.argsort(-found[0], kind="stable")[:_MOST]


def _by_usearch(
    plain: dict[str, Any], films: int
) -> list[tuple[str, float, float, Callable[[Float32Array], NDArray[np.intp]]]]:
    """Exact by int8 figures, and a graph (HNSW) of part of the films; nothing where usearch is missing."""
    try:
        from usearch.index import Index, MetricKind, search  # noqa: PLC0415  (may be missing)
    except ImportError:
        return []
    centre, norms = plain["centre"], plain["norms"][:, np.newaxis]

    def units(rows: slice) -> Float32Array:
        return np.asarray((plain["embeddings"][rows] - centre) / np.maximum(norms[rows], 1e-9), np.float32)

    # what one film in ten thousand exceeds with a figure is cut
    scale = 127.0 / float(np.quantile(np.abs(units(slice(0, _CHUNK))), 1.0 - 1e-4))

    def whole(directions: Float32Array) -> NDArray[np.int8]:
        return np.asarray(np.rint(np.clip(scale * directions, -127.0, 127.0)), np.int8)

    def unit(query: Float32Array) -> Float32Array:
        return np.asarray((query - centre) / np.linalg.norm(query - centre), np.float32)

    every = len(plain["embeddings"])
    started = time.perf_counter()
    small = np.concatenate([whole(units(slice(at, at + _CHUNK))) for at in range(0, every, _CHUNK)])
    built = time.perf_counter() - started

    def by_int8(query: Float32Array) -> NDArray[np.intp]:
        asked = whole(unit(query))[np.newaxis]
        return np.asarray(search(small, asked, _MOST, MetricKind.IP, exact=True).keys, np.intp).ravel()

    started = time.perf_counter()
    graph = Index(ndim=small.shape[1], metric=MetricKind.Cos, dtype="bf16")
    for at in range(0, films, _CHUNK):
        rows = np.arange(at, min(at + _CHUNK, films))
        graph.add(rows, np.asarray(plain["embeddings"][rows] - centre, np.float32), threads=2)
    grown = time.perf_counter() - started

    def by_graph(query: Float32Array) -> NDArray[np.intp]:
        return np.asarray(graph.search(unit(query), _MOST).keys, np.intp).ravel()

    stored = graph.memory_usage / 2**20
    return [
        ("all embeddings, int8 (usearch)", built, small.nbytes / 2**20, by_int8),
        (f"HNSW of {films} films, bfloat16 (usearch)", grown, stored, by_graph),
    ]


def markdown(found: dict[str, Timed], films: int) -> str:
    """A line a way: recall, times of one query, what it takes."""
    lines = [
        f"| {films} films, the {_MOST} nearest | recall | a query | of CPU time | MiB | to build |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        recall = sum(one.recall) / len(one.recall)
        times = f"{spread(one.by_clock_ms, 'ms', 1)} | {median(one.cpu_ms):.1f} ms"
        lines.append(f"| {name} | {recall:.3f} | {times} | {one.stored_mib:.0f} | {one.built_s:.0f} s |")
    return "\n".join(lines)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
