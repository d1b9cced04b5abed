"""Saved searches and the pairs that are no duplicates get their tables."""

from __future__ import annotations

from typing import Any

RECORD = '"id" INTEGER NOT NULL PRIMARY KEY, "uid" TEXT NOT NULL, "version" INTEGER NOT NULL'
SEARCH = ("name", "applies_to", "query", "sort", "note")
LINKS = {
    "organization_id": "organization",
    "other_organization_id": "organization",
    "contact_id": "contact",
    "other_contact_id": "contact",
}
UNIQUE = (("saved_search", "uid"), ("saved_search", "name"), ("distinct_pair", "uid"))


def up(_migrator: Any, db: Any) -> None:
    """To schema 5."""
    columns = ", ".join(f'"{name}" TEXT NOT NULL' for name in SEARCH)
    db.execute_sql(f'CREATE TABLE "saved_search" ({RECORD}, {columns}) STRICT')
    links = ", ".join(f'"{name}" INTEGER' for name in LINKS)
    keys = ", ".join(
        f'FOREIGN KEY ("{name}") REFERENCES "{target}" ("id") DEFERRABLE INITIALLY DEFERRED'
        for name, target in LINKS.items()
    )
    db.execute_sql(f'CREATE TABLE "distinct_pair" ({RECORD}, {links}, "reason" TEXT NOT NULL, {keys}) STRICT')
    for table, column in UNIQUE:
        db.execute_sql(f'CREATE UNIQUE INDEX "{table}_{column}" ON "{table}" ("{column}")')
    for name in LINKS:
        db.execute_sql(f'CREATE INDEX "distinct_pair_{name}" ON "distinct_pair" ("{name}")')
