"""``CARD.md`` of a segmenter, made from ``bundle.json`` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from cxr_dash.inference.schema import Interval
from cxr_dash.inference.schema_segmenter import MaskMetrics, SegmenterSpec
from training.metrics import figure

_SPLITS = {"test": "Test: patients it never saw", "val": "Val: used for choosing the epoch, optimistic"}
_HEART = {
    "excluded": "lung behind the heart left out",
    "partly": "lung behind the heart drawn partly",
    "included": "lung behind the heart drawn",
}


def render_card(spec: SegmenterSpec) -> str:
    """The card of a segmenter's bundle, Markdown."""
    sections = [
        f"# Model facts: {spec.title.en}\n\n`{spec.id}` version {spec.version}. A tool that the app uses by "
        "itself. Not a medical device, not a diagnosis.",
        _section("What it is for", _bullets(spec.intended_use)),
        _section("What it is not for", _bullets(spec.not_for)),
        _section("Read this before any figure", _bullets(spec.warnings)),
        _section("How well it agrees with people", _agreement(spec)),
        *_heart_sections(spec),
        _section("On whom it was trained and measured", _sources(spec)),
        _section("How it was made", _making(spec)),
    ]
    return "\n\n".join(sections) + "\n"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _agreement(spec: SegmenterSpec) -> str:
    parts = [
        "Dice: twice the area that its outline and a person's have in common, over the sum of both; 1 is the "
        "same outline, 0 nothing in common. Mean over films, in the film's own frame, with a 95 % interval "
        "from 2,000 samples in which patients, not films, were drawn.",
        *(_table_of(metrics) for metrics in sorted(spec.metrics, key=lambda metrics: metrics.split)),
        "People disagree most behind the heart, and no single outline agrees with all of them: the rows by "
        "custom show how far that goes, and the last one what is left without the heart.",
    ]
    return "\n\n".join(parts)


def _table_of(metrics: MaskMetrics) -> str:
    rows: list[tuple[str, Interval]] = [(f"**All {metrics.films} films**", metrics.dice)]
    rows += list(metrics.by_source.items())
    rows += [(_HEART.get(name, name), value) for name, value in metrics.by_behind_heart.items()]
    if metrics.outside_heart is not None:
        rows.append(("films with a heart mask, outside the heart", metrics.outside_heart))
    lines = ["| Films | Dice (95 % interval) |", "|---|---|"]
    lines += [f"| {name} | {figure(value, digits=3)} |" for name, value in rows]
    title = _SPLITS.get(metrics.split, metrics.split)
    head = (
        f"**{title}.** {metrics.films} films, {metrics.patients} patients; worst film {metrics.lowest:.3f}."
    )
    return f"{head}\n\n" + "\n".join(lines)


def _heart_sections(spec: SegmenterSpec) -> list[str]:
    """The heart's own figures, where it is drawn."""
    measured = [metrics for metrics in sorted(spec.metrics, key=lambda one: one.split) if metrics.heart]
    parts = []
    if measured:
        parts.append(_section("The heart, and the cardiothoracic ratio", _hearts(measured)))
    if spec.sides:
        parts.append(_section("Films that seem mirrored", _mirrored(spec)))
    return parts


def _hearts(measured: list[MaskMetrics]) -> str:
    lines = [
        "Dice of the heart, and how far the cardiothoracic ratio of its outlines lies from people's (mean of "
        "the distances), over the films on which somebody drew the heart; 95 % intervals over patients.",
        "",
        "| Films | Heart, Dice | Ratio, mean distance |",
        "|---|---|---|",
    ]
    for metrics in measured:
        heart = metrics.heart
        if heart is None:
            continue
        ratio = heart.ratio
        title = _SPLITS.get(metrics.split, metrics.split)
        whole = figure(ratio.error, digits=3) if ratio else "–"
        lines.append(f"| **{title}: all {heart.films}** | {figure(heart.dice, digits=3)} | {whole} |")
        for name, value in heart.by_source.items():
            error = ratio.by_source.get(name) if ratio else None
            told = figure(error, digits=3) if error else "–"
            lines.append(f"| {name} | {figure(value, digits=3)} | {told} |")
    lines += ["", *_ratios(measured)]
    return "\n".join(lines)


def _ratios(measured: list[MaskMetrics]) -> list[str]:
    lines = []
    for metrics in measured:
        ratio = metrics.heart.ratio if metrics.heart else None
        if ratio:
            lines.append(
                f"- {metrics.split}: a ratio on {ratio.measured} of {ratio.films} films; the outlines' less "
                f"people's {figure(ratio.bias, digits=3)} on average, {ratio.largest:.3f} at most."
            )
    return lines


def _mirrored(spec: SegmenterSpec) -> str:
    lines = [
        "Told by the outlines of lungs and heart alone, brought upright into the box around the lungs; "
        "letters and markers on the film are not looked at. Counted on test films of the collections whose "
        "train films taught the rule, as they are and flipped by hand: how many of all are said to seem "
        "mirrored. A film that came mirrored or shows a dextrocardia counts against the last column. "
        "Wilson's 95 % intervals.",
        "",
        "| Collection | Films | Flipped, said | As they are, said |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {one.collection} ({one.split}) | {one.films} | {figure(one.flipped, digits=3)} | "
        f"{figure(one.others, digits=3)} |"
        for one in spec.sides
    ]
    if spec.side:
        lines += ["", f"Fitted on {spec.side.fitted_on}."]
    return "\n".join(lines)


def _sources(spec: SegmenterSpec) -> str:
    rows = [
        f"| {s.name} | {s.films} ({s.splits}) | {s.population} | {s.licence} | {s.attribution or '–'} |"
        for s in spec.sources
    ]
    head = ["| Collection | Films | Who | Licence | Attribution |", "|---|---|---|---|---|"]
    table = "\n".join([*head, *rows])
    return f"{table}\n\nNone of these films is part of this project; the weights were computed from them."


def _making(spec: SegmenterSpec) -> str:
    made, prep = spec.training, spec.preparation
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    return _bullets(
        [
            f"U-Net on {made.recipe.get('network.name')}, whole film as {prep.width} x {prep.height} grey "
            f"levels, never stretched; the answer is the probability of {' and of '.join(spec.structures)} "
            "at each of them. What is drawn of the lungs are the two largest parts above 0.5, without holes; "
            "of the heart, the largest.",
            f"Trained {made.date} in {made.minutes:g} minutes, seed {made.seed}, commit `{made.commit}`; "
            f"{versions}.",
            "sha256: " + ", ".join(f"`{name}` {digest[:16]}…" for name, digest in spec.files.items()),
        ]
    )
