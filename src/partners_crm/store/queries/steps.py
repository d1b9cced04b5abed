"""Which entities a query reaches from another one, derived from the links that are declared.

A step has a name: the link itself (`organization` of a site), the entity that links here (`site` of an organization),
or, over an entity that ties two others, the link at its other end (`silo` of an organization, by its silo shares).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from partners_crm.model import ENTITIES, Assignment, Membership, Table
from partners_crm.normalize.dates import UNKNOWN


@dataclass(frozen=True, slots=True)
class Hop:
    """One link that is followed."""

    table: type[Table]
    """The entity that declares the link."""
    link: str
    is_back: bool
    """Whether it leads from the record that is linked to, to those that link to it."""

    @property
    def target(self) -> type[Table]:
        """The entity it leads to."""
        return self.table if self.is_back else self.table.links()[self.link]


@dataclass(frozen=True, slots=True)
class Step:
    """A relation of an entity, by the name it has in queries."""

    name: str
    hops: tuple[Hop, ...]

    @property
    def target(self) -> type[Table]:
        """The entity it leads to."""
        return self.hops[-1].target

    @property
    def plural(self) -> str:
        """The name of how many there are; "" for a link, of which there is one at most."""
        first = self.hops[0]
        if not first.is_back:
            return ""
        if len(self.hops) == 1:
            entity = first.table.entity
            return self.name.replace(entity.name, entity.plural, 1)
        return f"{self.name}s"


Entities = tuple[type[Table], ...]


@cache
def steps(table: type[Table], entities: Entities = ENTITIES) -> dict[str, Step]:
    """Every relation of an entity among these, by name.

    A link wins over an entity that links here, and that over a tie; what the core declares wins over a plugin.
    """
    found = {name: Step(name, (Hop(table, name, False),)) for name in table.links()}
    if entities is not ENTITIES:
        found |= steps(table)
        entities = entities[len(ENTITIES) :]
    for other in entities:
        for link in _links_to(other, table):
            name = other.entity.name if link == _usual(other, table) else f"{other.entity.name}_by_{link}"
            found.setdefault(name, Step(name, (Hop(other, link, True),)))
    for name, hops in [*_ties(table, entities, both_required=True), *_ties(table, entities, both_required=False)]:
        found.setdefault(name, Step(name, hops))
    return found


def _links_to(other: type[Table], table: type[Table]) -> list[str]:
    return [name for name, target in other.links().items() if target is table]


def _usual(other: type[Table], table: type[Table]) -> str:
    """The link of another entity that says whose it is; "" where none does, as between records of one entity."""
    names = [] if other is table else _links_to(other, table)
    return table.entity.name if table.entity.name in names else names[0] if len(names) == 1 else ""


def _ties(table: type[Table], entities: Entities, *, both_required: bool) -> list[tuple[str, tuple[Hop, Hop]]]:
    """What other entities tie the records of an entity to; one end at least must never be empty."""
    found = []
    for other in entities:
        near = _usual(other, table)
        how = other.declarations()
        for far, target in other.links().items() if near else ():
            needed = (how[near].required, how[far].required)
            if far != near and target is not other and (all(needed) if both_required else any(needed)):
                found.append((far, (Hop(other, near, True), Hop(other, far, False))))
    return found


def lasting(table: type[Table], as_of: str, today: date, source: Any = None) -> Any:
    """The condition that a relation holds; None for one that is not dated.

    `as_of` is a partial date, on some day of which it holds, "ever", or "" for today; `source` is the entity as it
    stands in the query, where that is an alias.
    """
    source = table if source is None else source
    if as_of == "ever":
        return None
    if table is Assignment:
        return source.replaced_at == ""
    if not is_dated(table):
        return None
    first = as_of or today.isoformat()
    not_over = (source.until == "") | (source.until.concat("~") >= first)
    if table is Membership and not as_of:
        # That it lapsed, was closed or never began is how a membership stands today.
        return not_over | (source.status != "active")
    begun = source.since.in_(["", UNKNOWN]) | (source.since <= f"{first}~")
    return not_over & begun


def is_dated(table: type[Table]) -> bool:
    """Whether the records of an entity hold for a time."""
    return {"since", "until"} <= table.declarations().keys()
