"""What the readers of formats hand on is never changed behind their back, and has no fields but its own."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import pytest

from cxr_dash.imaging import formats

# Counts scans while a file is walked; no other module sees it before that is done.
CHANGES = {"Scans"}
# Arrays have no single answer to whether they are equal.
WITH_ARRAYS = {"StoredLevels", "StoredPicture", "LookupTable", "DicomFile"}


def _values() -> list[type]:
    names = [
        one.name
        for one in pkgutil.walk_packages(formats.__path__, formats.__name__ + ".")
        if not one.name.endswith(".worker")
    ]
    modules = [importlib.import_module(name) for name in names]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
    }
    return sorted(found, key=lambda one: one.__qualname__)


@pytest.mark.parametrize("value", _values(), ids=lambda one: one.__name__)
def test_a_value_is_frozen_slotted_and_compared_by_its_fields(value: type) -> None:
    settings = value.__dataclass_params__  # type: ignore[attr-defined]
    assert settings.frozen is (value.__name__ not in CHANGES)
    assert "__slots__" in vars(value)
    assert settings.eq is (value.__name__ not in WITH_ARRAYS)


def test_all_of_them_are_looked_at() -> None:
    assert {
        "ImageHeader",
        "JpegHeader",
        "Component",
        "Element",
        "Job",
        "TransferSyntax",
        *WITH_ARRAYS,
        *CHANGES,
    } <= {one.__name__ for one in _values()}
