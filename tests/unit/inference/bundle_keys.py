"""Keys and limits of ``bundle.json`` as they were published, kept in ``bundle_keys.json``: a line a key.

Bundles are made and read by different versions: a key that goes, or a limit that moves, refuses bundles that
were good. After a change that is meant (``SCHEMA_VERSION`` says when it needs a new version),
``PYTHONPATH=.:tests .venv/bin/python tests/unit/inference/bundle_keys.py`` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from cxr_dash.inference.schema import BundleSpec
from cxr_dash.inference.schema_segmenter import SegmenterSpec

KEPT = Path(__file__).with_suffix(".json")


class _WithTexts(GenerateJsonSchema):
    """Texts by language are read by a function, which JSON Schema cannot say."""

    def handle_invalid_for_json_schema(self, *_: Any, **_named: Any) -> JsonSchemaValue:
        return {"type": "text by language"}


def _said(schema: Any) -> Any:
    """A schema without what is for people: titles and descriptions."""
    if isinstance(schema, list):
        return [_said(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _said(one) for name, one in schema.items() if name not in ("title", "description")}


def as_published() -> dict[str, Any]:
    """By ``Model.key`` what is taken; by ``Model`` what has to be there, and whether more may be."""
    found: dict[str, Any] = {}
    for root in (BundleSpec, SegmenterSpec):
        whole = root.model_json_schema(schema_generator=_WithTexts)
        for model, table in (whole.pop("$defs") | {root.__name__: whole}).items():
            required = sorted(table.get("required", ()))
            found[model] = {"required": required, "more": table.get("additionalProperties", True)}
            found |= {f"{model}.{key}": _said(entry) for key, entry in table["properties"].items()}
    return found


def write() -> None:
    """Keep what is published now."""
    lines = (
        f"{json.dumps(key)}: {json.dumps(entry, sort_keys=True)}" for key, entry in as_published().items()
    )
    KEPT.write_text("{\n" + ",\n".join(sorted(lines)) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
