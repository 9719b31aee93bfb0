"""Everything about the films of a list as one ZIP, written piece by piece as it is sent."""

from __future__ import annotations

import io
import logging
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from cxr_dash.domain import Analysis
from cxr_dash.errors import CxrError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator
from cxr_dash.services.analyse import AnalysisService
from cxr_dash.services.exports.listed import ListedFilm, above_cut, label_in_view, look_up
from cxr_dash.services.exports.maps import write_grid, write_map
from cxr_dash.services.exports.options import ChosenFilm, ExportRequest
from cxr_dash.services.exports.pictures import film_as_seen, heat_png, overlay_png, side_by_side_png
from cxr_dash.services.exports.provenance import export_name, refused
from cxr_dash.services.exports.readme import readme
from cxr_dash.services.exports.record import Json, as_json, film_document, film_record, list_document
from cxr_dash.services.exports.table import csv_header, csv_row
from cxr_dash.services.report import report_pdf

logger = logging.getLogger(__name__)


class _Sink(io.RawIOBase):
    """Takes what a ZIP writer writes, and gives it away; it cannot go back, so nothing has to be kept."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._parts.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


@dataclass
class _Archive:
    """A ZIP under way."""

    service: AnalysisService
    request: ExportRequest
    bundle: Bundle
    t: Translator
    sink: _Sink = field(default_factory=_Sink)
    # of each film only its line and its record are kept, not its maps
    lines: list[str] = field(default_factory=list)
    records: list[Json] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.zip = zipfile.ZipFile(self.sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1)

    def store(self, name: str, content: bytes | str, *, compress: bool = False) -> Iterator[bytes]:
        """One file; PNG and PDF are compressed already."""
        # with an entry of its own, a file is stored as it is; with a name alone, as the archive is set
        entry = name if compress else zipfile.ZipInfo(name, time.localtime()[:6])
        self.zip.writestr(entry, content)
        yield self.sink.take()

    def store_map(self, name: str, analysis: Analysis, label_key: str) -> Iterator[bytes]:
        """One raw map, compressed: at the model's grid, or 4 bytes a pixel of the film."""
        write = write_map if self.request.maps == "full" else write_grid
        with self.zip.open(name, "w") as stream:
            write(stream, analysis.heatmaps[label_key])
        yield self.sink.take()

    def film(self, chosen: ChosenFilm) -> Iterator[bytes]:
        """One film's folder. What fails is written down, and the rest goes on."""
        film = look_up(self.service, self.request, chosen, self.t, explained=True)
        self.lines.append(csv_row(film, self.bundle, film.cuts))
        self.records.append(film_record(film, film.cuts))
        if film.analysis is None:
            self._failed(chosen, film.reason)
            return
        folder = f"film-{chosen.number:02d}-{film.analysis.film_sha256[:8]}"
        try:
            yield from self._folder(folder, film, film.analysis)
        except CxrError as error:
            self._failed(chosen, f"{self.t.say(error.words)} {self.t.say(error.remedy_words)}")
        except Exception as error:
            logger.error("a film could not be exported", exc_info=error)
            reason = self.t("The server could not write all files of this film; the reason is in its log.")
            self._failed(chosen, reason)

    def _failed(self, chosen: ChosenFilm, reason: str) -> None:
        """One line for ``errors.txt``, whatever line ends the page sent."""
        self.errors.append(f"{chosen.path}: {' '.join(reason.split())}")

    def _folder(self, folder: str, film: ListedFilm, analysis: Analysis) -> Iterator[bytes]:
        chosen, request = film.chosen, replace(self.request, thresholds=film.cuts)
        data = self.service.cases.film(str(chosen.film)).data
        limits = self.service.settings.decode_limits
        display, seen = film_as_seen(data, analysis, limits, request.seen)
        request = replace(request, seen=seen)
        maps: dict[str, str] = {}
        kind = "map" if request.maps == "full" else "grid"
        for key in self._labels(film, analysis):
            options = request.options(key, anyway=chosen.anyway, marks=chosen.marks)
            maps[key] = export_name(analysis, key, kind, "npy")
            overlay, heat, both = (
                f"{folder}/{export_name(analysis, key, what)}" for what in ("overlay", "heat", "side-by-side")
            )
            # one after the other: a tuple of all three would hold them in memory together
            yield from self.store(overlay, overlay_png(analysis, key, options, display, self.t))
            yield from self.store(heat, heat_png(analysis, key, options))
            yield from self.store(both, side_by_side_png(analysis, key, options, display, self.t))
            yield from self.store_map(f"{folder}/{maps[key]}", analysis, key)
        report = report_pdf(film, self.bundle, replace(self.request, seen=seen), display, self.t)
        yield from self.store(f"{folder}/report.pdf", report)
        document = film_document(film, self.bundle, film.cuts, self.t, maps, size=request.maps)
        yield from self.store(f"{folder}/analysis.json", as_json(document), compress=True)

    def _labels(self, film: ListedFilm, analysis: Analysis) -> list[str]:
        """Findings that get pictures: those above their cut, and the one in view."""
        if refused(analysis) and not film.chosen.anyway:
            return []
        view = label_in_view(analysis, self.bundle, film.chosen.label, film.cuts)
        above = {one.label.key for one in above_cut(analysis, film.cuts)}
        return [key for key in self.bundle.spec.label_keys if key in above or key == view]

    def top(self) -> Iterator[bytes]:
        """The tables of all films, what went wrong, and what each file is."""
        lines = csv_header(self.bundle) + "".join(self.lines)
        yield from self.store("findings.csv", lines, compress=True)
        document = list_document(self.records, self.bundle, self.t, self.request.agreement)
        yield from self.store("findings.json", as_json(document), compress=True)
        if self.errors:
            yield from self.store("errors.txt", "".join(f"{line}\n" for line in self.errors))
        yield from self.store(
            "README.txt", readme(self.bundle, self.t, failed=len(self.errors), maps=self.request.maps)
        )
        self.zip.close()
        yield self.sink.take()


def archive(service: AnalysisService, request: ExportRequest, t: Translator) -> Callable[[], Iterator[bytes]]:
    """A ZIP of all films of the request.

    Memory holds one picture of one film at a time, however many films there are.

    Parameters
    ----------
    service : AnalysisService
    request : ExportRequest
    t : Translator

    Returns
    -------
    callable
        Gives the pieces of the ZIP; nothing is done before the first is asked for.

    Raises
    ------
    BundleError
        When there is no such model; later problems go into ``errors.txt``.
    """
    bundle = service.catalog.get(request.model)

    def pieces() -> Iterator[bytes]:
        under_way = _Archive(service, request, bundle, t)
        for chosen in request.films:
            yield from under_way.film(chosen)
        yield from under_way.top()

    return pieces
