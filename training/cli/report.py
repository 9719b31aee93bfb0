"""Showing: report, explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxr_dash.errors import CxrError
from training.cli.common import fail

app = typer.Typer()

ManifestOption = Annotated[
    Path | None, typer.Option(help="manifest.csv of labelled films; a run's own if not given.")
]
SplitOption = Annotated[str, typer.Option(help="Which split.")]
MovedOption = Annotated[
    Path | None, typer.Option("--data", help="Folder that the recipe's manifest paths start from.")
]
LayerOption = Annotated[
    list[str] | None,
    typer.Option("--layer", help="Layer of the model, repeatable; a few spread over its depth if not given."),
]
LabelOption = Annotated[
    list[str] | None, typer.Option("--label", help="Label key, repeatable; all if not given.")
]


@app.command("report")
def report_command(
    model: Annotated[Path, typer.Argument(help="Folder of a run or a bundle.")],
    *,
    split: SplitOption = "test",
    out: Annotated[
        Path | None,
        typer.Option(help="HTML file; RUN/report-<split>.html, or <bundle>-<split>.html here, if not given."),
    ] = None,
    manifest: ManifestOption = None,
    data: MovedOption = None,
    films: Annotated[
        int, typer.Option(min=0, help="Show so many films of each kind and label. Films are patients' data.")
    ] = 0,
    patches: Annotated[
        int, typer.Option(min=0, help="Show so many patches of each channel. Patches are patients' data.")
    ] = 0,
    layer: LayerOption = None,
    label: LabelOption = None,
) -> None:
    """Write one self-contained HTML page about a run or a bundle.

    The page holds no film unless --films or --patches asks for some, so that it can be mailed around.
    """
    from training.report.build import make_report
    from training.report.pictures import PictureOptions

    try:
        pictures = PictureOptions(films, tuple(layer or ()), patches, tuple(label or ()))
        text = make_report(model, split, manifest=manifest, data_root=data, pictures=pictures)
        target = out or _place(model, split)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        typer.echo(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    except CxrError as error:
        raise fail(error) from error


def _place(model: Path, split: str) -> Path:
    from training.fitting.runs import RunFolder

    if RunFolder(model).record.is_file():
        return model / f"report-{split}.html"
    # a bundle's folder holds what is released and hashed, nothing else
    return Path(f"{model.resolve().name}-{split}.html")


@app.command("explain")
def explain_command(
    model: Annotated[Path, typer.Argument(help="Folder of a run or a bundle.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    films: Annotated[
        list[Path] | None, typer.Option("--films", help="Film file to look at, repeatable.")
    ] = None,
    layer: LayerOption = None,
    label: LabelOption = None,
    channels: Annotated[int, typer.Option(min=1, help="Channels of an activation map to draw.")] = 16,
    patches: Annotated[
        int, typer.Option(min=0, help="Find so many patches of each channel among the films of the split.")
    ] = 0,
    channel: Annotated[
        list[int] | None,
        typer.Option("--channel", help="Channel for patches, repeatable; the most relevant of each label."),
    ] = None,
    split: SplitOption = "test",
    manifest: ManifestOption = None,
    data: MovedOption = None,
) -> None:
    """Draw Grad-CAM and activation maps of films, and the patches that excite channels most, as PNG files."""
    from training.evaluation.saved import saved_or_measured
    from training.evaluation.subject import open_subject
    from training.explain.manifest import manifest_of
    from training.explain.study import open_layers
    from training.explain.write import PictureFolder, explain_channels, explain_films

    if not films and not patches:
        raise typer.BadParameter("Give --films, or --patches, or both.")
    try:
        subject = open_subject(model, data)
        study = open_layers(model, subject.preparation, layer or ())
        folder = PictureFolder(out, subject.id, subject.model_sha256)
        labels = tuple(label or ())
        written = []
        if films:
            written += explain_films(
                subject, study, films, folder, labels=labels, channels=channels, data_root=data
            )
        if patches:
            where = manifest_of(model, manifest, data)
            _, scores = saved_or_measured(model, where, split, data)
            written += explain_channels(
                study, scores, where.parent, folder, count=patches, channels=channel or (), labels=labels
            )
    except CxrError as error:
        raise fail(error) from error
    for path in written:
        typer.echo(str(path))
