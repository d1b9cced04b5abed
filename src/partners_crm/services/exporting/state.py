"""One state of the coalition for the length of an export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from partners_crm.store.open import Handle, faults


@contextmanager
def one_state(db: Handle) -> Iterator[None]:
    """A block that sees the coalition as it is at its first reading, however much is written meanwhile."""
    connection = db.driver
    with faults(db):
        connection.execute("BEGIN")
        try:
            yield
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
