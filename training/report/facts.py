"""What is known about a model besides its figures: from a run's record, or from ``bundle.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cxr_dash.inference.schema import BundleSpec
from training.fitting.runs import RunRecord

_SPLITS = {
    "train": "the films it learned from: says how well they were memorised, and nothing else",
    "val": "used for stopping, calibration and thresholds: optimistic",
    "natural_val": "at natural prevalence; used for calibration and thresholds: optimistic",
    "natural": "new patients, at natural prevalence",
    "test": "patients the model never saw, from the same collections as the training films",
    "external": "other hospitals: nothing was trained or chosen on them",
}
_ADDED = ("weights", "best_epoch", "train_films")


@dataclass(frozen=True, slots=True)
class Facts:
    """A model in words.

    Attributes
    ----------
    title, population : str
    warnings, not_for : tuple of str
    making : dict of str to str
        How it was made, a line each.
    recipe : dict of str to str
        Every entry, ``section.name`` to its value.
    sources : tuple of tuple of str
        Title, population and licence of each collection.
    audits : dict of str to str
    """

    title: str
    population: str
    warnings: tuple[str, ...]
    not_for: tuple[str, ...]
    making: dict[str, str]
    recipe: dict[str, str]
    sources: tuple[tuple[str, str, str], ...]
    audits: dict[str, str]


def facts_of_run(record: RunRecord) -> Facts:
    """What a run remembers about itself."""
    card, recipe = record.recipe.card, record.recipe
    left_out = ", ".join(f"{key} ({train} train, {val} val)" for key, (train, val) in record.left_out.items())
    making = {
        "Recipe": recipe.id,
        "Data": f"{recipe.data.manifest}, {record.train_films} train films used",
        "Labels": ", ".join(record.labels),
        "Left out, too few films": left_out,
        "Network": f"{recipe.network.name}, {recipe.network.activation}",
        "Weights to start from": record.weights or "random",
        "Film": f"{recipe.preparation.width} x {recipe.preparation.height} grey levels",
        "Kept": record.kept,
        "Macro AUROC on val": f"{record.val_macro_auroc:.4f} (chosen on val: optimistic)",
        "Trained": f"{record.date}, {record.minutes:g} minutes, seed {recipe.seed}",
        "Commit": record.commit,
        "Versions": _versions(record.versions),
    }
    return Facts(
        title=card.title.en,
        population=card.trained_on.en,
        warnings=tuple(card.warnings),
        not_for=tuple(card.not_for),
        making={name: text for name, text in making.items() if text},
        recipe=_recipe(recipe.flat()),
        sources=tuple((s.title, s.population, s.licence) for s in recipe.sources.values()),
        audits={},
    )


def facts_of_bundle(spec: BundleSpec) -> Facts:
    """What a bundle says about itself."""
    made = spec.training
    flat: dict[str, Any] = dict(made.recipe)
    making = {
        "Bundle": f"{spec.id} version {spec.version}",
        "Data": f"{flat.get('data.manifest', '?')}, {flat.get('train_films', '?')} train films used",
        "Labels": ", ".join(spec.label_keys),
        "Network": f"{flat.get('network.name', 'not recorded')}, {spec.activation}",
        "Weights to start from": str(flat.get("weights") or "random"),
        "Film": f"{spec.preparation.width} x {spec.preparation.height} grey levels",
        "Calibrated on": spec.calibration.fitted_on,
        "Trained": f"{made.date}, {made.minutes:g} minutes, seed {made.seed}",
        "Commit": made.commit,
        "Versions": _versions(made.versions),
        "Files (sha256)": ", ".join(f"{name} {digest[:16]}…" for name, digest in spec.files.items()),
    }
    return Facts(
        title=spec.title.en,
        population=spec.trained_on.en,
        warnings=tuple(spec.warnings),
        not_for=tuple(spec.not_for),
        making=making,
        recipe=_recipe({name: value for name, value in flat.items() if name not in _ADDED}),
        sources=tuple((f"{s.name}: {s.films} ({s.splits})", s.population, s.licence) for s in spec.sources),
        audits={f"{a.name} ({a.verdict})": a.headline for a in spec.audits},
    )


def split_meaning(split: str) -> str:
    """What figures on a split say."""
    return _SPLITS.get(split, "a split of its own: see its manifest")


def _recipe(flat: dict[str, Any]) -> dict[str, str]:
    return {name: _shown(value) for name, value in flat.items()}


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
