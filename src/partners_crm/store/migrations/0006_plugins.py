"""The record types of plugins, and the postures of associations and agencies, get their tables."""

from __future__ import annotations

from typing import Any

RECORD = '"id" INTEGER NOT NULL PRIMARY KEY, "uid" TEXT NOT NULL, "version" INTEGER NOT NULL'
TYPE = ("name", "plugin", "declaration", "retired_on")
POSTURE = ("level", "since", "evidence", "reasons", "recorded_on")
OWNER = 'FOREIGN KEY ("organization_id") REFERENCES "organization" ("id") DEFERRABLE INITIALLY DEFERRED'
UNIQUE = (("installed_type", "uid"), ("installed_type", "name"), ("posture", "uid"))


def up(_migrator: Any, db: Any) -> None:
    """To schema 6."""
    columns = ", ".join(f'"{name}" TEXT NOT NULL' for name in TYPE)
    db.execute_sql(f'CREATE TABLE "installed_type" ({RECORD}, {columns}) STRICT')
    columns = ", ".join(f'"{name}" TEXT NOT NULL' for name in POSTURE)
    db.execute_sql(f'CREATE TABLE "posture" ({RECORD}, "organization_id" INTEGER NOT NULL, {columns}, {OWNER}) STRICT')
    for table, column in UNIQUE:
        db.execute_sql(f'CREATE UNIQUE INDEX "{table}_{column}" ON "{table}" ("{column}")')
    db.execute_sql('CREATE INDEX "posture_organization_id" ON "posture" ("organization_id")')
