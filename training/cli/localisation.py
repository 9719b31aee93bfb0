"""Where the heat lies: localise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import fail

app = typer.Typer()


@app.command("localise")
def localise_command(
    subject: Annotated[Path, typer.Argument(help="Folder of a run or a bundle.")],
    data: Annotated[
        Path, typer.Option("--data", help="Folder with the boxes of its recipe, or findings/boxes.csv.")
    ],
    *,
    split: Annotated[
        str, typer.Option(help="Which split to measure; the cut of IoU comes from val.")
    ] = "val",
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            help="served, all, or rule@layer such as hirescam@finer; repeatable. served if not given.",
        ),
    ] = None,
    input_size: Annotated[
        int | None, typer.Option(help="Try the same weights on films of this size, pixels.")
    ] = None,
    last_stride: Annotated[
        int | None, typer.Option(min=1, max=1, help="1: try the same weights without the last stride.")
    ] = None,
    randomise: Annotated[
        bool, typer.Option("--randomise", help="Check that maps change when weights are drawn anew.")
    ] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Ask what the trust report of single films is worth; needs lungs.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put the figures of `served` into the bundle's bundle.json.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for localisation-<split>.json; a run's own if not given.")
    ] = None,
) -> None:
    """Measure where the heat lies on boxed films, against baselines that do not look at the film."""
    from training.localisation.methods import DEFAULT_METHODS, SERVED
    from training.localisation.report import localise_and_write
    from training.localisation.text import localisation_lines, sanity_lines
    from training.localisation.trust import trust_lines, trusted_pairs

    asked = methods or ["all" if input_size or last_stride else SERVED]
    names = [name for one in asked for name in ((SERVED, *DEFAULT_METHODS) if one == "all" else (one,))]
    try:
        found, sanity, written = localise_and_write(
            subject,
            data,
            split=split,
            methods=list(dict.fromkeys(names)),
            size=input_size,
            last_stride=last_stride,
            randomise=randomise,
            into_bundle=write,
            out=out,
        )
        report = trust_lines(trusted_pairs(subject, data, split), split) if trust else []
    except CxrError as error:
        raise fail(error) from error
    for line in localisation_lines(found):
        typer.echo(line)
    if sanity is not None:
        for line in ["", *sanity_lines(sanity)]:
            typer.echo(line)
    for line in report:
        typer.echo(line)
    for path in written:
        typer.echo(f"written to {path}", err=True)
