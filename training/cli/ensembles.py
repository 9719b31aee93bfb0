"""Several finished models as one: ensemble vote, ensemble stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cxr_dash.errors import CxrError, TrainingError
from training.cli.common import fail

if TYPE_CHECKING:
    from training.fitting.runs import RunRecord

app = typer.Typer()
ensemble = typer.Typer(no_args_is_help=True, help="Make one model of several finished ones.")
app.add_typer(ensemble, name="ensemble")

MembersArgument = Annotated[
    list[str],
    typer.Argument(help="Run folders, bundles, or recipes with a run beside OUT.", metavar="MEMBER..."),
]
OutOption = Annotated[Path, typer.Option("--out", help="Run folder of the ensemble; its name is its id.")]
RunsOption = Annotated[Path, typer.Option(help="Where members are looked up by name and features are kept.")]
FilmsOption = Annotated[
    Path, typer.Option("--data", help="Folder that the members' manifest paths start from.")
]


@ensemble.command("vote")
def vote_command(
    members: MembersArgument,
    out: OutOption,
    data: FilmsOption,
    weights: Annotated[
        str, typer.Option(help="`equal`, `val` (chosen on val), or a number for each member: 2,1.")
    ] = "equal",
) -> None:
    """Mean of the members' calibrated probabilities; nothing is trained."""
    try:
        _make("vote", members, out, data, entries={"weights": _weights(weights)})
    except CxrError as error:
        raise fail(error) from error


@ensemble.command("stack")
def stack_command(
    members: MembersArgument,
    out: OutOption,
    data: FilmsOption,
    copies: Annotated[
        int | None,
        typer.Option(min=1, help="Copies of each train film, augmented from the second on; as member one."),
    ] = None,
    start: Annotated[
        str, typer.Option(help="`members`: correct the mean of their logits; or `zero`.")
    ] = "members",
) -> None:
    """One trained dense head on the features of all members, whose backbones stay as they are."""
    try:
        _make("stack", members, out, data, entries={"start": start}, copies=copies)
    except CxrError as error:
        raise fail(error) from error


@ensemble.command("causes")
def causes_command(members: MembersArgument, data: FilmsOption, runs: RunsOption = Path("runs")) -> None:
    """Show why a naive stack of these members underfits: put one thing right at a time, measure on val."""
    from training.ensembles.causes import remove_causes
    from training.ensembles.describe import recipe_of_members
    from training.recipe import EnsembleRecipe

    try:
        section = EnsembleRecipe(kind="stack", members=members)
        typer.echo("AUROC train    val   accuracy train    val")
        for step in remove_causes(recipe_of_members("causes", section, runs), data, runs):
            typer.echo(
                f"{step.train:11.4f} {step.val:6.4f} {step.train_accuracy:16.4f} {step.val_accuracy:6.4f}  "
                f"{step.change}"
            )
    except CxrError as error:
        raise fail(error) from error


def _weights(text: str) -> str | list[float]:
    if text in ("equal", "val"):
        return text
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise TrainingError(f"`--weights` must be equal, val or numbers; received {text!r}.") from error


def _make(
    kind: Literal["vote", "stack"],
    members: list[str],
    out: Path,
    data: Path,
    *,
    entries: dict[str, Any],
    copies: int | None = None,
) -> None:
    from pydantic import ValidationError

    from training.ensembles.describe import recipe_of_members
    from training.ensembles.fit import fit_ensemble
    from training.recipe import EnsembleRecipe

    try:
        section = EnsembleRecipe.model_validate({"kind": kind, "members": members, **entries})
    except ValidationError as error:
        raise TrainingError(f"{error.errors()[0]['msg']}.") from error
    recipe = recipe_of_members(out.name, section, out.parent)
    if copies is not None:
        recipe = recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"copies": copies})})
    _echo(fit_ensemble(recipe, data, out))


def _echo(record: RunRecord) -> None:
    section, network = record.recipe.ensemble, record.recipe.network
    if section is not None and section.kind == "vote":
        for member, weight in zip(section.members, section.weights, strict=True):
            typer.echo(f"{weight:.2f}  {member}")
    else:
        typer.echo(f"l2 {network.l2}, dropout {network.dropout}, rate {record.recipe.fit.head_learning_rate}")
    typer.echo(f"val macro AUROC {record.val_macro_auroc:.4f}")
