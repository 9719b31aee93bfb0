"""The pages as a site: what they link to is there, and nothing else comes along."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cxr_dash.settings import ROOT
from releases.site import stage


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "[tour](docs/tour.md#start) [code](app.py) [out](https://example.org)\n"
    )
    (tmp_path / "docs" / "tour.md").write_text('# Start\n<img src="film.png">\n```\n[no](link)\n```\n')
    for name in ("app.py", "docs/film.png", "secret.txt"):
        (tmp_path / name).touch()
    return tmp_path


def test_pages_and_what_they_link_to_are_staged_in_the_same_places(checkout: Path) -> None:
    old = checkout / "site" / "of-yesterday.md"
    old.parent.mkdir()
    old.touch()
    stage(checkout, checkout / "site")
    staged = {str(path.relative_to(checkout / "site")) for path in (checkout / "site").rglob("*.*")}
    assert staged == {"README.md", "docs/tour.md", "docs/film.png", "app.py"}


@pytest.mark.parametrize("link", ["gone.md", "../../etc/passwd", "docs"])
def test_a_link_that_leads_nowhere_or_out_of_the_checkout_is_named_with_its_page(
    checkout: Path, link: str
) -> None:
    (checkout / "README.md").write_text(f"[here]({link})\n")
    with pytest.raises(RuntimeError, match=rf"README.md has '{link}'"):
        stage(checkout, checkout / "site")


def test_every_page_for_readers_and_admins_has_its_place_in_the_menu() -> None:
    """What is in no menu fails the build in CI; this says so sooner."""
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    menu = yaml.safe_load(lines.replace("!!python/object/apply:pymdownx.slugs.slugify", ""))["nav"]
    named = str(menu)
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in named] == []
