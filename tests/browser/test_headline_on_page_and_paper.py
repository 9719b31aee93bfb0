"""The page and the report call a film the same: both headlines are worked out, and compared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from export_material import analysis_of, bundle_of, film_file
from parts_alone import parts_alone
from playwright.sync_api import Browser, Page

from cxr_dash.language import translator
from cxr_dash.services.report.headline import headline
from cxr_dash.settings import Settings
from cxr_dash.ui.facts import film_answer, model_facts, page_settings

pytestmark = pytest.mark.browser

FILM = film_file()
LABELS = [
    ("normal", "Normal", "Normal"),
    ("finding", "Any finding", "Algún hallazgo"),
    ("infiltration", "Infiltration", "Infiltrado"),
    ("covid", "COVID-19", "COVID-19"),
    ("mass", "Mass", "Masa"),
    ("effusion", "Pleural effusion", "Derrame pleural"),
]
# one film each: probabilities in the labels' order, and the reader's own cuts
FILMS: dict[str, tuple[list[float], dict[str, float]]] = {
    "nothing": ([0.1, 0.3, 0.2, 0.004, 0.0005, 0.49], {}),
    "normal alone": ([0.9, 0.2, 0.2, 0.1, 0.1, 0.0999], {}),
    "summary alone": ([0.2, 0.7, 0.2, 0.1, 0.1, 0.3], {}),
    "one": ([0.2, 0.7, 0.2, 0.1, 0.1, 0.8], {}),
    "two": ([0.2, 0.7, 0.8, 0.1, 0.9, 0.3], {}),
    "three and normal": ([0.6, 0.7, 0.8, 0.55, 0.9, 0.3], {}),
    "all": ([0.9, 0.9, 0.9, 0.8, 0.7, 0.999], {}),
    "exactly at its cut": ([0.2, 0.3, 0.2, 0.1, 0.1, 0.5], {}),
    "by the reader's cuts": ([0.2, 0.3, 0.2, 0.1, 0.6, 0.45], {"effusion": 0.4, "mass": 0.65}),
    "just above its cut": ([0.2, 0.3, 0.2, 0.1, 0.53, 0.57], {}),
    "cuts at the ends": ([0.2, 0.3, 0.2, 0.1, 0.6, 0.45], {"effusion": 1.0, "mass": 0.0}),
}
SAY = """films => {
  window.dash_clientside = { set_props() {} };
  return films.map(({ settings, facts, thresholds, answer }) => {
    cxr.begin(settings);
    cxr.takeModel(facts, false);
    cxr.recallThresholds(facts.id, thresholds);
    return cxr.conclusion.words({ film: answer.film }, answer);
  });
}"""


@pytest.fixture(scope="module")
def scripts(chromium: Browser) -> Iterator[Page]:
    with parts_alone(chromium) as page:
        yield page


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_the_report_says_of_a_film_what_the_page_says(scripts: Page, language: str, activation: str) -> None:
    t, bundle = translator(language), bundle_of(LABELS, activation=activation)
    facts = model_facts(bundle, t)
    # without localised heat, so that the page has no place to add
    flat = [key for key, _, _ in LABELS]
    analyses = {name: analysis_of(FILM, bundle, film, flat=flat) for name, (film, _) in FILMS.items()}
    films = [
        {
            "settings": page_settings(Settings(), t),
            "facts": facts,
            "thresholds": cuts,
            "answer": film_answer("k", bundle.id, analyses[name], t),
        }
        for name, (_, cuts) in FILMS.items()
    ]
    said = scripts.evaluate(SAY, films)
    for (name, (_, cuts)), page in zip(FILMS.items(), said, strict=True):
        paper = headline(analyses[name], cuts, t)
        assert paper[0] == page["headline"], name
        # names stand in the page's rows, and are spoken; it goes on with its cuts and the film's quality
        assert (page.get("names") or page["summary"]).startswith(paper[1]), name
        assert paper[1], name
