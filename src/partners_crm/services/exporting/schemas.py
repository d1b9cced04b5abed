"""JSON Schemas of the lines that an export of everything holds, made from the declarations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partners_crm.model import Declared, Table
from partners_crm.services.exporting.whole import ENTITIES_EXPORTED

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "note": {"type": "string"},
    "data": {"type": "string"},
    "day": {"type": "string", "pattern": r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"},
    "whole": {"type": ["integer", "null"]},
    "decimal": {"type": ["number", "null"]},
    "flag": {"type": "boolean"},
}


def schema_of(table: type[Table]) -> dict[str, Any]:
    """What a line of an entity is: an object of its fields; links are the uids of their targets."""
    declared = table.declarations()
    return {
        "type": "object",
        "properties": {
            "entity": {"const": table.entity.name},
            "uid": {"type": "string", "minLength": 1},
            **{name: _of(how) for name, how in declared.items()},
        },
        "required": ["entity", "uid", *(name for name, how in declared.items() if how.required)],
        "additionalProperties": False,
    }


def head_schema() -> dict[str, Any]:
    """What the first line is; the record types of plugins are counted in it too."""
    count = {"type": "integer", "minimum": 0}
    counts = {table.entity.plural: dict(count) for table in ENTITIES_EXPORTED}
    return {
        "type": "object",
        "properties": {
            "partners_crm": {"const": "export"},
            "schema_version": {"const": 1},
            "entities": {"type": "object", "properties": counts, "additionalProperties": count},
            "private": {"type": "boolean"},
            "history": {"type": "boolean"},
        },
        "required": ["partners_crm", "schema_version", "entities", "private", "history"],
        "additionalProperties": False,
    }


def line_schemas(tables: Sequence[type[Table]] = ENTITIES_EXPORTED) -> dict[str, Any]:
    """Every kind of line by name: the head, then each entity in the order of the file; those of the core by default."""
    return {
        "$schema": DIALECT,
        "$defs": {"head": head_schema(), **{table.entity.name: schema_of(table) for table in tables}},
    }


def _of(how: Declared) -> dict[str, Any]:
    if how.kind == "choice":
        codes = [code for code, _ in how.choices]
        return {"enum": codes if how.required else ["", *codes]}
    if how.kind == "link":
        return {"type": "string", "minLength": 1} if how.required else {"type": ["string", "null"]}
    found = _TYPES[how.kind]
    return {**found, "minLength": 1} if how.required and found["type"] == "string" else dict(found)
