"""What a reader may expect of a model and it does not look for: keys for recipes, names for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cxr_dash.domain import Label, LocalisedText
from cxr_dash.errors import TrainingError
from training.labels import LABELS

NOT_LOOKED_FOR: dict[str, Label] = {
    key: Label(key, LocalisedText(en=english, es=spanish))
    for key, english, spanish in (
        ("fractures", "Fractures", "Fracturas"),
        ("bones", "Other lesions of bone", "Otras lesiones óseas"),
        ("tubes_lines", "Tubes and lines", "Tubos y catéteres"),
        ("devices", "Implanted devices", "Dispositivos implantados"),
        ("free_air", "Free air under the diaphragm", "Aire libre bajo el diafragma"),
        ("mediastinum", "Mediastinal widening or shift", "Ensanchamiento o desviación del mediastino"),
        ("aorta", "Disease of the aorta", "Enfermedad de la aorta"),
        ("adenopathy", "Enlarged hilar or mediastinal nodes", "Adenopatías hiliares o mediastínicas"),
        ("foreign_bodies", "Foreign bodies", "Cuerpos extraños"),
        ("subcutaneous_air", "Air in the soft tissues", "Enfisema subcutáneo"),
        ("interstitial", "Kinds of interstitial lung disease", "Tipos de enfermedad pulmonar intersticial"),
        ("change", "Change since an earlier film", "Cambios respecto a una placa previa"),
    )
}


def not_looked_for(
    keys: Sequence[str],
    labels: Iterable[str],
    left_out: Iterable[str] = (),
    names: Mapping[str, Label] = LABELS,
) -> list[Label]:
    """The entries of a bundle: those that its recipe names, then labels it was to learn and left out.

    Parameters
    ----------
    keys : sequence of str
        Of :data:`NOT_LOOKED_FOR`, or of a label that the model does not have.
    labels : iterable of str
        Keys of the labels that the model has: never among the answer.
    left_out : iterable of str
        Labels with too few films.
    names : mapping of str to Label
        Those of a recipe, where it has labels of its own.

    Raises
    ------
    TrainingError
        For a key that has no name.
    """
    known = {**names, **NOT_LOOKED_FOR}
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise TrainingError(
            f"`card.not_looked_for` must be of {', '.join(known)}; received {unknown[0]!r}.",
            remedy="Correct it, or add it with its two names to training/not_looked_for.py.",
        )
    has = set(labels)
    return [known[key] for key in dict.fromkeys((*keys, *left_out)) if key not in has]
