"""Where a bundle's maps point, measured for its card."""

from __future__ import annotations

from pathlib import Path

from cxr_dash.inference.bundle import read_spec
from training.export.card import write_bundle_texts
from training.films.boxes import label_for, manifest_of
from training.localisation.material import USUAL_BOXES, boxed_films, own_boxes
from training.localisation.report import localise_and_write


def localise_for_card(bundle: Path, data: Path) -> bool:
    """Measure served maps on the boxed test films, and that they depend on the weights; renew the card.

    Nothing is done for a bundle whose recipe names no boxes and whose films are not the boxed ones: its own
    training may have seen those.

    Parameters
    ----------
    bundle : Path
    data : Path

    Returns
    -------
    bool
        Whether there was anything to measure.

    Raises
    ------
    BundleError, TrainingError
    """
    spec = read_spec(bundle)
    own = own_boxes(bundle)
    usual = spec.training.recipe.get("data.manifest") == manifest_of(USUAL_BOXES)
    if not (own or usual) or not (data / (own or USUAL_BOXES)).is_file():
        return False
    findings = {boxed.finding for boxed in boxed_films(bundle, data)}
    if not any(label_for(finding, spec.label_keys) for finding in findings):
        return False
    localise_and_write(bundle, data, split="test", randomise=True, into_bundle=True)
    write_bundle_texts(read_spec(bundle), bundle)
    return True
