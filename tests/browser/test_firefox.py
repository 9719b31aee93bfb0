"""One walk through the page in Debian's Firefox: film, heat, threshold, export."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn_server import GunicornServer, eventually
from marionette import Firefox, running_firefox

pytestmark = pytest.mark.browser


@pytest.fixture
def firefox(server: GunicornServer, tmp_path: Path) -> Iterator[Firefox]:
    """The application's page at 1280 x 720; it also fails on an error that a script did not catch."""
    path = shutil.which("firefox-esr")
    if path is None:
        pytest.skip("firefox-esr not found: install it (Debian: apt-get install firefox-esr)")
    with running_firefox(path, tmp_path, f"http://127.0.0.1:{server.port}") as page:
        page.ask(
            """window.faults = [];
            window.addEventListener('error', event => faults.push(event.message));
            window.addEventListener('unhandledrejection', event => faults.push(String(event.reason)));"""
        )
        page.wait(
            "return Boolean(document.querySelector('.pane.first') && document.getElementById('cut-range'))"
        )
        yield page
        assert page.ask("return window.faults") == []


def test_a_film_is_opened_its_heat_and_threshold_seen_and_an_overlay_saved(
    firefox: Firefox, films: list[Path], tmp_path: Path
) -> None:
    assert firefox.ask("return 'cxr' in window") is False, "parts are shared by imports alone"
    firefox.ask("document.getElementById('picker').hidden = false")  # or no driver may choose a file
    firefox.press("#film-input", str(films[0]))
    firefox.wait("const row = document.querySelector('.row'); return row && row.dataset.state !== 'busy'")
    firefox.wait(
        "const [film] = document.querySelectorAll('.film');"
        " return film.naturalWidth > 0 && getComputedStyle(film.parentElement).visibility === 'visible'"
    )
    if firefox.ask("return Boolean(document.querySelector('#quality:not([hidden]) .link'))"):
        firefox.click("#quality .link")  # the drawn film that stands in for a real one may be refused
    label = firefox.ask(
        """const asked = performance.getEntriesByType('resource').map(({name}) => name);
        const film = asked.find(name => name.endsWith('/picture.jpg')).replace(/picture.jpg$/, '');
        const answer = `${film}${document.getElementById('model').value}/answer.json`;
        const localised = ({answer: {heat}}) => Object.keys(heat).find(key => !heat[key].flat);
        return fetch(answer).then(reply => reply.json()).then(localised)"""
    )
    row = f'#findings [data-label="{label}"]'
    if not firefox.ask("return document.querySelector(arguments[0]).checkVisibility()", row):
        firefox.click("#more")
    firefox.click(row)

    # the film is fitted, and nothing sticks out
    film = firefox.ask(
        "const {width, height} = document.querySelector('.pane.first .film').getBoundingClientRect();"
        " return [width, height, document.documentElement.scrollWidth, innerWidth]"
    )
    assert max(film[:2]) > 400
    assert film[2] == film[3]

    # heat: drawn in colour over the film, its note not cut off
    firefox.click("[data-action=heat]")
    firefox.wait(
        "const canvas = document.getElementById('heat-canvas');"
        " return !canvas.hidden && Boolean(canvas.dataset.drawn)"
    )
    coloured = firefox.ask(
        """const canvas = document.getElementById('heat-canvas');
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, index) => index % 4 === 3 && value > 0).length"""
    )
    assert coloured > 0
    assert firefox.ask(
        "const note = document.getElementById('heat-note'); return note.scrollHeight <= note.clientHeight + 1"
    )

    # threshold: by the panel's key and the slider's arrows, and the figures follow
    firefox.press("body", "t")
    firefox.wait("return document.getElementById('cut-range').checkVisibility()")
    shown = "return ['cut-range', 'cut-value'].map(id => document.getElementById(id))"
    shown += ".map(node => (node.value ? Number(node.value) : node.textContent))"
    before = firefox.ask(shown)
    firefox.press("#cut-range", "\ue014" * 40)  # the right arrow
    firefox.wait("return document.getElementById('cut-value').textContent !== arguments[0]", before[1])
    assert firefox.ask(shown)[0] > before[0]
    assert firefox.ask("return document.getElementById('thousand').textContent").startswith(
        "Of 1,000 patients"
    )

    # export: the picture and the report arrive as files
    saved = tmp_path / "saved"
    firefox.click("#download-overlay")
    firefox.wait("return document.getElementById('download-note').textContent.startsWith('Saved')")
    firefox.click("#download-report")
    eventually(lambda: len([one for one in saved.glob("*.p??") if one.stat().st_size]) == 2, "two files")
    kinds = sorted(one.read_bytes()[:4] for one in saved.glob("*.p??"))
    assert kinds == [b"%PDF", b"\x89PNG"]
