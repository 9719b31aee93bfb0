"""Explanations as files: PNG pictures, and the patches as CSV beside theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.imaging import encode_png
from training.evaluation.film_scores import FilmScores
from training.evaluation.subject import Subject
from training.explain.films import read_film
from training.explain.gradcam import open_explainer
from training.explain.patches import patches_csv
from training.explain.sheets import ByteArray, activation_sheet, gradcam_strip
from training.explain.study import LayerStudy


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Where pictures are written; each carries in its text which model and what it shows."""

    path: Path
    model: str
    model_sha256: str

    def write(self, name: str, pixels: ByteArray, **about: str) -> Path:
        """Write one PNG file."""
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / f"{name.replace('/', '_')}.png"
        text = {"model": self.model, "model sha256": self.model_sha256, **about}
        target.write_bytes(encode_png(pixels, text))
        return target


def explain_films(
    subject: Subject,
    study: LayerStudy,
    films: Sequence[Path],
    out: PictureFolder,
    *,
    labels: Sequence[str] = (),
    channels: int,
    data_root: Path | None = None,
) -> list[Path]:
    """Grad-CAM of every label and activation maps of every chosen layer, for some films.

    Files are named ``<film stem>.gradcam.<label>.png`` and ``<film stem>.maps.<layer>.png``.

    Raises
    ------
    TrainingError
        For a film that cannot be read, an unknown label, or two films of one name.
    """
    stems = [path.stem for path in films]
    double = next((stem for stem in stems if stems.count(stem) > 1), None)
    if double is not None:
        raise TrainingError(f"`films` must have different names; received {double!r} twice.")
    unknown = [key for key in labels if key not in subject.labels]
    if unknown:
        raise TrainingError(f"`label` must be one of {', '.join(subject.labels)}; received {unknown[0]!r}.")
    explainer = open_explainer(subject, data_root)
    written = []
    for path in films:
        found = explainer.explain(read_film(path, subject.preparation))
        digest = found.film.radiograph.sha256
        for key in labels or subject.labels:
            heat = found.heatmaps[key]
            written.append(
                out.write(
                    f"{path.stem}.gradcam.{key}",
                    gradcam_strip(found.film, heat),
                    **{"film sha256": digest, "label": key},
                    probability=f"{found.probabilities[key]:.6f}",
                    peak=f"{heat.peak:.6g} logits per cell{', no localised evidence' if heat.flat else ''}",
                )
            )
        for maps in study.activations(found.film, channels):
            sheet = activation_sheet(maps)
            about = {"film sha256": digest, "layer": maps.layer}
            written.append(out.write(f"{path.stem}.maps.{maps.layer}", sheet, **about))
    return written


def explain_channels(
    study: LayerStudy,
    scores: FilmScores,
    folder: Path,
    out: PictureFolder,
    *,
    count: int,
    channels: Sequence[int] = (),
    labels: Sequence[str] = (),
) -> list[Path]:
    """The patches that excite channels most: ``patches.<layer>.png``, and all of them in ``patches.csv``.

    Parameters are those of :meth:`LayerStudy.patches`.
    """
    found = study.patches(scores, folder, count, channels=channels, labels=labels)
    written = [out.write(f"patches.{one.layer}", one.sheet, layer=one.layer) for one in found]
    table = out.path / "patches.csv"
    table.write_text(patches_csv(patch for one in found for patch in one.patches), encoding="utf-8")
    return [*written, table]
