"""A model bundle on disk: read, checked, and refused with a reason when anything does not match."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from cxr_dash.domain import N_
from cxr_dash.errors import BundleMismatchError, BundleNotFoundError, LabelNotFoundError
from cxr_dash.inference.digests import bundle_digest
from cxr_dash.inference.schema import READ_VERSIONS, BundleSpec
from cxr_dash.inference.schema_segmenter import SEGMENTER, SegmenterSpec

MODEL_FILE = "model.keras"
SERVING_FILE = "serving.tflite"
SPEC_FILE = "bundle.json"
CARD_FILE = "CARD.md"


class _Files:
    """Where the files of a bundle lie."""

    path: Path
    spec: BundleSpec | SegmenterSpec

    @property
    def id(self) -> str:
        """The bundle's id, equal to its folder's name."""
        return self.spec.id

    @property
    def kind(self) -> str:
        """``classifier``, ``gate`` or ``segmenter``."""
        return self.spec.kind

    @property
    def model_path(self) -> Path:
        """The saved Keras model."""
        return self.path / MODEL_FILE

    @property
    def serving_path(self) -> Path | None:
        """The compiled graph, or ``None`` when the bundle runs through Keras."""
        return self.path / SERVING_FILE if SERVING_FILE in self.spec.files else None

    @property
    def serving_sha256(self) -> str:
        """Digest of the file that answers: the compiled graph where there is one."""
        return self.spec.files.get(SERVING_FILE) or self.spec.files[MODEL_FILE]

    @cached_property
    def card(self) -> str:
        """The Model Facts page, Markdown; empty when the bundle has none."""
        path = self.path / CARD_FILE
        return path.read_text(encoding="utf-8") if path.is_file() else ""


@dataclass(frozen=True)
class SegmenterBundle(_Files):
    """The bundle of a segmenter, its files checked against their hashes.

    Attributes
    ----------
    path : Path
        Its folder.
    spec : SegmenterSpec
        The whole of ``bundle.json``.
    digest : str
        Of all of it (``inference.digests``); empty for one that was not read from a folder.
    """

    path: Path
    spec: SegmenterSpec
    digest: str = ""


@dataclass(frozen=True)
class Bundle(_Files):
    """The bundle of a classifier, or of the input gate, its files checked against their hashes.

    Attributes
    ----------
    path : Path
        Its folder.
    spec : BundleSpec
        The whole of ``bundle.json``.
    digest : str
        Of all of it (``inference.digests``); empty for one that was not read from a folder.
    """

    path: Path
    spec: BundleSpec
    digest: str = ""

    def label_index(self, key: str) -> int:
        """Position of a label among the logits.

        Raises
        ------
        LabelNotFoundError
            When the model has no such label.
        """
        keys = self.spec.label_keys
        if key not in keys:
            raise LabelNotFoundError(
                N_("`label` must be one of {known} for model {model}; received {label!r}."),
                remedy=N_("Choose a label of this model, or another model."),
                known=", ".join(keys),
                model=self.id,
                label=key,
            )
        return keys.index(key)


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_spec(path: Path) -> BundleSpec:
    """Read ``bundle.json`` of a classifier or gate; see :func:`read_any_spec`.

    Raises
    ------
    BundleNotFoundError, BundleMismatchError
        Also when it is of a segmenter.
    """
    return _classifier(read_any_spec(path))


def _classifier(spec: BundleSpec | SegmenterSpec) -> BundleSpec:
    if isinstance(spec, SegmenterSpec):
        raise BundleMismatchError(
            f"The bundle must be of a classifier here; {spec.id} is a {spec.kind}, a tool of the app.",
            remedy="`cxr-dash models` lists every bundle with its kind.",
        )
    return spec


def read_any_spec(path: Path) -> BundleSpec | SegmenterSpec:
    """Read and validate ``bundle.json`` in folder ``path``, without looking at the other files.

    Raises
    ------
    BundleNotFoundError
        When there is no ``bundle.json``.
    BundleMismatchError
        When it is not JSON, of another schema version, or does not fit the schema.
    """
    return _read_spec_bytes(path)[0]


def _read_spec_bytes(path: Path) -> tuple[BundleSpec | SegmenterSpec, bytes]:
    """The same, and the bytes that were read: whose digest is taken must be what is used."""
    spec_path = path / SPEC_FILE
    if not spec_path.is_file():
        raise BundleNotFoundError(
            f"A bundle must be a folder with a {SPEC_FILE}; {path.name!r} has none.",
            remedy="Export the model with `python -m training export`, or remove the folder.",
        )
    try:
        spec_bytes = spec_path.read_bytes()
        raw = json.loads(spec_bytes.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BundleMismatchError(
            f"{path.name}/{SPEC_FILE} must be JSON in UTF-8; received: {error}.",
            remedy="Export the bundle again.",
        ) from error
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version not in READ_VERSIONS:
        raise BundleMismatchError(
            f"`schema_version` of {path.name} must be one of {', '.join(map(str, READ_VERSIONS))}; "
            f"received {version!r}.",
            remedy="Export it again with this version of cxr-dash, or install the version that made it.",
        )
    spec: BundleSpec | SegmenterSpec
    try:
        if raw.get("kind") == SEGMENTER:
            spec = SegmenterSpec.model_validate(raw)
        else:
            spec = BundleSpec.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleMismatchError(
            f"{path.name}/{SPEC_FILE} does not fit schema {version}: {where}: {first['msg']} "
            f"({error.error_count()} problem(s) in all).",
            remedy="Export the bundle again; do not edit it by hand.",
        ) from error
    if spec.id != path.name:
        raise BundleMismatchError(
            f"`id` in {SPEC_FILE} must equal the folder's name {path.name!r}; received {spec.id!r}.",
            remedy="Rename the folder to the id, or export the bundle again.",
        )
    return spec, spec_bytes


def load_bundle(path: Path) -> Bundle:
    """Read the bundle of a classifier or gate; see :func:`load_any`.

    Raises
    ------
    BundleNotFoundError, BundleMismatchError
        Also when it is of a segmenter.
    """
    bundle = load_any(path)
    return Bundle(path=path, spec=_classifier(bundle.spec), digest=bundle.digest)


def load_segmenter(path: Path) -> SegmenterBundle:
    """Read the bundle of a segmenter; see :func:`load_any`.

    Raises
    ------
    BundleNotFoundError, BundleMismatchError
        Also when it is of another kind.
    """
    bundle = load_any(path)
    if not isinstance(bundle, SegmenterBundle):
        raise BundleMismatchError(
            f"The bundle must be of a segmenter here; {bundle.id} is a {bundle.kind}.",
            remedy="`cxr-dash models` lists every bundle with its kind.",
        )
    return bundle


def load_any(path: Path) -> Bundle | SegmenterBundle:
    """Read a bundle of any kind and verify the hash of every file it names.

    Parameters
    ----------
    path : Path
        The bundle's folder.

    Returns
    -------
    Bundle or SegmenterBundle

    Raises
    ------
    BundleNotFoundError, BundleMismatchError
        With the file that does not match and what to do.
    """
    spec, spec_bytes = _read_spec_bytes(path)
    if MODEL_FILE not in spec.files and SERVING_FILE not in spec.files:
        raise BundleMismatchError(
            f"`files` of {path.name} must name {MODEL_FILE} or {SERVING_FILE}; "
            f"received {sorted(spec.files)}.",
            remedy="Export the bundle again.",
        )
    for name, expected in spec.files.items():
        if Path(name).name != name:
            raise BundleMismatchError(
                f"`files` of {path.name} must name files in the bundle's own folder; received {name!r}.",
                remedy="Export the bundle again.",
            )
        file_path = path / name
        if not file_path.is_file():
            raise BundleMismatchError(
                f"{path.name} must contain {name}; the file is missing.",
                remedy="Copy the whole bundle folder.",
            )
        received = file_sha256(file_path)
        if received != expected:
            raise BundleMismatchError(
                f"{path.name}/{name} must have sha256 {expected[:12]}…; received {received[:12]}….",
                remedy="The file was changed or only partly copied: copy or export the bundle again.",
            )
    digest = bundle_digest(spec_bytes)
    if isinstance(spec, SegmenterSpec):
        return SegmenterBundle(path=path, spec=spec, digest=digest)
    return Bundle(path=path, spec=spec, digest=digest)
