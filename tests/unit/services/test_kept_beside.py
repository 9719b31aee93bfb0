"""What is kept beside a film, the page's scripts, verdicts on paper, warnings of the trail."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from export_material import analysis_of, bundle_of, film_file
from workup_material import workup

from cxr_dash.errors import AuditError, CaseNotFoundError, StorageError
from cxr_dash.language import translator
from cxr_dash.services import cases
from cxr_dash.services.audit.look import look_after
from cxr_dash.services.cases import CaseStore, MemoryCache, StoredFilm
from cxr_dash.services.exports import ChosenFilm, ExportRequest, Judged, ListedFilm
from cxr_dash.services.library.nearest import _best
from cxr_dash.services.page_parts import missing_parts, part_names, read_page_parts
from cxr_dash.services.report.judged import judged_block

FILM = StoredFilm(data=b"file", picture=b"p", thumbnail=b"t", sha256="0" * 64, width=2, height=1)
LABELS = [(key, key.title(), key.title()) for key in ("effusion", "nodule", "mass", "edema", "normal")]
BUNDLE = bundle_of(LABELS)
ANALYSIS = analysis_of(film_file(), BUNDLE, [0.9, 0.2, 0.8, 0.7, 0.9])


class Cache(MemoryCache):
    """Remembers how things are kept; what is named in ``broken`` fails."""

    def __init__(self, *broken: str) -> None:
        super().__init__()
        self.broken = broken
        self.kept: list[tuple[str, int, str, str | None]] = []

    def _try(self, step: str) -> None:
        if step in self.broken:
            raise ConnectionError(step)

    def get(self, key: str) -> Any:
        self._try("get")
        return super().get(key)

    def set(
        self, key: str, value: Any, timeout: int, owner: str = "nobody", beside: str | None = None
    ) -> None:
        self._try("set")
        self.kept.append((key, timeout, owner, beside))
        super().set(key, value, timeout)

    def delete(self, key: str) -> None:
        self._try("delete")
        super().delete(key)


def test_names_in_the_cache_say_the_layout_so_that_an_older_one_is_not_read() -> None:
    # go up with what is kept: an earlier number would be read as something else after an update
    assert (cases._FILM_LAYOUT, cases._ANALYSIS_LAYOUT, cases._WORKUP_LAYOUT) == (6, 7, 2)
    cache = Cache()
    store = CaseStore(cache, 60)
    key = store.add(FILM, "ward")
    store.add_analysis(key, ANALYSIS)
    store.add_workup(key, workup())
    film = f"film-6-{key}"
    assert cache.kept == [
        (film, 60, "ward", None),
        (f"analysis-7-{key}-tiny-{'5' * 16}", 60, "nobody", film),
        (f"workup-2-{key}", 60, "nobody", film),
    ]
    assert store.analysis(key, "tiny", "5" * 64) == ANALYSIS
    assert store.analysis(key, "tiny", "5" * 15 + "6" * 49) is None
    assert store.workup(key) is not None
    store.forget(key, [("tiny", "5" * 64)])
    assert cache._values == {}


def test_what_a_cache_gives_that_is_nothing_of_ours_is_not_taken() -> None:
    cache = Cache()
    store = CaseStore(cache, 60)
    key = "k" * 32
    for name in (f"film-6-{key}", f"analysis-7-{key}-tiny-{'5' * 16}", f"workup-2-{key}"):
        cache.set(name, "a text", 60)
    assert store.analysis(key, "tiny", "5" * 64) is None
    assert store.workup(key) is None
    with pytest.raises(CaseNotFoundError, match="1 minute after"):
        store.film(key)


def test_nothing_is_said_of_a_film_that_was_deleted_meanwhile() -> None:
    cache = Cache()
    store = CaseStore(cache, 60)
    store.add_analysis("k" * 32, ANALYSIS)
    store.add_workup("k" * 32, workup())
    assert cache._values == {}
    assert len(cache.kept) == 2


@pytest.mark.parametrize("step", ["get", "set", "delete"])
def test_a_cache_that_fails_costs_the_answer_alone_and_deleting_says_so(
    step: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache()
    store = CaseStore(cache, 60)
    key = store.add(FILM)
    store.add_analysis(key, ANALYSIS)
    cache.broken = (step,)
    assert (store.analysis(key, "tiny", "5" * 64) is None) is (step == "get")
    assert store.workup(key) is None
    store.add_workup(key, workup())
    assert bool(caplog.records) is (step != "delete")
    assert not store.is_usable("nonce")
    if step == "delete":
        with pytest.raises(StorageError, match="could not delete this film"):
            store.forget(key)
    if step == "set":
        with pytest.raises(StorageError):
            store.add(FILM)


def test_a_cache_is_usable_where_what_is_written_comes_back_and_nothing_stays() -> None:
    cache = Cache()
    assert CaseStore(cache, 60).is_usable("nonce")
    assert cache.kept == [("probe-nonce", 5, "nobody", None)]
    assert cache._values == {}
    assert not CaseStore(
        cast("Any", SimpleNamespace(set=_nothing, get=_nothing, delete=_nothing)), 60
    ).is_usable("n")


def _nothing(*_: Any, **_named: Any) -> None:
    return None


def test_a_film_is_there_for_the_user_alone_who_added_it() -> None:
    who = ["jane"]
    store = CaseStore(MemoryCache(), 60, lambda: who[0])
    key = store.add(FILM)
    assert store.film(key).user == "jane"
    for other in ("john", ""):
        who[0] = other
        with pytest.raises(CaseNotFoundError):
            store.film(key)
    who[0] = "john"
    with pytest.raises(CaseNotFoundError):
        store.forget(key)
    who[0] = "jane"
    store.forget(key)
    with pytest.raises(CaseNotFoundError):
        store.forget(key)


def _assets(folder: Path, entry: str | None, *parts: str) -> Path:
    for name in ("begin.js", *parts):
        (folder / "js" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "js" / name).write_text(f"// {name}\n")
    if entry is not None:
        (folder / "js" / "page.js").write_text(entry)
    return folder


IMPORTS = (
    'import "./0-core/01-state.js";\r\nimport "./9-page/95-keys.js";\nimport { no } from "./other.js";\n'
)


def test_parts_are_those_that_the_entry_imports_in_their_order(tmp_path: Path) -> None:
    assets = _assets(tmp_path, IMPORTS, "0-core/01-state.js")
    names = ("0-core/01-state.js", "9-page/95-keys.js", "page.js")
    assert part_names(assets) == names
    lacking = read_page_parts(assets)
    assert (list(lacking.texts), lacking.missing, lacking.whole) == ([names[0], names[2]], names[1:2], False)
    assert missing_parts(assets) == ["js/9-page"], "a whole folder by its own name"
    (assets / "js" / "9-page").mkdir()
    assert missing_parts(assets) == ["js/9-page/95-keys.js"]
    whole = read_page_parts(_assets(tmp_path, IMPORTS, *names[:2]))
    assert (whole.missing, whole.whole, missing_parts(assets)) == ((), True, [])
    expected = hashlib.sha256()
    for name in names:
        text = (assets / "js" / name).read_bytes()
        expected.update(f"{name} {len(text)}\n".encode() + text)
    assert whole.digest == expected.hexdigest()[:16]
    (assets / "js" / "begin.js").unlink()
    assert missing_parts(assets) == ["js/begin.js"]


def test_without_an_entry_there_are_no_parts(tmp_path: Path) -> None:
    assets = _assets(tmp_path, None)
    nothing = read_page_parts(assets)
    assert (part_names(assets), dict(nothing.texts), nothing.whole) == ((), {}, False)
    assert missing_parts(assets) == ["js/page.js"]
    assert missing_parts(tmp_path / "nowhere") == ["js"]


@pytest.mark.parametrize(
    ("verdicts", "lines"),
    [
        ({}, ()),
        (
            {"effusion": "accepted"},
            ("Accepted: effusion.", "Above its threshold and not judged: mass and edema."),
        ),
        (
            {"effusion": "accepted", "nodule": "accepted", "mass": "rejected", "edema": "rejected"},
            ("Accepted: effusion.", "Added, below its threshold: nodule.", "Rejected: mass and edema."),
        ),
    ],
)
def test_the_sheet_says_what_was_made_of_findings_and_what_was_left(
    verdicts: dict[str, Any], lines: tuple[str, ...]
) -> None:
    chosen = ChosenFilm(number=1, film="k", judged=Judged(verdicts=verdicts, at="") if verdicts else None)
    film = ListedFilm(
        chosen, "ok", "", ANALYSIS, cuts=ExportRequest(model="tiny", films=(chosen,)).thresholds
    )
    blocks = judged_block(film, BUNDLE, translator("en"))
    assert tuple(line for block in blocks for line in block.lines) == lines


@pytest.mark.parametrize("most", [1, 3, 5])
def test_of_many_films_the_best_are_parted_from_the_rest_and_equal_ones_stay_in_order(most: int) -> None:
    found = np.array([0.1, 0.9, 0.5, 0.9, 0.5, 0.2, 0.5], np.float32)
    assert _best(found, most).tolist() == [1, 3, 2, 4, 6][:most]


def test_a_trail_that_can_be_changed_is_told_of_beside_the_servers_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    statements = ["CREATE TRIGGER a", "CREATE FUNCTION b", "CREATE TRIGGER c"]
    trail = SimpleNamespace(unguarded=lambda: [("audit-2026-11.sqlite", statements)])
    caplog.set_level(logging.WARNING)
    thread = look_after(cast("Any", trail))
    assert (thread.daemon, thread.name) == (True, "cxr-audit")
    thread.join(30)
    assert "audit-2026-11.sqlite lacks 2 of its triggers" in caplog.text

    def broken() -> Any:
        raise AuditError("The audit trail cannot be looked at: X.")

    look_after(cast("Any", SimpleNamespace(unguarded=broken))).join(30)
    assert caplog.messages[-1].startswith("The audit trail cannot be looked at")
