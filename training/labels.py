"""The label keys that models may use, with their names for people."""

from __future__ import annotations

from cxr_dash.domain import Label
from cxr_dash.errors import TrainingError

LABELS: dict[str, Label] = {
    key: Label(key, name_en, name_es)
    for key, name_en, name_es in (
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


def label_key(name: str) -> str:
    """Turn a manifest's label (``"Pleural_Thickening"``, ``"No Finding"``) into its stable key.

    Raises
    ------
    TrainingError
        When no such label is known.
    """
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    if key not in LABELS:
        raise TrainingError(
            f"A label must be one of {', '.join(LABELS)}; received {name!r}.",
            remedy="Correct the label, or add it with its two names to training/labels.py.",
        )
    return key
