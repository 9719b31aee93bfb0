"""The weights that training starts from: ``backbone``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import fail

app = typer.Typer()


@app.command("backbone")
def backbone_command(
    model: Annotated[Path, typer.Argument(help="A saved model (.keras) with a frozen backbone in it.")],
    network: Annotated[str, typer.Argument(help="Which backbone: a name of `python -m training list`.")],
    out: Annotated[Path, typer.Option(help="File to write, NAME.weights.h5, for --weights.")],
) -> None:
    """Take a backbone's weights out of a saved model, where ImageNet's cannot be downloaded."""
    from training.networks.backbone_weights import extract_backbone

    try:
        written = extract_backbone(model, network, out)
    except CxrError as error:
        raise fail(error) from error
    typer.echo(str(written))
