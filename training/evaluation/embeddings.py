"""What a bundle's compiled graph makes of films, kept from run to run: a head on it trains in seconds."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.inference.bundle import Bundle
from training.evaluation.subject import runtime_of
from training.films.lungs import installed_boxes, looks_at_lungs
from training.films.prepared import prepare_film
from training.writing import whole_file

logger = logging.getLogger(__name__)

_SAVED_EVERY = 500


def film_embeddings(bundle: Bundle, paths: Sequence[Path], cache: Path) -> Float32Array:
    """Embeddings of films, as the app makes them.

    Parameters
    ----------
    bundle : Bundle
    paths : sequence of Path
    cache : Path
        Folder for the table of what this graph made of films already, and for what was found of their lungs.

    Returns
    -------
    ndarray of float32, shape (n, D)

    Raises
    ------
    TrainingError
        Naming the film that cannot be read.
    """
    spec, runtime = bundle.spec.preparation, runtime_of(bundle)
    lungs = installed_boxes() if looks_at_lungs(spec) else None
    made_by = [bundle.serving_sha256, asdict(spec), lungs.sha256 if lungs else ""]
    name = hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:16]
    table = cache / f"embeddings-{name}.npz"
    known = _read(table)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    missing = {digest: path for digest, path in zip(digests, paths, strict=True) if digest not in known}
    if missing:
        logger.info("embeddings of %d films by %s, %d are known", len(missing), bundle.id, len(known))
        if lungs is not None:
            lungs.read(cache)
    for count, (digest, path) in enumerate(missing.items(), start=1):
        known[digest] = runtime.run(prepare_film(path, spec)).embedding
        if count % _SAVED_EVERY == 0 or count == len(missing):
            known = _read(table) | known  # another run may have added films
            _write(table, known)
            logger.info("%d of %d", count, len(missing))
    return np.stack([known[digest] for digest in digests])


def _read(table: Path) -> dict[str, Float32Array]:
    if not table.is_file():
        return {}
    with np.load(table, allow_pickle=False) as kept:
        return dict(zip(kept["films"].tolist(), kept["embeddings"], strict=True))


def _write(table: Path, known: dict[str, Float32Array]) -> None:
    with whole_file(table) as partial:
        np.savez(partial, films=np.array(list(known)), embeddings=np.stack(list(known.values())))
