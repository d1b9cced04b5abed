"""Assignments are facts that are replaced and never deleted; a person's decision has a reason, a term a source.

The borders of installed maps, saved rules and kept coverage answers get their tables. What was placed before stands.
"""

from __future__ import annotations

from typing import Any

ADDED = (("assignment", "reason"), ("assignment", "replaced_at"), ("term", "source"))
RECORD = '"id" INTEGER NOT NULL PRIMARY KEY, "uid" TEXT NOT NULL, "version" INTEGER NOT NULL'
MAP = 'FOREIGN KEY ("map_id") REFERENCES "district_map" ("id") DEFERRABLE INITIALLY DEFERRED'
TABLES = {
    "map_figure": ("map_id", "figures"),
    "rule": ("name", "kind", "terms"),
    "snapshot": ("name", "as_of", "taken_at", "map", "sha256", "terms", "statement", "answer"),
}
UNIQUE = (("map_figure", "uid"), ("rule", "uid"), ("rule", "name"), ("snapshot", "uid"), ("snapshot", "name"))


def up(_migrator: Any, db: Any) -> None:
    """To schema 3."""
    for table, column in ADDED:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" TEXT NOT NULL DEFAULT \'\'')
    for table, columns in TABLES.items():
        parts = [RECORD, *(f'"{name}" {"INTEGER" if name == "map_id" else "TEXT"} NOT NULL' for name in columns)]
        parts += [MAP] if "map_id" in columns else []
        db.execute_sql(f'CREATE TABLE "{table}" ({", ".join(parts)}) STRICT')
    db.execute_sql('CREATE INDEX "map_figure_map_id" ON "map_figure" ("map_id")')
    for table, column in UNIQUE:
        db.execute_sql(f'CREATE UNIQUE INDEX "{table}_{column}" ON "{table}" ("{column}")')
