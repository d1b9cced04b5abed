"""The core's entities whose text is in the search index, in its order."""

from __future__ import annotations

from partners_crm.model import ENTITIES, Table

SEARCHED: tuple[type[Table], ...] = tuple(table for table in ENTITIES if table.entity.searched)
