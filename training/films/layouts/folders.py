"""One folder per class, with or without ``train/ val/ test/`` above (Kermany, Radiography Database)."""

from __future__ import annotations

import re
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.imaging import film_suffixes
from training.films.layouts.base import Collection, ReadOptions
from training.films.manifest import Film

_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_IGNORED = ("__MACOSX", ".")


def read_folders(root: Path, options: ReadOptions) -> Collection:
    """Read ``CLASS/*.png``, ``CLASS/images/*.png`` (beside masks), or either below ``train/ val/ test/``.

    Raises
    ------
    TrainingError
        When there is no class folder, one is empty or its name can be no label, or a file has no patient.
    """
    if not root.is_dir():
        raise TrainingError(f"{root} must be a folder of class folders; there is no such folder.")
    trees = [folder for folder in _folders(root) if folder.name.lower() in _SPLITS]
    films = []
    for tree in trees or [root]:
        classes = _folders(tree)
        if not classes:
            raise TrainingError(
                f"{tree} must hold one folder per class (or train/ val/ test/ of such); it has none.",
                remedy="Pass the folder right above the class folders.",
            )
        for folder in classes:
            films += _read_class(folder, root, _SPLITS[tree.name.lower()] if trees else "", options)
    return Collection(films)


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(_IGNORED))


def _read_class(folder: Path, root: Path, split: str, options: ReadOptions) -> list[Film]:
    label = options.key(folder.name, folder, new=True)
    inside = folder / "images" if (folder / "images").is_dir() else folder
    paths = sorted(path for path in inside.iterdir() if path.suffix.lower() in film_suffixes())
    if not paths:
        raise TrainingError(
            f"{inside} must hold films ({', '.join(sorted(film_suffixes()))}) of class {label}; it has none.",
            remedy="Remove the folder, or pass the folder right above the class folders.",
        )
    source = options.source or root.resolve().name
    return [
        Film(
            path=path,
            labels=frozenset([label]),
            split=split,
            source=source,
            group=patient or path.relative_to(root).as_posix(),
            patient=patient,
        )
        for path in paths
        for patient in [_patient(path, options.patient_pattern)]
    ]


def _patient(path: Path, pattern: str) -> str:
    if not pattern:
        return ""
    try:
        found = re.search(pattern, path.name)
        if found:
            return found.group(1)
    except (re.error, IndexError) as error:
        raise TrainingError(
            f"`patient pattern` must be a regular expression with one group; received {pattern!r} ({error})."
        ) from error
    raise TrainingError(
        f"{path} must have a file name in which {pattern!r} finds the patient; it does not.",
        remedy="Correct --patient-pattern, for example '^(person\\d+_[a-z]+|.*IM-\\d+)' for Kermany.",
    )
