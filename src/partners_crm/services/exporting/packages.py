"""The datapackage.json beside files of rows: what each holds, column by column (Frictionless tabular data package).

A folder has one package; an export adds its file to it, or brings what is said of it up to date, and leaves the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from partners_crm.errors import FileRefused
from partners_crm.services.exporting.fields import SEPARATOR, Field

NAME = "datapackage.json"
_TYPES = {"whole": "integer", "decimal": "number", "flag": "boolean"}
_DAY = r"^\d{4}(-\d{2}(-\d{2})?)?$"
NEUTRALISED = "An apostrophe stands before text that a spreadsheet would compute; taking one away restores it."


def read_package(folder: Path) -> dict[str, Any]:
    """The package of a folder, empty where there is none.

    Raises:
        FileRefused: what is called so is no data package.
    """
    path = folder / NAME
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {"profile": "tabular-data-package", "resources": []}
    except (OSError, ValueError, RecursionError):
        found = None
    resources = found.get("resources") if isinstance(found, dict) else None
    if not isinstance(resources, list) or not all(isinstance(each, dict) for each in resources):
        raise FileRefused(f"{path}: is no data package", "move it away, or export to another folder")
    return dict(found)


def with_resource(package: dict[str, Any], resource: dict[str, Any]) -> bytes:
    """A package with a file in it, in place of what was said of that file before; resources by name."""
    others = [each for each in package["resources"] if each.get("path") != resource["path"]]
    taken = {each.get("name") for each in others}
    name, number = resource["name"], 2
    while resource["name"] in taken:
        resource["name"], number = f"{name}-{number}", number + 1
    resources = sorted([*others, resource], key=lambda each: str(each.get("name")))
    return (json.dumps({**package, "resources": resources}, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def resource_of(
    path: Path,
    fields: Sequence[Field],
    *,
    title: str,
    means: str,
    described: Mapping[str, Any],
    rows: int,
    size: int,
    sha256: str,
) -> dict[str, Any]:
    """What is said of a file of rows; `described` is what its writer says of the format."""
    return {
        **described,
        "name": re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "records",
        "path": path.name,
        "profile": "tabular-data-resource",
        "title": title,
        "description": f"{means} {NEUTRALISED}",
        "bytes": size,
        "hash": f"sha256:{sha256}",
        "rows": rows,
        "schema": {
            "fields": [_described(field) for field in fields],
            "missingValues": [""],
            **({"primaryKey": "uid"} if any(field.name == "uid" for field in fields) else {}),
        },
    }


def _described(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {"name": field.heading, "type": _TYPES.get(field.kind, "string"), "title": field.label}
    if field.about:
        found["description"] = field.about
    if field.kind == "flag":
        found |= {"trueValues": ["yes"], "falseValues": ["no"]}
    elif field.kind == "day":
        found["constraints"] = {"pattern": _DAY}
        found["description"] = " ".join(filter(None, (field.about, "A year, a month or a day.")))
    elif field.kind == "choice":
        found["constraints"] = {"enum": list(field.codes)}
    elif field.kind == "many":
        found["description"] = " ".join(filter(None, (field.about, f"Several are separated by {SEPARATOR.strip()}")))
    return found
