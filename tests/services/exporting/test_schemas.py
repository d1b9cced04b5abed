"""The JSON Schemas of the reference: what is exported is what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.services.exporting.schemas import line_schemas
from partners_crm.services.exporting.whole import ENTITIES_EXPORTED, exported

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "null": (type(None),),
}


def faults(schema: dict[str, Any], value: Any, where: str = "") -> list[str]:
    """What of a value does not fit a schema, by the words that ours use."""
    known = {
        "type",
        "const",
        "enum",
        "minLength",
        "minimum",
        "pattern",
        "properties",
        "required",
        "additionalProperties",
    }
    assert schema.keys() <= known
    found = []
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if type(value) not in {kind for name in names for kind in TYPES[name]}:
            return [f"{where}: {value!r} is no {names}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r}")
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        found.append(f"{where}: empty")
    if isinstance(value, int) and value < schema.get("minimum", value):
        found.append(f"{where}: {value}")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{where}: {value!r}")
    if isinstance(value, dict):
        found += [f"{where}: lacks {name}" for name in schema.get("required", ()) if name not in value]
        for name, each in value.items():
            inner = schema["properties"].get(name)
            inner = inner or schema["additionalProperties"] or None
            found += [f"{where}: has {name}"] if inner is None else faults(inner, each, f"{where}.{name}")
    return found


def test_every_line_fits_its_schema(full: Crm, tmp_path: Path) -> None:
    full.export_all(tmp_path / "all.jsonl", include_private=True)
    head, *lines = map(json.loads, (tmp_path / "all.jsonl").read_bytes().splitlines())
    assert list(line_schemas()["$defs"]) == ["head", *(table.entity.name for table in ENTITIES_EXPORTED)]
    kinds = line_schemas(exported(full.db, include_private=True))["$defs"]
    assert faults(kinds["head"], head) == []
    for line in lines:
        assert faults(kinds[line["entity"]], line, line["entity"]) == []


@pytest.mark.parametrize(
    "values", [{"name": ""}, {"kind": "club"}, {"archived_on": "7/14"}, {"parent": 3}, {"size": 1}, {"uid": ""}]
)
def test_what_the_loader_rejects_fits_no_schema(full: Crm, tmp_path: Path, values: dict[str, Any]) -> None:
    full.export_all(tmp_path / "all.jsonl")
    lines = map(json.loads, (tmp_path / "all.jsonl").read_bytes().splitlines()[1:])
    line = next(line for line in lines if line["entity"] == "organization")
    assert faults(line_schemas()["$defs"]["organization"], {**line, **values})
