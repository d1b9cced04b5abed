"""What an import adds that looks like what is known: said of its row, so that it is looked at before it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from partners_crm.model import Organization, Table
from partners_crm.services.rows import Problem
from partners_crm.store.open import Handle
from partners_crm.store.read import count

MOST = 20_000
"""Records of one kind up to which all pairs are looked at with every import; see also: partners duplicates list."""
_SAID = 50
"""Pairs of one kind that are said."""


def doubles(db: Handle, table: type[Table], lines: Mapping[int, int]) -> Iterator[Problem]:
    """A remark for each new record that may be one with another; `lines` are those of the new ones, by id."""
    from partners_crm.services.duplicates import possible_duplicates  # most imports add nobody

    if not lines or count(db, table.select()) > MOST:
        return
    column = "Organization" if table is Organization else "Contact"
    for pair in possible_duplicates(db, table, lines.keys(), _SAID).pairs:
        new, old, title, other = pair.second, pair.first, pair.second_title, pair.first_title
        if new not in lines:
            new, old, title, other = old, new, other, title
        reason = f"may be {table.entity.name} {old} {other}: {pair.why}"
        yield Problem(lines[new], column, title, reason, "partners duplicates list", serious=True)
