"""A recipe for a hospital's own films, as a file in which every choice is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

from cxr_dash.domain import LocalisedText, joined
from cxr_dash.errors import TrainingError
from training.films.layouts.folders import class_folders
from training.labels import LABELS, label_key
from training.recipe import recipe_names

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ENTRY = re.compile(r"(?P<folder>[^:=]+?)\s*(:\s*(?P<key>[^=]+?))?\s*(=\s*(?P<names>.+))?")
_NAMES = "FOLDER, FOLDER:key, FOLDER:key=English/Spanish or FOLDER:key=English/es:Spanish/pl:Polish"


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class of own films.

    Attributes
    ----------
    folder : str
        Where its films lie.
    key : str
        Its label key.
    name : LocalisedText
        How it is called.
    """

    folder: str
    key: str
    name: LocalisedText

    @property
    def is_new(self) -> bool:
        """Whether the recipe has to say its name."""
        return self.key not in LABELS

    @property
    def mapped(self) -> bool:
        """Whether the folder's name leads to another key."""
        try:
            return label_key(self.folder, None) != self.key
        except TrainingError:
            return True


def read_classes(text: str | None, root: Path) -> list[OwnClass]:
    """The classes of a folder, as a person writes them.

    Parameters
    ----------
    text : str or None
        ``FOLDER``, ``FOLDER:key``, ``FOLDER:key=English/Spanish`` or, with the tags of languages,
        ``FOLDER:key=English/es:Spanish/pl:Polish``, joined by commas; every class folder when None.
    root : Path
        Folder of class folders, or of ``train/ val/ test/`` of such.

    Raises
    ------
    TrainingError
        When the folder has no class folders, or an entry cannot be read, is of none of them or stands twice.
    """
    there = class_folders(root)
    if len(there) < 2:
        raise TrainingError(
            f"`--from` must hold a folder for each class, two or more; {root} has {len(there)}.",
            remedy="Pass the folder right above the class folders.",
        )
    found = [_class(entry.strip(), there) for entry in (text.split(",") if text else there)]
    keys = [one.key for one in found]
    if len(set(keys)) != len(keys) or len(keys) < 2:
        raise TrainingError(f"`--labels` must be two classes or more, each once; received {keys}.")
    return found


def _class(entry: str, there: Sequence[str]) -> OwnClass:
    read = _ENTRY.fullmatch(entry)
    by_key: dict[str, str] = {}
    for name in there:
        by_key.setdefault(name.lower(), name)
    folder = by_key.get(read["folder"].strip().lower()) if read else None
    if read is None or folder is None:
        raise TrainingError(
            f"`--labels` must be of the class folders {', '.join(there)}; received {entry!r}.",
            remedy=f"Write {_NAMES}, joined by commas.",
        )
    key = label_key(read["key"] or folder, None)
    if key not in LABELS:
        return OwnClass(folder, key, _name(read["names"] or key.replace("_", " ").capitalize(), entry))
    if read["names"]:
        raise TrainingError(
            f"`--labels` must name new labels alone; {key} is known here and has names; received {entry!r}.",
            remedy=f"Leave the names out, or write another key: {folder}:KEY=English/Spanish.",
        )
    return OwnClass(folder, key, LABELS[key].name)


def _name(text: str, entry: str) -> LocalisedText:
    """What stands behind ``=``: English first, then Spanish, or any other language behind its tag."""
    said: dict[str, str] = {}
    for part, usual in zip(text.split("/"), chain(("en", "es"), repeat("")), strict=False):
        tag, found, words = part.partition(":")
        tag, words = (tag.strip(), words) if found else (usual, part)
        if tag in said:
            raise TrainingError(f"`--labels` must name a label once in a language; received {entry!r}.")
        said[tag] = words.strip()
    try:
        return LocalisedText(said)
    except ValueError as error:
        raise TrainingError(
            f"`--labels` must name a new label in words; received {entry!r}: {error}.",
            remedy=f"Write {_NAMES}, joined by commas.",
        ) from error


def recipe_text(name: str, classes: Sequence[OwnClass], root: Path, data: Path, weights: str) -> str:
    """The recipe as TOML, with a comment for every choice.

    Parameters
    ----------
    name : str
        Id of the recipe and of the bundle, and folder of the manifest in ``data``.
    classes : sequence of OwnClass
        In the order of the answers.
    root : Path
        Folder of the films.
    data : Path
        Folder that manifests start from.
    weights : str
        What the backbone begins with.

    Raises
    ------
    TrainingError
        When the name cannot be an id, or is that of a shipped recipe.
    """
    if not _ID.fullmatch(name):
        raise TrainingError(
            f"`name` must be lower case letters, digits, - and _, 64 at most; received {name!r}."
        )
    if name in recipe_names():
        raise TrainingError(
            f"`name` must not be of a recipe that is here already; {name} is, and its texts would count.",
            remedy="Choose another; `python -m training list` names those that are taken.",
        )
    mapped = "".join(f" --label {json.dumps(f'{c.folder}={c.key}')}" for c in classes if c.mapped)
    whole = set(class_folders(root)) == {c.folder for c in classes}
    values = {
        "NAME": name,
        "ROOT": str(root),
        "DATA": str(data),
        "WEIGHTS": weights,
        "MAPPED": mapped,
        "LABELS": json.dumps([c.key for c in classes]),
        "OTHERS": "keep" if whole else "leave_out",
        "TITLE": _as_toml(joined([c.name for c in classes])),
        "NEW_LABELS": "".join(_label_section(c) for c in classes if c.is_new),
    }
    return re.sub(r"\{\{([A-Z_]+)\}\}", lambda found: values[found[1]], TEMPLATE)


