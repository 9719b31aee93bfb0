"""``CARD.md``: a Model Facts page (Sendak et al. 2020) made from ``bundle.json`` and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cxr_dash.errors import TrainingError
from cxr_dash.inference.bundle import CARD_FILE, SPEC_FILE, Bundle
from cxr_dash.inference.schema import BundleSpec
from training.export import card_age, card_audits, card_figures, card_films, card_reviewer
from training.export.card_text import bullets, section, table
from training.export.words import names_labels_left_out
from training.not_looked_for import not_looked_for
from training.recipe import load_recipe
from training.writing import write_json

_FIRST_WRITTEN_WHOLE = 3


def write_bundle_texts(spec: BundleSpec, folder: Path) -> None:
    """Write ``bundle.json`` and the card that is made from it."""
    write_spec(spec, folder)
    (folder / CARD_FILE).write_text(render_card(spec), encoding="utf-8")


def write_spec(spec: BundleSpec, folder: Path) -> None:
    """Write ``bundle.json``; one of an earlier version gets no entry that its version does not know."""
    table = spec.model_dump(mode="json", exclude_unset=spec.schema_version < _FIRST_WRITTEN_WHOLE)
    write_json(table, folder / SPEC_FILE)


_TEXTS = ("title", "trained_on", "intended_use", "not_for")


def with_recipe_card(bundle: Bundle, recipe: str, *, write: bool) -> BundleSpec:
    """The bundle's entries with the texts of a recipe's card; kept in ``bundle.json`` with ``write``.

    No figure of the bundle changes: whom a model was made for, and what it does not look for, is known before
    anything is measured, and warnings that name figures are written after it.

    Raises
    ------
    TrainingError
        For a recipe that is not there, or does not say.
    """
    card, spec = load_recipe(recipe).card, bundle.spec
    if card.population is None and not card.not_looked_for:
        raise TrainingError(
            f"`card.population` or `card.not_looked_for` must be in the recipe; received none in {recipe}."
        )
    known = {one.key: one for one in spec.not_looked_for}
    named = not_looked_for(card.not_looked_for, spec.label_keys)
    spec = spec.model_copy(
        update={
            **{name: getattr(card, name) for name in _TEXTS},
            "warnings": [*card.warnings, *filter(names_labels_left_out, spec.warnings)],
            "population": card.population or spec.population,
            # labels that were left out at export are no recipe's
            "not_looked_for": list({**{one.key: one for one in named}, **known}.values()),
        }
    )
    if write:
        write_spec(spec, bundle.path)
    return spec


def render_card(spec: BundleSpec) -> str:
    """The card of a bundle, Markdown.

    Parameters
    ----------
    spec : BundleSpec

    Returns
    -------
    str
    """
    role = (
        "The app's own input gate: it decides what is read, not what is ill."
        if spec.kind == "gate"
        else "Decision support for people who can read the film themselves."
    )
    sections = [
        f"# Model facts: {spec.title.en}\n\n`{spec.id}` version {spec.version}. {role} Not a medical device, "
        "not a diagnosis.",
        card_reviewer.unsought(spec),
        card_audits.verdict_line(spec),
        section("What it is for", bullets(spec.intended_use)),
        section("What it is not for", bullets(spec.not_for)),
        section("Read this before any figure", bullets(spec.warnings)),
        card_figures.summary(spec),
        card_audits.audits(spec),
        card_audits.failures(spec),
        *(card_figures.split_section(spec, metrics) for metrics in card_figures.ordered(spec)),
        card_figures.calibration(spec),
        card_films.films(spec),
        card_figures.points(spec),
        card_reviewer.net_benefit(spec),
        card_reviewer.score_distribution(spec),
        card_reviewer.learning_curve(spec),
        card_audits.localisation(spec),
        card_audits.strength(spec),
        card_age.age_group(spec),
        section("Films it should not be asked about", _gate(spec)),
        section("On whom it was trained and measured", _sources(spec)),
        section("How it was made", _making(spec)),
    ]
    return "\n\n".join(text for text in sections if text) + "\n"


def _gate(spec: BundleSpec) -> str:
    tone = f"\n\n{_tone(spec)}" if spec.tone is not None else ""
    gate = spec.out_of_distribution
    if gate is None:
        return f"This bundle has no check for strange films.{tone}"
    return (
        f"A film whose embedding lies farther than {gate.warn_above:g} from the training films is shown with "
        f"a warning, beyond {gate.reject_above:g} it is refused. Fitted on "
        f"{gate.fitted_on}.\n\n{gate.measured}{tone}"
    )


def _tone(spec: BundleSpec) -> str:
    tone = spec.tone
    if tone is None:
        return ""
    return (
        "A film in a tone unlike that of the training films (equalised, sharpened, a strong tone curve) is "
        f"shown with a warning. Fitted on {tone.fitted_on}. {tone.measured}"
    )


def _sources(spec: BundleSpec) -> str:
    rows = [
        [s.name, f"{s.films} ({s.splits})", s.population, s.licence, s.attribution or "–"]
        for s in spec.sources
    ]
    listed = table(["Collection", "Films", "Who", "Licence", "Attribution"], rows)
    whose = "None of these films is part of this project; the weights were computed from them."
    return f"{_made_for(spec)}{listed}\n\n{whose}"


def _made_for(spec: BundleSpec) -> str:
    population = spec.population
    if population is None:
        return ""
    youngest, oldest = population.age_years
    unknown = (
        ", and where the age is not known the app says so beside the answer"
        if population.children_only
        else ""
    )
    return (
        f"Made for patients of {youngest} to {oldest} years, {' and '.join(population.projections)} views. "
        f"A film that is known to be of another age is not answered for{unknown}.\n\n"
    )


def _making(spec: BundleSpec) -> str:
    made = spec.training
    prep = spec.preparation
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    lines = [
        f"Network {made.recipe.get('network.name')}, {spec.activation}, film as {prep.width} x "
        f"{prep.height} grey "
        f"levels: window at the {prep.window_low_percentile:g}th and {prep.window_high_percentile:g}th "
        f"percentile, {_region(spec)}, never stretched.",
        f"Recipe: {_recipe(made.recipe)}.",
        f"Trained {made.date} in {made.minutes:g} minutes, seed {made.seed}, commit `{made.commit}`; "
        f"{versions}.",
        f"Heatmaps: Grad-CAM of the logit at layer `{spec.cam_layer}`, {spec.cam_grid[0]} x "
        f"{spec.cam_grid[1]} "
        "cells: coarse. They show what moved the score, not where disease is.",
        *(f"sha256 of `{name}`: `{digest}`" for name, digest in spec.files.items()),
    ]
    return bullets(lines)


def _region(spec: BundleSpec) -> str:
    prep = spec.preparation
    if prep.region == "lungs":
        kept = f"cut to the lungs with a margin of {prep.region_margin:.0%} (the film where none are found)"
    else:
        kept = "black borders cut off" if prep.crop_borders else "the whole film"
    return f"{kept}, turned upright where it leans" if prep.straighten else kept


_TOLD = (
    "network.name",
    "fit.loss",
    "fit.head_epochs",
    "fit.fine_tune_epochs",
    "fit.fine_tune_optimizer",
    "fit.label_smoothing",
    "weights",
    "best_epoch",
    "train_films",
    "val_macro_auroc",
)


def _recipe(recipe: Mapping[str, object]) -> str:
    """The entries that say most; all of them are in bundle.json."""
    tuned = recipe.get("fit.fine_tune_epochs") != 0
    # bundles of earlier versions have 0 where the head alone was trained or kept: no epoch is meant
    left = {"best_epoch": recipe.get("best_epoch") != 0, "fit.fine_tune_optimizer": tuned}
    told = [key for key in _TOLD if recipe.get(key) is not None and left.get(key, True)]
    return ", ".join(f"{key.split('.')[-1]} {recipe[key]}" for key in told)
