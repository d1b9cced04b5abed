"""The end of the chain gets a row of its own, and an operation a digest of its source rows.

Operations of before keep their hashes: their source rows stay outside the chain.
"""

from __future__ import annotations

from typing import Any

from partners_crm.model.orm import peewee


def up(migrator: Any, db: Any) -> None:
    """To schema 2."""

    class Ledger(peewee.Model):
        id = peewee.IntegerField(primary_key=True)
        operation = peewee.IntegerField()
        hash = peewee.TextField()
        verified_from = peewee.IntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            strict_tables = True

    migrator.migrate(migrator.add_column("operation", "source_digest", peewee.BlobField(null=True)))
    db.create_tables([Ledger], safe=False)
    db.execute_sql(
        "INSERT INTO ledger (id, operation, hash, verified_from)"
        " SELECT 1, id, hash, 1 FROM operation ORDER BY id DESC LIMIT 1"
    )
