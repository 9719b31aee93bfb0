"""``new`` writes a recipe that can be read, under a name of its own, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from training.cli import app
from training.recipe import load_recipe


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("NORMAL", "COVID"):
        (tmp_path / "films" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "films"


def new(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["new", *(str(one) for one in arguments)])
    return done.exit_code, done.output


def test_the_name_of_a_shipped_recipe_is_refused(films):
    code, said = new("covid", "--from", films)
    assert code == 2
    assert "of a recipe that is here already" in said
    assert not Path("covid.toml").exists()


def test_a_recipe_that_cannot_be_read_is_not_left_behind(films):
    code, said = new("ward", "--from", films, "--labels", "NORMAL,COVID:a1=A\\b/B", "--data", 'x"\nid = 3\n#')
    assert code == 2, said
    assert not Path("ward.toml").exists()
    assert new("ward", "--from", films, "--out", "ward.txt")[0] == 2
    assert not Path("ward.txt").exists()


def test_a_recipe_is_written_where_it_is_wanted(films):
    assert new("ward", "--from", films, "--out", "recipes/ward.toml")[0] == 0
    assert load_recipe("recipes/ward.toml").data.labels == ["covid", "normal"]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Lung abscess/Absceso pulmonar", {"en": "Lung abscess", "es": "Absceso pulmonar"}),
        ("Lung abscess", {"en": "Lung abscess"}),
        ("Lung abscess/pl:Ropień płuca", {"en": "Lung abscess", "pl": "Ropień płuca"}),
        (
            "es:Absceso / en:Abscess / pt-BR:Abscesso",
            {"en": "Abscess", "es": "Absceso", "pt-BR": "Abscesso"},
        ),
        (None, {"en": "Abscess"}),
    ],
)
def test_a_new_label_is_named_in_the_readers_languages(films, written, names):
    (films / "ABSCESS").mkdir()
    label = "ABSCESS" if written is None else f"ABSCESS={written}"
    code, said = new("ward", "--from", films, "--labels", f"NORMAL,{label}")
    assert code == 0, said
    assert load_recipe("ward.toml").labels["abscess"].by_language == names
    assert all(name in said for name in names.values())


def test_a_known_label_keeps_its_names(films):
    code, said = new("ward", "--from", films, "--labels", "NORMAL=Healthy/Sano,COVID")
    assert code == 2
    assert "normal is known here" in " ".join(said.split())
    assert not Path("ward.toml").exists()


@pytest.mark.parametrize(
    "written", ["Lung/Pulmón/Płuco", "A/en:B", "es:Absceso", "Abscess/xx:Y", "Abscess/es:", "Mass: large"]
)
def test_names_that_cannot_be_read_are_refused_with_how_to_write_them(films, written):
    (films / "ABSCESS").mkdir()
    code, said = new("ward", "--from", films, "--labels", f"NORMAL,ABSCESS={written}")
    assert code == 2
    assert "English/es:Spanish/pl:Polish" in " ".join(said.split()) or "once in a language" in said
    assert not Path("ward.toml").exists()
