"""``cxr-dash library build | info | check``: the reference library behind "similar cases"."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.cli.console import errors_in_words, read_settings, say

library_app = typer.Typer(
    name="library",
    help="The reference library behind similar cases: the site's own labelled films.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path | None, typer.Option("--library", help="The library.", show_default="CXR_LIBRARY_DIR")
]


@library_app.command()
def build(
    folder: Annotated[Path, typer.Argument(help="Films, and their labels.csv.", metavar="DIR")],
    *,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="Bundle id; may be given again.", show_default="all classifiers"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the library; replaced.", show_default="CXR_LIBRARY_DIR")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Build nothing when a film is left out.")] = False,
) -> None:
    """Build the library from DIR/labels.csv: columns file, labels (separated by ;) and, if you like, note."""
    with errors_in_words():
        from cxr_dash.cli.library.build import BuildRequest
        from cxr_dash.cli.library.build import build as build_library
        from cxr_dash.cli.library.words import contents
        from cxr_dash.services import build_service

        settings = read_settings()
        service = build_service(settings)
        target = out or settings.library_dir
        request = BuildRequest(folder, target, tuple(model or service.catalog.ids()), strict)
        build_library(service, request)
        say(contents(target, service.catalog))


@library_app.command()
def info(*, library: Folder = None) -> None:
    """Say what is in the library: films for each model, labels, size, when it was built."""
    with errors_in_words():
        from cxr_dash.cli.library.words import contents
        from cxr_dash.inference.catalog import Catalog

        settings = read_settings()
        say(contents(library or settings.library_dir, Catalog(settings.models_dir)))


@library_app.command()
def check(*, library: Folder = None) -> None:
    """Read every file of the library, and count how often neighbours within it share a label."""
    with errors_in_words():
        from cxr_dash.cli.library.words import checked

        settings = read_settings()
        say(checked(library or settings.library_dir))
