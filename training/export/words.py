"""Sentences and tables of a bundle that are counted, not measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cxr_dash.inference.schema import Audit, Source
from training.export.serving_graph import ServingReport
from training.films.manifest import Film
from training.films.split_names import NATURAL, NATURAL_VAL
from training.fitting.runs import RunRecord
from training.recipe import Recipe

_SPLITS = {
    "val": "Used for early stopping, calibration and thresholds: its figures are optimistic",
    NATURAL_VAL: "Patients at natural prevalence, used for calibration and thresholds: its figures are "
    "optimistic",
    NATURAL: "Patients the model never saw, taken as they came: the prevalence is natural",
    "test": "Patients the model never saw, from the same collections as the training films",
    "external": "Other hospitals: no film of these collections was used for training or choosing anything",
}


_VAL_BESIDE_NATURAL = "Used for early stopping alone: its figures are optimistic"


def split_description(split: str, films: Sequence[Film], *, natural: bool = False) -> str:
    """What a split is good for, and where its films come from.

    Parameters
    ----------
    split : str
    films : sequence of Film
        Of the split.
    natural : bool
        Whether calibration and thresholds were chosen on films at natural prevalence instead of val.
    """
    text = _VAL_BESIDE_NATURAL if split == "val" and natural else _SPLITS[split]
    counts = Counter(film.source for film in films).most_common()
    return f"{text}. Sources: {', '.join(f'{name} ({count})' for name, count in counts)}."


def source_table(recipe: Recipe, train: Sequence[Film], films: Sequence[Film]) -> list[Source]:
    """The collections of the training films used and of every other split, the largest first."""
    used = [*train, *(film for film in films if film.split != "train")]
    rows = []
    for name, count in Counter(film.source for film in used).most_common():
        splits = Counter(film.split for film in used if film.source == name)
        text = recipe.sources.get(name)
        rows.append(
            Source(
                name=text.title if text else name or "unnamed source",
                films=count,
                splits=", ".join(f"{split} {number}" for split, number in splits.items()),
                population=text.population if text else "not described",
                licence=text.licence if text else "not stated",
                attribution=text.attribution if text else "",
            )
        )
    return rows


_LEFT_OUT = ("Left out for want of films", "Findings without a label of their own")


def left_out_warnings(record: RunRecord) -> list[str]:
    """A warning that names the labels with too few films, or none."""
    if not record.left_out:
        return []
    rule = record.recipe.data
    names = ", ".join(f"{key} ({train} train, {val} val)" for key, (train, val) in record.left_out.items())
    if not rule.any_label:
        return [f"{_LEFT_OUT[0]}: {names}."]
    return [
        f"{_LEFT_OUT[1]}, because the rule of at least {rule.min_train_films} positive train and "
        f"{rule.min_val_films} val films leaves them out: {names}. A film that shows only these still counts "
        f"as positive for `{rule.any_label}`."
    ]


def names_labels_left_out(warning: str) -> bool:
    """Whether a warning of a bundle is one of :func:`left_out_warnings`, and no recipe's."""
    return warning.startswith(_LEFT_OUT)


def serving_audit(report: ServingReport) -> Audit:
    """How closely the compiled graph agrees with Keras; an export that disagrees fails before this."""
    return Audit(
        key="serving",
        name="Same answers when served",
        verdict="ok",
        headline=f"LiteRT against Keras autodiff on {report.films} val films ({report.method}): largest "
        f"difference {report.logits_difference:.1e} of the range for logits, {report.cams_difference:.1e} "
        "for maps.",
        limit="an export with a difference above 1e-3 of the range fails",
    )
