"""The labels that are known here, with their names for people; a recipe may define more of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from cxr_dash.domain import Label, LocalisedText
from cxr_dash.errors import TrainingError

LABELS: dict[str, Label] = {
    key: Label(key, LocalisedText(en=english, es=spanish))
    for key, english, spanish in (
        ("no_finding", "No finding", "Sin hallazgos"),
        ("atelectasis", "Atelectasis", "Atelectasia"),
        ("cardiomegaly", "Cardiomegaly", "Cardiomegalia"),
        ("effusion", "Pleural effusion", "Derrame pleural"),
        ("infiltration", "Infiltration", "Infiltrado"),
        ("mass", "Mass", "Masa"),
        ("nodule", "Nodule", "Nódulo"),
        ("pneumonia", "Pneumonia", "Neumonía"),
        ("pneumothorax", "Pneumothorax", "Neumotórax"),
        ("consolidation", "Consolidation", "Consolidación"),
        ("edema", "Edema", "Edema pulmonar"),
        ("emphysema", "Emphysema", "Enfisema"),
        ("fibrosis", "Fibrosis", "Fibrosis"),
        ("pleural_thickening", "Pleural thickening", "Engrosamiento pleural"),
        ("hernia", "Hernia", "Hernia"),
        ("finding", "Any finding", "Algún hallazgo"),
        ("normal", "Normal", "Normal"),
        ("covid", "COVID-19", "COVID-19"),
        ("tuberculosis", "Tuberculosis", "Tuberculosis"),
        ("child_pneumonia", "Pneumonia in a child", "Neumonía en un niño"),
        ("lung_opacity", "Lung opacity", "Opacidad pulmonar"),
        ("viral_pneumonia", "Viral pneumonia", "Neumonía vírica"),
        ("benign", "Benign nodule", "Nódulo benigno"),
        ("malignant", "Malignant nodule", "Nódulo maligno"),
        ("frontal_chest", "Frontal chest film", "Placa de tórax frontal"),
        ("lateral_chest", "Lateral chest film", "Placa de tórax lateral"),
        ("not_chest", "No chest film", "No es una placa de tórax"),
    )
}


KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a label's key looks like: it stands in column heads, file names and addresses."""


def label_key(name: str, own: Collection[str] | None = ()) -> str:
    """Turn a manifest's label (``"Pleural_Thickening"``, ``"No Finding"``) into its stable key.

    Parameters
    ----------
    name : str
        Case, accents, spaces and hyphens do not matter.
    own : collection of str or None
        Keys that a recipe defines beside :data:`LABELS`; None takes any that can be one.

    Raises
    ------
    TrainingError
        When no such label is known, or it cannot be a key.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    key = plain.strip().lower().replace(" ", "_").replace("-", "_")
    if key in LABELS or (own is not None and key in own):
        return key
    if own is not None:
        raise TrainingError(
            f"A label must be one of {', '.join([*LABELS, *own])}; received {name!r}.",
            remedy="Correct the label, or define it in the recipe: section [labels.KEY] with `en`, `es`.",
        )
    if not KEY.fullmatch(key):
        raise TrainingError(
            "A new label must be a letter, then letters, digits, spaces, hyphens or underscores, 40 at most; "
            f"received {name!r}.",
            remedy="Rename it, or give it a key: --label 'NAME=key' of `import`.",
        )
    return key
