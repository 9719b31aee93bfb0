"""What ``cxr-dash library`` prints."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cxr_dash.cli.console import table
from cxr_dash.errors import BundleNotFoundError
from cxr_dash.inference.catalog import Catalog
from cxr_dash.services.library.check import Agreement, check_library
from cxr_dash.services.library.files import LibraryModel, read_spec, size_on_disk

_MOST_LABELS = 20


def contents(folder: Path, catalog: Catalog) -> str:
    """The library's films, labels and models, and whether each model is the one it was built with.

    Raises
    ------
    LibraryError
    """
    spec = read_spec(folder)
    megabytes = size_on_disk(folder) / 2**20
    labels = Counter(label for case in spec.cases for label in case.labels)
    named = [f"{label} {count}" for label, count in labels.most_common(_MOST_LABELS)]
    named += [f"{len(labels) - _MOST_LABELS} more"] if len(labels) > _MOST_LABELS else []
    rows = [(model.id, model.version, str(len(model.cases)), _state(model, catalog)) for model in spec.models]
    return "\n".join(
        [
            f"{folder}: {len(spec.cases)} films, {megabytes:.1f} MB, built {spec.built_at}",
            f"Labels: {', '.join(named) or 'none'}",
            table([("MODEL", "VERSION", "FILMS", "STATE"), *rows]),
        ]
    )


def _state(model: LibraryModel, catalog: Catalog) -> str:
    try:
        bundle = catalog.get(model.id)
    except BundleNotFoundError:
        return "the model is not installed here"
    if bundle.serving_sha256 == model.sha256:
        return "ready"
    return f"built with another version, here is {bundle.spec.version}: build it again"


def checked(folder: Path) -> str:
    """What a check found: the files fit together, and how far neighbours agree.

    Raises
    ------
    LibraryError
    """
    lines = ["Every file is there and fits library.json."]
    for model_id, agreement in check_library(folder).items():
        lines.append("")
        lines.append(_agreement(model_id, agreement))
    return "\n".join(lines)


def _agreement(model_id: str, found: Agreement | None) -> str:
    if found is None:
        return f"{model_id}: too few labelled films to count."
    rows = [
        (label, str(films), f"{100 * shared:.0f} %", f"{100 * chance:.0f} %")
        for label, (films, shared, chance) in found.labels.items()
    ]
    return "\n".join(
        [
            f"{model_id}: of the {found.neighbours} nearest, {100 * found.shared:.0f} % share a label with "
            f"the film; of films taken at random, {100 * found.chance:.0f} %.",
            table([("LABEL", "FILMS", "OF ITS NEAREST", "OF ALL"), *rows]),
        ]
    )
