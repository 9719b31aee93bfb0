"""What operating points and the film's score do to whole films of every split, put into the bundle."""

from __future__ import annotations

from cxr_dash.inference.schema import BundleSpec, FreeResponse
from training.audits.material import Material, ScoredSplit
from training.evaluation.film_figures import film_figures, free_response, score_figures
from training.evaluation.film_table import FilmTable
from training.evaluation.point_choice import common_scale
from training.films.split_names import NATURAL, NATURAL_VAL, VAL

_FIRST_WITH_FILM_FIGURES = 3


def with_film_figures(material: Material) -> BundleSpec:
    """The bundle with what its points achieve on every split, and its free-response curve.

    A gate, and a bundle of the first version, which has no place for them, stay as they are.
    """
    spec = material.spec
    if spec.kind == "gate" or spec.schema_version < _FIRST_WITH_FILM_FIGURES:
        return spec
    tables = {name: table_of(part, spec) for name, part in material.splits.items()}
    points = [
        point.model_copy(
            update={
                "achieved": [film_figures(films, point.thresholds, name) for name, films in tables.items()]
            }
        )
        for point in spec.operating_points
    ]
    score = spec.film_score
    if score is not None:
        label = score.label
        marks = [
            mark.model_copy(
                update={
                    "achieved": [
                        score_figures(films, label, mark.threshold, name) for name, films in tables.items()
                    ]
                }
            )
            for mark in score.points
        ]
        score = score.model_copy(update={"points": marks})
    return spec.model_copy(
        update={"operating_points": points, "film_score": score, "free_response": _curves(tables)}
    )


def table_of(part: ScoredSplit, spec: BundleSpec) -> FilmTable:
    """The films of a split as a reader meets them."""
    groups = [film.group for film in part.films]
    return FilmTable(part.probabilities, part.targets, spec.label_keys, groups)


def _curves(tables: dict[str, FilmTable]) -> list[FreeResponse]:
    """On films that nothing was chosen on, those at natural prevalence where there are any."""
    chosen = tables.get(NATURAL_VAL) or tables.get(VAL)
    shown = next((name for name in (NATURAL, "test") if name in tables), None)
    if chosen is None or shown is None:
        return []
    scale = common_scale(chosen)
    curve = free_response(tables[shown], scale, shown) if scale is not None else None
    return [curve] if curve is not None else []
