"""``cxr-dash library build``: a folder of labelled films becomes the server's reference library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cxr_dash.cli.console import table, warn
from cxr_dash.cli.films import read_film
from cxr_dash.cli.library.labels_csv import LeftOut, Listed, read_labels, sort_out
from cxr_dash.cli.scoring.progress import Progress
from cxr_dash.cli.scoring.threads import in_order
from cxr_dash.cores import default_jobs
from cxr_dash.errors import FilmError, LibraryError, RequestError
from cxr_dash.services import AnalysisService
from cxr_dash.services.library.build import Examined, LibraryBuilder, examine
from cxr_dash.services.library.files import LibrarySpec, replacing


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What was asked for: see ``cxr-dash library build --help``."""

    folder: Path
    out: Path
    model_ids: tuple[str, ...]
    strict: bool


def build(service: AnalysisService, request: BuildRequest) -> LibrarySpec:
    """Build the library and put it in the place of an earlier one, which stays until then.

    What cannot be used is left out and reported on stderr as a table.

    Raises
    ------
    RequestError
        When the table of labels cannot be used.
    LibraryError
        When no film can be used, when one was left out and ``strict`` asked for all, or when the library
        cannot be written.
    BundleError, BackendMissingError
    """
    bundles = [service.catalog.get(model_id) for model_id in dict.fromkeys(request.model_ids)]
    if not bundles:
        raise RequestError("A library needs at least one model; there is none.", remedy="Set CXR_MODELS_DIR.")
    films, left_out = sort_out(request.folder, read_labels(request.folder))
    ask = partial(_examine, service, request.folder, [bundle.id for bundle in bundles])
    with replacing(request.out) as fresh:
        builder = LibraryBuilder(fresh, bundles)
        answers = in_order(ask, [one.file for one in films], default_jobs())
        left_out += _add(builder, zip(films, answers, strict=True), len(films))
        if left_out:
            warn(table([("FILE", "LEFT OUT, WHY"), *((one.file, one.reason) for one in left_out)]))
        if left_out and request.strict:
            raise LibraryError(
                f"With --strict every film must be used; {len(left_out)} could not be: nothing was built.",
                remedy="The table above says why; put them right, or build without --strict.",
            )
        spec = builder.finish()
    for bundle in bundles:
        if bundle.id not in {model.id for model in spec.models}:
            warn(f"No film could be used for the model {bundle.id}: the library is without it.")
    return spec


def _examine(
    service: AnalysisService, folder: Path, model_ids: Sequence[str], file: str
) -> Examined | FilmError:
    try:
        return examine(service, read_film(folder / file, service.settings.max_upload_bytes), model_ids)
    except FilmError as error:
        return error


def _add(
    builder: LibraryBuilder, films: Iterable[tuple[Listed, Examined | FilmError]], total: int
) -> list[LeftOut]:
    left_out: list[LeftOut] = []
    first_of: dict[str, str] = {}
    progress = Progress(lambda: total)
    for listed, film in films:
        progress.step()
        if isinstance(film, FilmError):
            left_out.append(LeftOut(listed.file, f"cannot be read: {film}"))
        elif film.sha256 in first_of:
            left_out.append(LeftOut(listed.file, f"the same film as {first_of[film.sha256]}"))
        else:
            left_out += [
                LeftOut(listed.file, f"refused by the gate of {model_id}: {reason}")
                for model_id, reason in film.refusals.items()
            ]
            first_of[film.sha256] = listed.file
            if film.analyses:
                builder.add(film, listed.labels, listed.note)
    progress.close()
    return left_out
