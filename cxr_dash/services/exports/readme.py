"""The ZIP's README: what each file is."""

from __future__ import annotations

from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator
from cxr_dash.services.exports.maps import MapSize
from cxr_dash.services.exports.provenance import SOFTWARE
from cxr_dash.words import DECISION_SUPPORT


def readme(bundle: Bundle, t: Translator, *, failed: int, maps: MapSize = "full") -> str:
    """What lies in the ZIP, for somebody who did not make it.

    Parameters
    ----------
    bundle : Bundle
    t : Translator
    failed : int
        Films and files that could not be written.
    maps : {"grid", "full"}
        How large the raw maps are.
    """
    spec = bundle.spec
    top = [
        (
            "findings.csv",
            t(
                "one line a film: the columns of cxr-dash score, then thresholds, what lies above them, and "
                "where each figure comes from. UTF-8, separated by commas, decimals with a point in every "
                "language."
            ),
        ),
        ("findings.json", t("the same as JSON.")),
    ]
    if failed:
        top.append(("errors.txt", t("what could not be written, and why.")))
    raw_map = (
        "*-map.npy",
        t(
            "the raw map for NumPy: float32 (height, width) in the film's own frame, "
            "logits per cell, not scaled."
        ),
    )
    if maps == "grid":
        raw_map = (
            "*-grid.npy",
            t(
                "the raw map for NumPy at the model's own grid: float32 (rows, columns), logits per cell, "
                "not scaled. analysis.json says under maps where its cells lie on the film: grid_to_film "
                "takes (column, row, 1) to film pixels (x, y), both counted from the outer edge."
            ),
        )
    film = [
        (
            "report.pdf",
            t(
                "one page for paper. A film that the input gate refused has its reasons there, "
                "and no figures."
            ),
        ),
        (
            "analysis.json",
            t("figures, thresholds, what was done to the film, and the provenance of the maps beside it."),
        ),
        ("*-overlay.png", t("the heat over the film, at the film's own size.")),
        ("*-heat.png", t("the heat alone, clear where there is none.")),
        ("*-side-by-side.png", t("the film, and the film with its heat, over a caption.")),
        raw_map,
    ]
    parts = [
        f"{SOFTWARE}\n{t(DECISION_SUPPORT)}",
        t(
            "Model: {title}; {model} {version}, SHA-256 {sha}.",
            title=t.choose(spec.title),
            model=spec.id,
            version=spec.version,
            sha=bundle.serving_sha256,
        ),
        _table(top),
        t(
            "Each film has a folder, named by its number in the list and the head of its SHA-256. "
            "No name of a file or of a patient is in it."
        ),
        _table(film),
        t(
            "Pictures and maps are of the findings above their threshold, and of the one that was in view; "
            "not of every finding of the model."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name.ljust(width)}  {text}" for name, text in rows)
