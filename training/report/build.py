"""One self-contained HTML file about a run or a bundle."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import load_bundle
from cxr_dash.inference.schema_epochs import TrainedPhase
from training.evaluation.film_scores import FilmScores
from training.evaluation.result import Evaluation
from training.evaluation.saved import own_manifest, saved_evaluation, saved_or_measured
from training.explain.manifest import manifest_of
from training.fitting.logged import logged_phases
from training.fitting.runs import RunFolder, RunRecord
from training.report import sections
from training.report.facts import Facts, facts_of_bundle, facts_of_run
from training.report.held_out import evaluation_of_bundle
from training.report.html import Section, page
from training.report.pictures import PictureOptions, picture_sections

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one split, with the films they are of where these are at hand.

    Attributes
    ----------
    evaluation : Evaluation
    scores : FilmScores or None
    manifest : Path or None
        Names the films of ``scores``.
    """

    evaluation: Evaluation
    scores: FilmScores | None = None
    manifest: Path | None = None


def make_report(
    folder: Path,
    split: str,
    *,
    manifest: Path | None = None,
    data_root: Path | None = None,
    pictures: PictureOptions | None = None,
) -> str:
    """The report of a run folder or a bundle as HTML text.

    Parameters
    ----------
    folder : Path
    split : str
    manifest : Path, optional
        Films to measure on; a run's own if not given.
    data_root : Path, optional
        Where the films of the recipe's manifest are now.
    pictures : PictureOptions, optional
        Which films to show; none without it.

    Raises
    ------
    BundleError, TrainingError
        When there is no model, or neither figures nor films to measure.
    """
    if RunFolder(folder).record.is_file():
        record = RunRecord.read(RunFolder(folder).record)
        facts, phases = facts_of_run(record), logged_phases(RunFolder(folder), record)
        measured = _measured_run(folder, split, manifest, data_root)
    else:
        spec = load_bundle(folder).spec
        facts, phases = facts_of_bundle(spec), spec.training_log.phases if spec.training_log else []
        if manifest is None and data_root is None:
            measured = Measured(evaluation_of_bundle(spec, split))
        else:
            manifest = manifest_of(folder, manifest, data_root)
            measured = Measured(*saved_or_measured(folder, manifest, split), manifest)
    shown = []
    if pictures is not None and pictures.wanted:
        if measured.scores is None or measured.manifest is None:
            raise TrainingError(
                "Films can only be shown where they are; received neither --data nor --manifest.",
                remedy="Pass the folder of the films, or make the report without films.",
            )
        shown = picture_sections(
            folder, measured.evaluation, measured.scores, measured.manifest, pictures, data_root=data_root
        )
    return _page(facts, phases, measured.evaluation, shown)


def _measured_run(folder: Path, split: str, manifest: Path | None, data_root: Path | None) -> Measured:
    manifest = manifest or own_manifest(folder, data_root)
    if not manifest.is_file():
        # figures need no films once they are kept
        kept = saved_evaluation(folder, split)
        if kept is None:
            raise TrainingError(
                f"A report needs figures, or films to measure; {folder} keeps no figures of its model as it "
                f"is now on {split!r}, and there is no manifest at {manifest}.",
                remedy="Pass the folder of the films with --data.",
            )
        return Measured(kept)
    return Measured(*saved_or_measured(folder, manifest, split, data_root), manifest)


def _page(facts: Facts, phases: list[TrainedPhase], evaluation: Evaluation, pictures: list[Section]) -> str:
    chapters = [
        sections.figures(evaluation),
        sections.curves(evaluation),
        sections.confusion(evaluation),
        sections.thresholds(evaluation),
        sections.extremes(evaluation),
        sections.subgroups(evaluation),
        *pictures,
        sections.learning(phases),
        sections.making(facts, evaluation),
        sections.recipe(facts),
    ]
    title = f"{evaluation.subject} on {evaluation.split}"
    return page(title, sections.header(facts, evaluation), chapters)
