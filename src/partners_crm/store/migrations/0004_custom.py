"""The coalition's own fields and their values get their tables; a contact can ask not to be contacted.

A row of an imported file gets room for what an unchanged row is known again by; the rows of before have none.
"""

from __future__ import annotations

from typing import Any

RECORD = '"id" INTEGER NOT NULL PRIMARY KEY, "uid" TEXT NOT NULL, "version" INTEGER NOT NULL'
FIELD = ("applies_to", "key", "label", "kind", "choices", "visibility", "help")
LINKS = {"field_id": "custom_field", "organization_id": "organization", "contact_id": "contact", "site_id": "site"}
UNIQUE = (("custom_field", "uid"), ("custom_field", "key"), ("custom_value", "uid"))


def up(_migrator: Any, db: Any) -> None:
    """To schema 4."""
    db.execute_sql('ALTER TABLE "contact" ADD COLUMN "do_not_contact" INTEGER NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE "source_row" ADD COLUMN "row_hash" BLOB')
    columns = ", ".join(f'"{name}" TEXT NOT NULL' for name in FIELD)
    db.execute_sql(f'CREATE TABLE "custom_field" ({RECORD}, {columns}) STRICT')
    links = ", ".join(f'"{name}" INTEGER{" NOT NULL" if name == "field_id" else ""}' for name in LINKS)
    keys = ", ".join(
        f'FOREIGN KEY ("{name}") REFERENCES "{target}" ("id") DEFERRABLE INITIALLY DEFERRED'
        for name, target in LINKS.items()
    )
    db.execute_sql(f'CREATE TABLE "custom_value" ({RECORD}, {links}, "value" TEXT NOT NULL, {keys}) STRICT')
    for table, column in UNIQUE:
        db.execute_sql(f'CREATE UNIQUE INDEX "{table}_{column}" ON "{table}" ("{column}")')
    for name in LINKS:
        db.execute_sql(f'CREATE INDEX "custom_value_{name}" ON "custom_value" ("{name}")')
