"""The journal: what was done, by whom, when and from what source, and every value before and after.

An Operation is one unit of work. A Change is one record it touched. The values lie apart in ChangeValues, and the
Change holds only salted digests of them: a person can be erased from the values while the chain of digests still
verifies. SourceRow keeps each row of an imported file as it came. The Ledger, one row, holds the end of the chain.

The journal is append-only, but for the Ledger. Its rows have no version, and only an Operation has a uid: a Change is
known by its operation and its place in it.
"""

from __future__ import annotations

from partners_crm.model.orm import peewee

ACTIONS = ("insert", "update", "delete")


class JournalTable(peewee.Model):
    """An unbound table of the journal."""

    class Meta:
        """As for entities: strict columns, no database."""

        legacy_table_names = False
        strict_tables = True


class Operation(JournalTable):
    """One unit of work: everything in it happened, or none of it."""

    id = peewee.IntegerField(primary_key=True)
    uid = peewee.TextField(unique=True)
    at = peewee.TextField()
    """UTC, ISO 8601 with microseconds."""
    actor = peewee.TextField()
    title = peewee.TextField()
    """What was done, in words: "import members.xlsx"."""
    source = peewee.TextField(default="")
    """Name of the file it came from, if any."""
    source_sha256 = peewee.TextField(default="")
    plugin = peewee.TextField(default="")
    undoes: peewee.IntegerField[int | None] = peewee.IntegerField(null=True, index=True)
    """The operation this one took back, if any."""
    changes = peewee.IntegerField()
    """How many records it touched."""
    previous = peewee.TextField()
    """Hash of the operation before, "" for the first."""
    hash = peewee.TextField()
    """SHA-256 over the other fields and the digests of its changes, in hexadecimal."""
    source_digest: peewee.BlobField[bytes | None] = peewee.BlobField(null=True)
    """SHA-256 over its source rows; NULL when it keeps none."""


class Change(JournalTable):
    """One record touched by an operation; its values lie in ChangeValues under the same id."""

    id = peewee.IntegerField(primary_key=True)
    operation = peewee.IntegerField(index=True)
    entity = peewee.TextField()
    record = peewee.IntegerField()
    action = peewee.TextField()
    before_digest: peewee.BlobField[bytes | None] = peewee.BlobField(null=True)
    after_digest: peewee.BlobField[bytes | None] = peewee.BlobField(null=True)

    class Meta:
        """The history of a record is read by entity and record."""

        indexes = ((("entity", "record"), False),)


class ChangeValues(JournalTable):
    """The values of a Change: JSON objects of field and value; only the touched fields of an update."""

    id = peewee.IntegerField(primary_key=True)
    salt: peewee.BlobField[bytes] = peewee.BlobField()
    before: peewee.TextField[str | None] = peewee.TextField(null=True)
    after: peewee.TextField[str | None] = peewee.TextField(null=True)


class SourceRow(JournalTable):
    """One row of an imported file, cell by cell as it came, and what became of it."""

    id = peewee.AutoField()
    operation = peewee.IntegerField(index=True)
    line = peewee.IntegerField()
    """Line of the file on which the row starts; the first line of the file is 1. Of a merge the id of what went."""
    outcome = peewee.TextField()
    """added, merged or rejected; folded of a record that went into another one in a merge (see store/merges)."""
    reason = peewee.TextField(default="")
    entity = peewee.TextField(default="")
    record: peewee.IntegerField[int | None] = peewee.IntegerField(null=True)
    cells = peewee.TextField()
    """JSON object of header and raw cell."""
    row_hash: peewee.BlobField[bytes | None] = peewee.BlobField(null=True)
    """SHA-256 (first 16 bytes) of what the row said and how it was read; by it an unchanged row is known again."""


class Ledger(JournalTable):
    """The end of the chain, in the one row with id 1: an operation that was cut off is missed."""

    id = peewee.IntegerField(primary_key=True)
    operation = peewee.IntegerField()
    """The newest operation; 0 before the first."""
    hash = peewee.TextField()
    """Its hash; "" before the first."""
    verified_from = peewee.IntegerField()
    """The operation with which the chain begins: 1, or the one that recovered the coalition from a damaged file."""


JOURNAL = (Operation, Change, ChangeValues, SourceRow, Ledger)
