"""A record of a recipe that was written before an entry was there is read as what the run did."""

from __future__ import annotations

import pytest

from training.recipe import load_any
from training.recipe.earlier import with_entries_since


@pytest.mark.parametrize("name", ["quick", "findings", "lungs"])
@pytest.mark.parametrize(
    ("entry", "default"),
    [("fit.precision", "float32"), ("augment.gamma", 0.2), ("preparation.polarity", "auto"), ("seed", 0)],
)
def test_a_missing_entry_has_its_default_and_not_the_value_of_now(name: str, entry: str, default: object):
    now = load_any(name, {} if entry != "seed" else {"seed": "31"})
    record = {key: value for key, value in now.flat().items() if key != entry}
    assert with_entries_since(record, now) == record | {entry: default}


def test_what_the_record_has_is_left_as_it_is_also_what_recipes_have_no_more() -> None:
    now = load_any("quick")
    record = now.flat() | {"fit.batch_size": 3, "fit.an_earlier_entry": 1}
    assert with_entries_since(record, now) == record


@pytest.mark.parametrize(("name", "entry"), [("quick", "network.name"), ("lungs", "data.lungs.manifest")])
def test_an_entry_without_a_default_stays_missing(name: str, entry: str) -> None:
    now = load_any(name)
    record = {key: value for key, value in now.flat().items() if key != entry}
    assert with_entries_since(record, now) == record
