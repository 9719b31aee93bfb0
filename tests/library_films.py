"""Drawn films with a table of labels, and a reference library of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cxr_dash import imaging
from cxr_dash.cli.library.build import BuildRequest, build
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.services.library.files import LibrarySpec
from cxr_dash.settings import Settings

MODEL = "findings"
# A site's own spelling: a name, a key in another case, and what the model does not know.
WITH, WITHOUT = "Pleural effusion;Pacemaker", "No_Finding"


def drawn_film(seed: int) -> bytes:
    return imaging.encode_png(imaging.chest_phantom(200, 180, seed, opacity=bool(seed % 2)), {})


def write_table(folder: Path, lines: Iterable[str], header: str = "file,labels,note") -> None:
    (folder / "labels.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def draw_films(folder: Path, seeds: Sequence[int]) -> Path:
    """One film for each seed, in two folders, and their table: odd ones have an effusion."""
    lines = []
    for seed in seeds:
        name = f"ward-{seed % 2}/Doe_Jane_{seed}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(drawn_film(seed))
        lines.append(f"{name},{WITH if seed % 2 else WITHOUT},drawn with seed {seed}")
    write_table(folder, lines)
    return folder


def library_service() -> AnalysisService:
    return build_service(Settings(heat_trust=False))


def build_library(
    films: Path, out: Path, models: Sequence[str] = (MODEL,), *, strict: bool = False
) -> LibrarySpec:
    return build(library_service(), BuildRequest(films, out, tuple(models), strict))
