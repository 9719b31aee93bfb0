"""``python -m training``: TensorFlow is imported by the commands that need it, never for ``--help``."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from training.cli.audit import app as audit_app
from training.cli.begin import app as begin_app
from training.cli.bench import app as bench_app
from training.cli.ensembles import app as ensembles_app
from training.cli.evaluation import app as evaluation_app
from training.cli.export import app as export_app
from training.cli.films import app as films_app
from training.cli.fitting import app as fitting_app
from training.cli.gate import app as gate_app
from training.cli.learning import app as learning_app
from training.cli.left_out import app as left_out_app
from training.cli.localisation import app as localisation_app
from training.cli.report import app as report_app
from training.cli.weights import app as weights_app
from training.quiet import quieten

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
    help="Train, measure and export the models that the app serves.",
)
for family in (
    begin_app,
    films_app,
    weights_app,
    fitting_app,
    bench_app,
    ensembles_app,
    evaluation_app,
    gate_app,
    report_app,
    export_app,
    audit_app,
    left_out_app,
    learning_app,
    localisation_app,
):
    app.add_typer(family)


@app.callback()
def _main(quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings only.")] = False) -> None:
    quieten()
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(asctime)s %(name)s %(message)s",
        force=True,
    )