def _label_section(one: OwnClass) -> str:
    names = "".join(f"{tag} = {json.dumps(text, ensure_ascii=False)}\n" for tag, text in one.name.texts)
    return f"\n[labels.{one.key}]\n{names}"


def _as_toml(text: LocalisedText) -> str:
    said = ", ".join(f"{tag} = {json.dumps(words, ensure_ascii=False)}" for tag, words in text.texts)
    return f"{{ {said} }}"


TEMPLATE = """\
# Command:  python -m training fit {{NAME}}.toml --data {{DATA}} --weights {{WEIGHTS}}
# Data:     {{ROOT}}, a folder a class; its manifest is made by
#           python -m training import folders {{ROOT}} --out {{DATA}}/{{NAME}}{{MAPPED}}
# Cost:     about two minutes for 1,000 films on 2 CPU cores.
# Expected: write down here what `evaluate` says of test, with its interval.

# The bundle has this name; so do its page and its address. Another draws other random numbers: seed.
id = "{{NAME}}"
seed = 20

# What a label is called that is not known here, in the readers' languages and words. Those that are
# known have their names in training/labels.py.
{{NEW_LABELS}}
[data]
# From the folder that --data names.
manifest = "{{NAME}}/manifest.csv"
# In the order of the answers. A film has exactly one of them (`softmax` below).
labels = {{LABELS}}
# What becomes of films of other classes: "keep" makes them an error, "leave_out" leaves them out.
other_films = "{{OTHERS}}"
# A label with fewer films than these is left out and named on the card.
min_train_films = 1
min_val_films = 1
# Faults of the films that `check` finds and you accept, and why: "films", "copies", "sources", "files".
accept = []
# A list of pictures that are no chest films, to say when one is far from all films. The app's own bundle
# `gate` looks for such pictures in any case.
# gate_manifest = "gate/manifest.csv"

[preparation]
# Pixels. What a film is shrunk to; findings of a few millimetres are gone at 224.
height = 224
width = 224
# Turns a film upright that leans by 6 to 15 degrees, by the axis of its lungs: needs the bundle `lungs`, here
# and where it is served.
straighten = false

[network]
# The network of the shipped `findings`, whose weights know chest films: worth most where films are few.
name = "mobilenet"
# Heatmaps of 14 x 14 cells instead of 7 x 7, with the same weights.
last_stride = 1
# One answer a film. "sigmoid": each label is answered by itself, for films that may have several.
activation = "softmax"
# Both hold the head small: the more, the fewer films there are.
dropout = 0.2
l2 = 2e-4

[fit]
batch_size = 32
# The film itself and three augmented copies, whose features are computed once.
copies = 4
# The head alone: 40 epochs of seconds, or fewer where val gets no better for `patience` epochs.
head_epochs = 40
head_learning_rate = 1e-3
patience = 6
# 0: the backbone stays as it is. From some 2,000 films on try 15, with fine_tune_after = "conv_pw_11_relu" in
# [network], and compare on val.
fine_tune_epochs = 0
# Every class weighs alike, and every source inside its class nearly so.
balance_classes = true
balance_sources = true
# Answers of 0.98 are asked for, not of 1: classes of films are not that sure.
label_smoothing = 0.02

[augment]
# What happens to real films and changes no class. `look --augment` shows it on your films.
rotation_degrees = 8.0
shift = 0.06
zoom = 0.12
aspect = 0.08
brightness = 20.0
contrast = 0.2
gamma = 0.25
noise = 5.0
blur_probability = 0.4
# Half of the copies lose their border, where letters and the cut of the film tell the hospital.
border_probability = 0.5
border_width = 0.15
# flip_probability = 0.5 would put the heart on the right: not for models that should know sides.

# The card, which readers see beside every answer. Change it and export again with --recipe {{NAME}}.toml.
[card]
version = "0.1.0"
# A text is in English and in the other languages of your readers, who get English where theirs is missing.
title = {{TITLE}}
# Whom the films show: hospital, years, ages, how they were chosen.
trained_on = { en = "Own films, not described yet", es = "Placas propias, sin describir" }
# A film that is known to be of another age or projection is not answered for:
# population = { age_years = [18, 95], projections = ["PA", "AP"] }
# What a reader may expect of it and it does not look for: keys of training/not_looked_for.py and labels.py.
not_looked_for = ["fractures", "tubes_lines", "free_air"]
intended_use = ["Trying out a model of own films."]
not_for = ["Any decision about a patient, before it is measured on patients of other hospitals and times."]
warnings = ["How the labels came about was not written down: by whom, from what, how sure."]

# One section for every source in the manifest: where films are from and on what terms.
# [sources."OUR HOSPITAL"]
# title = "Our hospital"
# population = "Adults, 2019-2024, consecutive"
# licence = "not passed on"
[sources]
"""
