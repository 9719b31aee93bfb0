"""Films in a report: heatmaps, activation maps and patches, only where they were asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.imaging import encode_jpeg, encode_png
from training.evaluation.film_scores import FilmScores
from training.evaluation.result import Evaluation
from training.evaluation.subject import Subject, open_subject
from training.explain.films import Choice, choose_films, read_film
from training.explain.gradcam import Explained, open_explainer
from training.explain.sheets import activation_sheet, gradcam_strip
from training.explain.study import LayerPatches, open_layers
from training.report.html import Section, films, heading, paragraph, picture

_JPEG_QUALITY = 80
# Deep layers are nearest to what is answered; patches of early ones are edges in any model.
_PATCH_LAYERS = 2


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """What of the films goes into a report.

    Attributes
    ----------
    films : int
        Films of each kind (true and false positive, true and false negative) of each label.
    layers : tuple of str
        Layers for activation maps and patches; a few spread over the depth if empty.
    patches : int
        Patches of each channel.
    labels : tuple of str
        All if empty.
    """

    films: int = 0
    layers: tuple[str, ...] = ()
    patches: int = 0
    labels: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether any film is to be shown."""
        return self.films > 0 or self.patches > 0


def picture_sections(
    folder: Path,
    evaluation: Evaluation,
    scores: FilmScores,
    manifest: Path,
    options: PictureOptions,
    *,
    data_root: Path | None = None,
) -> list[Section]:
    """Heatmaps and activation maps where films are wanted, patches where these are.

    Parameters
    ----------
    folder : Path
        Run or bundle.
    evaluation : Evaluation
    scores : FilmScores
    manifest : Path
        Paths in the scores start at its folder.
    options : PictureOptions
    data_root : Path, optional
        Where a run's films are now.

    Raises
    ------
    BundleError, TrainingError
    """
    subject = open_subject(folder, data_root)
    sections = []
    if options.films:
        choices = choose_films(evaluation, scores, options.films, options.labels)
        explainer = open_explainer(subject, data_root)
        names = dict.fromkeys(choice.film for choice in choices)
        found = {
            name: explainer.explain(read_film(manifest.parent / name, subject.preparation)) for name in names
        }
        sections.append(_heatmaps(choices, found))
        sections.append(_activations(subject, choices, found, options))
    if options.patches:
        study = open_layers(folder, subject.preparation, options.layers)
        if not options.layers:
            study = study.deepest(_PATCH_LAYERS)
        layers = study.patches(scores, manifest.parent, options.patches, labels=options.labels)
        sections.append(_patches(layers, len(scores.paths)))
    return sections


def _heatmaps(choices: list[Choice], found: dict[str, Explained]) -> Section:
    body = paragraph(
        "Film, heat and overlay (viridis). Grad-CAM of the logit, positive evidence only; each map is drawn "
        "on its label's fixed scale where a bundle has one, up to its own peak elsewhere. The peak stands "
        "below it in logits per cell. Shown are the surest films of each kind: the clearest cases and the "
        "worst errors, not typical films. A map shows what moved the score, not where disease is.",
        "soft",
    )
    for label in dict.fromkeys(choice.label for choice in choices):
        strips = []
        for choice in (c for c in choices if c.label == label):
            heat = found[choice.film].heatmaps[label]
            words = f"{choice.kind}, probability {choice.probability:.3f}; peak {heat.peak:.3g}"
            words += "; no localised evidence" if heat.flat else f", {heat.strength}" if heat.strength else ""
            strip = gradcam_strip(found[choice.film].film, heat)
            shown = encode_jpeg(strip, _JPEG_QUALITY)
            strips.append(picture(shown, "jpeg", f"{label}: {choice.kind}", words))
        body += heading(label) + films(strips)
    return Section("heatmaps", "Heatmaps", body)


def _activations(
    subject: Subject, choices: list[Choice], found: dict[str, Explained], options: PictureOptions
) -> Section:
    first = next((c for c in choices if c.kind == "true positive"), choices[0] if choices else None)
    if first is None:
        return Section("activations", "Activation maps", paragraph("No film to show."))
    study = open_layers(subject.folder, subject.preparation, options.layers)
    body = paragraph(
        f"The surest {first.kind} of {first.label}: the channels of some layers that vary most over it, the "
        "most varied first, all of a layer on one scale.",
        "soft",
    )
    for maps in study.activations(found[first.film].film):
        height, width = maps.values.shape[1:]
        words = f"{maps.layer}: {len(maps.channels)} of {maps.total} channels, {height} x {width} cells"
        # lossless: JPEG would blur the cells, and the sheet has few colours
        body += picture(encode_png(activation_sheet(maps), {}), "png", words, words)
    return Section("activations", "Activation maps", body)


def _patches(layers: list[LayerPatches], count: int) -> Section:
    body = paragraph(
        f"Over {count} films: the regions that excite a channel most, at most one from a film, with the "
        "activation below each. For every label the channel is shown whose mean activation rises most with "
        "the label's logit (Pearson's r); this goes together, and need not be a cause. Of films that reach "
        "the cap of a layer (6 for ReLU6), those excited most on the whole come first.",
        "soft",
    )
    for one in layers:
        size = one.field.rows.size
        seen = "the whole film" if math.isinf(size) else f"{size:.0f} pixels across"
        region = one.patches[0].region
        words = (
            f"{one.layer}: a cell can see {seen}; shown are {region.width} x {region.height} pixels of the "
            "prepared film around it."
        )
        body += picture(encode_jpeg(one.sheet, _JPEG_QUALITY), "jpeg", words, words)
    return Section("patches", "Patches", body)
