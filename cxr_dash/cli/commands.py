"""The commands: parse, call one function, print."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.cli.audit import audit_app
from cxr_dash.cli.console import (
    FAILED,
    NOT_ALL_WELL,
    errors_in_words,
    read_settings,
    say,
    say_json,
    say_version,
    warn,
)
from cxr_dash.cli.library.commands import library_app
from cxr_dash.cli.scoring.choices import Again, Engine, FailOn
from cxr_dash.cli.users import users_app
from cxr_dash.errors import RequestError

app = typer.Typer(
    name="cxr-dash",
    help="Decision support for chest films: serve the page, or analyse films from the command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(library_app)
app.add_typer(users_app)
app.add_typer(audit_app)


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=say_version, is_eager=True)
    ] = False,
) -> None:
    """Decision support for chest films: serve the page, or analyse films from the command line."""


Model = Annotated[
    str | None,
    typer.Option("--model", help="Bundle id, see `cxr-dash models`.", show_default="CXR_DEFAULT_MODEL"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Prevalence = Annotated[
    list[str] | None,
    typer.Option(
        "--prevalence",
        help="How common it is where the films come from: LABEL=SHARE, or one share for all. Repeatable.",
        metavar="[LABEL=]SHARE",
        show_default="as the model was calibrated",
    ),
]
NoGate = Annotated[bool, typer.Option("--no-gate", help="Also score what does not look like a frontal film.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="CXR_HOST")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="CXR_PORT")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes.", show_default="CXR_WORKERS")] = None,
) -> None:
    """Serve the page with gunicorn."""
    from cxr_dash.cli.serve import serve as become_gunicorn

    given = {"CXR_HOST": host, "CXR_PORT": port, "CXR_WORKERS": workers}
    with errors_in_words():
        become_gunicorn({name: str(value) for name, value in given.items() if value is not None})


class ModelsAction(StrEnum):
    """What ``cxr-dash models`` does with the bundles."""

    LIST = "list"
    VERIFY = "verify"
    LOCK = "lock"
    ADD = "add"


@app.command()
def models(
    action: Annotated[
        ModelsAction,
        typer.Argument(
            help="`verify`: read every file and compare; `lock`: fix the digests as they are; `add`: copy a "
            "bundle in."
        ),
    ] = ModelsAction.LIST,
    folder: Annotated[Path | None, typer.Argument(help="Of the bundle, for `add`.", metavar="[DIR]")] = None,
    *,
    json: AsJson = False,
) -> None:
    """List the bundles in the models folder, verify or add them, or fix their digests in its file DIGESTS."""
    with errors_in_words():
        if (action is ModelsAction.ADD) != (folder is not None):
            raise RequestError(
                "`models add` must be given the folder of one bundle, and other actions none.",
                remedy="cxr-dash models add DIR",
            )
        if folder is not None and not json:
            from cxr_dash.cli.models import add

            say(add(folder, read_settings().models_dir))
            return
        if action is not ModelsAction.LIST:
            from cxr_dash.cli.models import lock, verify

            if json:
                raise RequestError(
                    f"`--json` must be left out with `models {action}`, which prints a table.",
                    remedy="`cxr-dash models --json` names the digest of every bundle.",
                )
            report, is_well = (verify if action is ModelsAction.VERIFY else lock)(read_settings().models_dir)
            say(report)
            if not is_well:
                raise typer.Exit(FAILED)
            return
        from cxr_dash.cli.answers import bundle_data, bundles_table
        from cxr_dash.inference.catalog import Catalog

        settings = read_settings()
        catalog = Catalog(settings.models_dir)
        bundles = catalog.bundles()
        for name, message in catalog.broken().items():
            warn(f"{name} cannot be used: {message}")
        if json:
            say_json([bundle_data(bundle) for bundle in bundles])
        elif bundles:
            say(bundles_table(bundles))
        else:
            warn(f"No bundle in {settings.models_dir}. Set CXR_MODELS_DIR to a folder of bundles.")
            raise typer.Exit(FAILED)


@app.command()
def analyse(
    file: Annotated[str, typer.Argument(help="A film, or a folder, ZIP or DICOMDIR of one.", metavar="FILE")],
    *,
    model: Model = None,
    json: AsJson = False,
    no_gate: NoGate = False,
    prevalence: Prevalence = None,
) -> None:
    """Analyse one film; a rejected film has a reason and no probabilities."""
    with errors_in_words():
        from cxr_dash.cli.answers import analysis_data, analysis_table
        from cxr_dash.cli.prevalence import read_prevalences
        from cxr_dash.cli.sources import only_source
        from cxr_dash.services import build_service
        from cxr_dash.services.prevalence import at_prevalence

        settings = read_settings()
        service = build_service(settings)
        bundle = service.catalog.get(model or settings.default_model)
        wanted = read_prevalences(prevalence or [], bundle.spec)
        source = only_source(file)
        data = source.read(settings.max_upload_bytes)
        analysis = service.analyse_bytes(data, bundle.id, gate=not no_gate, trust=True)
        answer = analysis_data(source.path, at_prevalence(analysis, bundle.spec, wanted), bundle)
        if json:
            say_json(answer)
        else:
            say(analysis_table(answer))


@app.command()
def score(
    paths: Annotated[
        list[str], typer.Argument(help="Films; folders, ZIPs and DICOMDIRs of films.", metavar="PATH...")
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            help="Table to write, Parquet when it ends in .parquet, else CSV. What the same command began "
            "is gone on with; any other file is refused.",
            dir_okay=False,
        ),
    ],
    model: Model = None,
    heatmaps: Annotated[
        Path | None, typer.Option(help="Folder for FILM.LABEL.npy: float32, the film's own frame.")
    ] = None,
    no_gate: NoGate = False,
    prevalence: Prevalence = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Threads.", min=1, show_default="one per core it may use, 4 at most"),
    ] = None,
    shard: Annotated[
        str,
        typer.Option(help="Only part K of N parts of the films, for N commands side by side.", metavar="K/N"),
    ] = "1/1",
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit with status 3 when a film was refused, could not be read, or either."),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="Threads of this process, or the cluster at RAY_ADDRESS (else one on this machine)."
        ),
    ] = Engine.THREADS,
    again: Annotated[
        Again | None,
        typer.Option(
            help="Ask films anew whose row is an `error`: a limit was raised, or a folder came back. Their "
            "new rows stand at the end."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Delete the table first, and begin anew.")
    ] = False,
) -> None:
    """Score many films: one row per file, also for those that are not films."""
    with errors_in_words():
        from cxr_dash.cli.prevalence import read_prevalences
        from cxr_dash.cli.score import ScoreRequest
        from cxr_dash.cli.score import score as score_films
        from cxr_dash.cli.scoring.shard import read_shard
        from cxr_dash.cores import default_jobs
        from cxr_dash.services import build_service

        settings = read_settings()
        model_id = model or settings.default_model
        part = read_shard(shard)
        service = build_service(settings)
        wanted = read_prevalences(prevalence or [], service.catalog.get(model_id).spec)
        request = ScoreRequest(
            *(tuple(paths), model_id, out, heatmaps, not no_gate, jobs or default_jobs(), wanted),
            *(part, overwrite, engine is Engine.RAY, again is Again.ERRORS),
        )
        counts = score_films(service, request)
        parts = ", ".join(f"{counts[status]} {status}" for status in ("ok", "rejected", "error"))
        warn(f"{counts.total()} files: {parts}. Written to {out}.")
        if counts["error"] and out.is_file():
            warn("Once what kept them from being read is mended, `--again errors` asks those in error anew.")
        if fail_on is not None and any(counts[status] for status in fail_on.statuses):
            raise typer.Exit(NOT_ALL_WELL)


@app.command()
def doctor(
    *,
    settings: Annotated[bool, typer.Option("--settings", help="Print every setting as a table.")] = False,
    environment: Annotated[
        bool, typer.Option("--environment", help="With --settings: as lines of an environment file.")
    ] = False,
) -> None:
    """Check this installation: libraries, models, cache, port.

    Status 1 when something fails; 3 when all works and a warning cannot have been meant (an unknown setting).
    """
    with errors_in_words():
        if settings:
            from cxr_dash.cli.settings_table import settings_environment, settings_markdown

            say(settings_environment() if environment else settings_markdown())
            return
        from cxr_dash.cli.doctor import examine, report

        checks = examine(read_settings())
        say(report(checks))
        if any(check.state == "fail" for check in checks):
            raise typer.Exit(FAILED)
        if any(check.state == "warn" and not check.meant for check in checks):
            raise typer.Exit(NOT_ALL_WELL)
