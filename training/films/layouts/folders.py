"""One folder per class, with or without ``train/ val/ test/`` above (Kermany, Radiography Database)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.imaging import film_suffixes
from training.films.layouts.base import Collection, ReadOptions
from training.films.layouts.facts import Facts, check_names, facts_of, read_facts
from training.films.manifest import Film, number_in

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
    facts = read_facts(options.facts) if options.facts else {}
    films = []
    for tree in trees or [root]:
        classes = _folders(tree)
        if not classes:
            raise TrainingError(
                f"{tree} must hold one folder per class (or train/ val/ test/ of such); it has none.",
                remedy="Pass the folder right above the class folders.",
            )
        for folder in classes:
            films += _read_class(folder, root, _SPLITS[tree.name.lower()] if trees else "", options, facts)
    check_names(facts, [film.path for film in films], root)
    return Collection(films)


def class_folders(root: Path) -> list[str]:
    """Names of the class folders of a collection, each once."""
    trees = [folder for folder in _folders(root) if folder.name.lower() in _SPLITS] if root.is_dir() else []
    inside = [folder for tree in trees or [root] if tree.is_dir() for folder in _folders(tree)]
    return sorted({folder.name for folder in inside})


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(_IGNORED))


def _read_class(folder: Path, root: Path, split: str, options: ReadOptions, facts: Facts) -> list[Film]:
    label = options.key(folder.name, folder, new=True)
    inside = folder / "images" if (folder / "images").is_dir() else folder
    paths = sorted(path for path in inside.iterdir() if path.suffix.lower() in film_suffixes())
    if not paths:
        raise TrainingError(
            f"{inside} must hold films ({', '.join(sorted(film_suffixes()))}) of class {label}; it has none.",
            remedy="Remove the folder, or pass the folder right above the class folders.",
        )
    return [
        _film(path, root, options, facts_of(facts, path, root), label=label, split=split) for path in paths
    ]


def _film(
    path: Path, root: Path, options: ReadOptions, known: Mapping[str, str], *, label: str, split: str
) -> Film:
    inside = path.relative_to(root).as_posix()
    patient = known.get("patient_id") or _found(path.name, options.patient_pattern, "patient")
    source = known.get("source") or _found(inside, options.source_pattern, "source") or options.source
    source = source or root.resolve().name
    return Film(
        path=path,
        labels=frozenset([label]),
        split=split,
        source=source,
        # a source may be a device or a ward, and one patient is filmed on several of them
        group="-".join(filter(None, (known.get("hospital"), patient))) if patient else inside,
        patient=patient,
        age=number_in(known.get("age")),
        sex=known.get("sex", ""),
        view=known.get("view", ""),
        population=known.get("population", ""),
        taken=known.get("study_date", ""),
    )


def _found(text: str, pattern: str, what: str) -> str:
    if not pattern:
        return ""
    try:
        found = re.search(pattern, text)
        if found:
            return found.group(1)
    except (re.error, IndexError) as error:
        raise TrainingError(
            f"`{what} pattern` must be a regular expression with one group; received {pattern!r} ({error})."
        ) from error
    raise TrainingError(
        f"{text} must have a name in which {pattern!r} finds the {what}; it does not.",
        remedy=f"Correct --{what}-pattern, for example '^(person\\d+_[a-z]+|.*IM-\\d+)' for Kermany.",
    )
