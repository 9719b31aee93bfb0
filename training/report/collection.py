"""A collection on one page: what is in it, before anything is trained on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from markupsafe import Markup

from cxr_dash.imaging import encode_jpeg
from training.films.checks import CheckReport, check_manifest
from training.films.checks.looks import file_kinds
from training.films.manifest import Film
from training.films.prepared import prepare_film
from training.films.sampling import some_films
from training.recipe import Recipe
from training.report.charts import COLOURS, styled
from training.report.html import Section, bullets, chart, page, paragraph, picture, table

_COPIES = 4
_QUALITY = 85
_AGE_BAND = 10
_UNKNOWN = "not known"


def collection_page(manifest: Path, recipe: Recipe | None = None, films: int = 6) -> str:
    """The page as HTML text; it holds films only where a recipe's augmentation is to be shown.

    Parameters
    ----------
    manifest : Path
    recipe : Recipe, optional
        Whose augmentation is shown.
    films : int
        On how many films.

    Raises
    ------
    TrainingError
        When the manifest is wrong.
    """
    report = check_manifest(manifest)
    sections = [
        _classes(report),
        _ages(report.films),
        _crossed(report.films, "projections", "Projections", lambda film: film.view),
        _together(report.films),
        _crossed(report.films, "sources", "Sources", lambda film: film.source),
        _files(report),
        _borders(report),
    ]
    if recipe is not None:
        sections.append(_augmented(report.films, recipe, films))
    problems = report.problems()
    head = paragraph(f"{len(report.films)} films of {len({film.group for film in report.films})} patients.")
    head += bullets(problems) if problems else paragraph("`check` finds nothing wrong.")
    return page(f"{manifest.parent.name}: the collection", head, [one for one in sections if one.body])


def _labels(films: Sequence[Film]) -> list[str]:
    return sorted({key for film in films for key in film.labels})


def _classes(report: CheckReport) -> Section:
    films, labels = report.films, _labels(report.films)
    splits = sorted({film.split for film in films}, key=lambda name: (name != "train", name))
    rows = [
        [name or "(no split)", str(sum(film.split == name for film in films))]
        + [str(sum(film.split == name and key in film.labels for film in films)) for key in labels]
        for name in splits
    ]
    return Section("classes", "Classes", table(["split", "films", *labels], rows))


def _ages(films: Sequence[Film]) -> Section:
    known = [film for film in films if film.age is not None]
    if not known:
        return Section("ages", "Ages", paragraph("No age is known (column `age`)."))
    drawn = go.Figure()
    for number, key in enumerate(_labels(films)):
        ages = [film.age for film in known if key in film.labels]
        bins = {"start": 0, "end": 120, "size": _AGE_BAND}
        drawn.add_histogram(x=ages, name=key, xbins=bins, marker_color=COLOURS[number % len(COLOURS)])
    drawn.update_layout(barmode="group")
    caption = f"Films in bands of {_AGE_BAND} years; {len(films) - len(known)} films without an age."
    return Section("ages", "Ages", chart(styled(drawn, x="age, years", y="films"), "ages", caption))


def _crossed(films: Sequence[Film], key: str, title: str, of: Callable[[Film], str]) -> Section:
    """Counts of what is known of each film, by label: what goes with one label alone gives it away."""
    labels, counts = _labels(films), Counter(of(film) or _UNKNOWN for film in films)
    both = Counter((of(film) or _UNKNOWN, one) for film in films for one in film.labels)
    rows = [
        [name, str(count), *(str(both[name, one]) for one in labels)] for name, count in counts.most_common()
    ]
    return Section(key, title, table([title.lower(), "films", *labels], rows))


def _together(films: Sequence[Film]) -> Section:
    labels = _labels(films)
    if all(len(film.labels) == 1 for film in films):
        return Section("together", "Labels together", paragraph("Every film has one label."))
    rows = [
        [one, *(str(sum(one in film.labels and other in film.labels for film in films)) for other in labels)]
        for one in labels
    ]
    return Section("together", "Labels together", table(["", *labels], rows))


def _files(report: CheckReport) -> Section:
    kinds = dict(zip((film.path for film in report.films), file_kinds(report.looks), strict=True))
    return _crossed(report.films, "files", "Files", lambda film: kinds[film.path])


def _borders(report: CheckReport) -> Section:
    drawn = go.Figure()
    for number, key in enumerate(_labels(report.films)):
        shares = [
            100 * look.border
            for film, look in zip(report.films, report.looks, strict=True)
            if key in film.labels and not look.fault
        ]
        drawn.add_box(x=shares, name=key, marker_color=COLOURS[number % len(COLOURS)])
    caption = "Share of a film that is black margin. A class with margins of its own can be told by them."
    body = chart(styled(drawn, x="black margin, % of the area", y="", legend=False), "borders", caption)
    return Section("borders", "Borders", body)


def _augmented(films: Sequence[Film], recipe: Recipe, count: int) -> Section:
    """Films as the network sees them: prepared, then copies of each as training draws them."""
    import tensorflow as tf

    from training.fitting.augment import augment

    train = [film for film in films if film.split == "train"] or list(films)
    chosen = some_films(train, count, recipe.seed)
    batch = np.stack([prepare_film(film.path, recipe.preparation) for film in chosen])
    columns = [batch] + [
        augment(batch, tf.constant((recipe.seed, copy), tf.int32), recipe.augment).numpy()
        for copy in range(1, _COPIES + 1)
    ]
    rows = [np.concatenate([column[row, ..., 0] for column in columns], axis=1) for row in range(len(chosen))]
    body = Markup().join(
        picture(
            encode_jpeg(np.clip(np.rint(row), 0, 255).astype(np.uint8), _QUALITY),
            "jpeg",
            "a film and its augmented copies",
            ", ".join(sorted(film.labels)),
        )
        for film, row in zip(chosen, rows, strict=True)
    )
    text = "Left the film as the network gets it, then copies as training draws them."
    return Section("augmented", "Augmented films", paragraph(text) + body)
